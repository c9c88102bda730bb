"""Skatteetaten's aksjonærregisteroppgave (RF-1086) in three steps, and the documents behind transmissions.

https://skatteetaten.github.io/api-dokumentasjon/api/innrapportering-aksjonaerregisteroppgave
Main form and sub-forms have an idempotency key: the same key and body is handled once. The confirmation has none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import Message
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx

from portal.gateways.decoding import decode, uuid_text
from portal.gateways.errors import Refused
from portal.gateways.http import Channel, Reply

ANY_TYPE = {"Accept": "application/xml, application/json;q=0.9, application/pdf, text/csv, */*;q=0.1"}
FORMS_A_PAGE = 50
PORTS = {"https": 443, "http": 80}
Origin = tuple[str, str, int | None]
"""Scheme, host and port."""


@dataclass(frozen=True)
class Receipt:
    """Skatteetaten has received the report; the verdict is unknown. Ids of the dialog and its transmission."""

    dialog_id: str
    transmission_id: str
    reference: str

    def as_json(self) -> dict[str, Any]:
        return {
            "dialogId": self.dialog_id,
            "forsendelseId": self.transmission_id,
            "oppgavegiversLeveranseReferanse": self.reference,
        }


@dataclass(frozen=True)
class Fetched:
    """A document's bytes with the type and name the remote gave ("" when it gave none)."""

    content: bytes = field(repr=False)
    media_type: str
    filename: str


class ForeignAddress(Refused):
    """An attachment points to a host that is not Skatteetaten's; a token is never sent there."""


class Skatteetaten:
    """One service below `base_url`. `hosts` are those a token may be sent to for documents (`*.` begins a wildcard)."""

    def __init__(self, *, base_url: str, hosts: Sequence[str] = ()) -> None:
        self._channel = Channel(service="skatteetaten", base_url=base_url)
        scheme = httpx.URL(base_url).scheme
        self._origins = [_origin(base_url), *(_origin(f"{scheme}://{host}") for host in hosts)]

    def send_main(self, *, token: str, year: int, xml: bytes, key: UUID) -> str:
        """The main form's id. Safe to repeat with the same key and body."""
        reply = self._post_xml(f"/{year}/1086H", token, xml, key)
        return decode(reply.where, lambda: _main_id(reply.json()))

    def send_part(self, *, token: str, year: int, main_id: str, xml: bytes, key: UUID) -> None:
        """One shareholder's form. Safe to repeat with the same key and body."""
        self._post_xml(f"/{year}/{_id(main_id)}/1086U", token, xml, key)

    def confirm(self, *, token: str, year: int, main_id: str, parts: int) -> Receipt:
        """Confirm the delivery. Not idempotent: a second call is refused with GLD_1029 and no ids."""
        params = {"antall_underskjema": str(parts)}
        reply = self._channel.call("POST", f"/{year}/{_id(main_id)}/bekreft", token=token, params=params)
        return decode(reply.where, lambda: _receipt(reply.json()))

    def submitted_forms(self, *, token: str, year: int, transmission_id: str, page: int = 0) -> list[str]:
        """The forms as they were received, main form first on page 0; feedback is not among them."""
        params = {"page": str(page), "size": str(FORMS_A_PAGE)}
        path = f"/{year}/forsendelser/{_id(transmission_id)}/dokumenter"
        reply = self._channel.call("GET", path, token=token, params=params)
        return decode(reply.where, lambda: list(map(str, reply.json()["dokumenter"])))

    def document(self, *, token: str, year: int, transmission_id: str, document_id: str) -> Fetched:
        """One document of the transmission that owns it."""
        path = f"/{year}/forsendelser/{_id(transmission_id)}/dokumenter/{_id(document_id)}"
        return _fetched(self._channel.call("GET", path, token=token, headers=ANY_TYPE))

    def document_at(self, url: str, *, token: str) -> Fetched:
        """The document at an attachment's Api address. Raises ForeignAddress, before any call, for an unknown host."""
        target = _origin(url)
        if not any(_covers(origin, target) for origin in self._origins):
            message = f"skatteetaten: {target[1] or 'an unreadable address'} is not one of its hosts"
            raise ForeignAddress(message, status=0, code="FOREIGN_ADDRESS")
        return _fetched(self._channel.call("GET", str(httpx.URL(url)), token=token, headers=ANY_TYPE))

    def _post_xml(self, path: str, token: str, xml: bytes, key: UUID) -> Reply:
        headers = {"Content-Type": "application/xml", "idempotencyKey": str(key)}
        return self._channel.call("POST", path, token=token, content=xml, headers=headers)


def _origin(url: str) -> Origin:
    """The origin of `url`, by the parser that makes the call; no host when it is invalid or has a user name."""
    try:
        there = httpx.URL(url)
    except httpx.InvalidURL:
        return "", "", None
    is_plain = re.fullmatch(r"(\*\.)?[a-z0-9.-]+", there.host) and not there.userinfo
    return there.scheme, there.host if is_plain else "", there.port or PORTS.get(there.scheme)


def _covers(origin: Origin, target: Origin) -> bool:
    (scheme, host, port), (_scheme, name, _port) = origin, target
    is_host = name == host or (host.startswith("*.") and name.endswith(host[1:]))
    return bool(name) and is_host and (scheme, port) == (_scheme, _port)


def _id(value: str) -> str:
    """Quoted as one path segment. Raises ValueError for "", "." and ".."."""
    if value.strip(".") == "":
        raise ValueError("an id is missing")
    return quote(value, safe="")


def _main_id(payload: dict[str, Any]) -> str:
    """The page spells it hovedskjemaid, the interface hovedskjemaId."""
    main_id = payload.get("hovedskjemaId") or payload["hovedskjemaid"]
    if not isinstance(main_id, str | int) or not str(main_id).strip("."):
        raise ValueError("no id of a main form")
    return str(main_id)


def _receipt(payload: dict[str, Any]) -> Receipt:
    transmission = payload.get("forsendelseId") or payload["dialogelementId"]  # its name on older pages
    reference = str(payload.get("oppgavegiversLeveranseReferanse") or "")
    return Receipt(uuid_text(payload["dialogId"]), uuid_text(transmission), reference)


def _fetched(reply: Reply) -> Fetched:
    message = Message()
    message["Content-Disposition"] = reply.headers.get("content-disposition", "")
    name = re.split(r"[/\\]", message.get_filename(""))[-1]
    return Fetched(reply.content, reply.media_type or "application/octet-stream", name)
