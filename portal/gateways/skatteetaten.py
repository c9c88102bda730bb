"""Skatteetaten's aksjonærregisteroppgave (RF-1086) in three steps, and the documents behind transmissions.

https://skatteetaten.github.io/api-dokumentasjon/api/innrapportering-aksjonaerregisteroppgave
Main form and sub-forms carry an idempotency key: the same key and body is handled once. The confirmation has none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from portal.gateways.errors import Refused
from portal.gateways.http import Door, Reply
from portal.gateways.reading import reading

ANY_TYPE = {"Accept": "application/xml, application/json;q=0.9, application/pdf, text/csv, */*;q=0.1"}
_FILENAME = re.compile(r'filename="?([^";]+)"?')
FORMS_A_PAGE = 50


@dataclass(frozen=True)
class Receipt:
    """The report is in Skatteetaten's hands, verdict unknown. Ids lead to the dialog and its transmission."""

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

    content: bytes
    media_type: str
    filename: str


class ForeignAddress(Refused):
    """An attachment points to a host that is not Skatteetaten's; a token is never sent there."""


class Skatteetaten:
    """One service below `base_url`. `hosts` are those a token may be sent to for documents (`*.` begins a wildcard)."""

    def __init__(self, *, base_url: str, hosts: Sequence[str] = ()) -> None:
        self._door = Door(service="skatteetaten", base_url=base_url)
        self._hosts = (urlsplit(base_url).netloc, *hosts)
        self._secure = urlsplit(base_url).scheme == "https"

    def send_main(self, *, token: str, year: int, xml: bytes, key: UUID) -> str:
        """The main form's id. Safe to repeat with the same key and body."""
        reply = self._post_xml(f"/{year}/1086H", token, xml, key)
        return reading(reply.where, lambda: _main_id(reply.json()))

    def send_part(self, *, token: str, year: int, main_id: str, xml: bytes, key: UUID) -> None:
        """One shareholder's form. Safe to repeat with the same key and body."""
        self._post_xml(f"/{year}/{main_id}/1086U", token, xml, key)

    def confirm(self, *, token: str, year: int, main_id: str, parts: int) -> Receipt:
        """Hand it over. Not idempotent: a second time is refused with GLD_1029 and no ids."""
        params = {"antall_underskjema": str(parts)}
        reply = self._door.call("POST", f"/{year}/{main_id}/bekreft", token=token, params=params)
        return reading(reply.where, lambda: _receipt(reply.json()))

    def submitted_forms(self, *, token: str, year: int, transmission_id: str, page: int = 0) -> list[str]:
        """The forms as they were received, main form first on page 0; feedback is not among them."""
        params = {"page": str(page), "size": str(FORMS_A_PAGE)}
        reply = self._door.call("GET", f"/{year}/forsendelser/{transmission_id}/dokumenter", token=token, params=params)
        return reading(reply.where, lambda: list(map(str, reply.json()["dokumenter"])))

    def document(self, *, token: str, year: int, transmission_id: str, document_id: str) -> Fetched:
        """One document of the transmission that owns it."""
        path = f"/{year}/forsendelser/{transmission_id}/dokumenter/{document_id}"
        return _fetched(self._door.call("GET", path, token=token, headers=ANY_TYPE))

    def document_at(self, url: str, *, token: str) -> Fetched:
        """What an attachment's Api address leads to. Raises ForeignAddress before anything is sent to a strange host."""
        if not self._is_ours(url):
            raise ForeignAddress(
                f"skatteetaten: {urlsplit(url).netloc} is not one of its hosts", status=0, code="FOREIGN_ADDRESS"
            )
        return _fetched(self._door.call("GET", url, token=token, headers=ANY_TYPE))

    def _is_ours(self, url: str) -> bool:
        there = urlsplit(url)
        if there.scheme != ("https" if self._secure else "http") or there.username or there.password:
            return False
        return any(
            there.netloc == host or (host.startswith("*.") and there.netloc.endswith(host[1:])) for host in self._hosts
        )

    def _post_xml(self, path: str, token: str, xml: bytes, key: UUID) -> Reply:
        headers = {"Content-Type": "application/xml", "idempotencyKey": str(key)}
        return self._door.call("POST", path, token=token, content=xml, headers=headers)


def _main_id(said: dict[str, Any]) -> str:
    """The page spells it hovedskjemaid, the interface hovedskjemaId."""
    return str(said.get("hovedskjemaId") or said["hovedskjemaid"])


def _receipt(said: dict[str, Any]) -> Receipt:
    transmission = said.get("forsendelseId") or said["dialogelementId"]  # its name on older pages
    return Receipt(
        str(UUID(said["dialogId"])), str(UUID(transmission)), str(said.get("oppgavegiversLeveranseReferanse") or "")
    )


def _fetched(reply: Reply) -> Fetched:
    found = _FILENAME.search(reply.headers.get("content-disposition", ""))
    return Fetched(reply.content, reply.media_type or "application/octet-stream", found[1] if found else "")
