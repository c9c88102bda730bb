"""Skatteetaten's aksjonærregisteroppgave (RF-1086) in three steps.

https://skatteetaten.github.io/api-dokumentasjon/api/innrapportering-aksjonaerregisteroppgave
Main form and sub-forms have an idempotency key: the same key and body is handled once. The confirmation has none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from portal.gateways.decoding import decode, id_text
from portal.gateways.errors import Refused
from portal.gateways.http import Channel, Reply
from portal.gateways.skatteetaten.common import Receipt, decode_receipt, path_segment

FORMS_A_PAGE = 50
NO_SUCH_RESOURCE = "GLD_1023"
"""Also a 404, and says that the address is wrong."""


@dataclass(frozen=True)
class EarlierForm:
    """A form of the year before, as Skatteetaten would begin this year's with. It is not fit to be sent as it is."""

    share_class: str
    namespace: str
    xml: str = field(repr=False)


@dataclass(frozen=True)
class Prefill:
    """One page of the report of the year before. `status` is GODKJENT or AVVIST; `total` counts the forms of all pages."""

    status: str
    total: int
    pages: int
    page: int
    forms: tuple[EarlierForm, ...]


class Rf1086:
    """The service below `base_url`."""

    def __init__(self, *, base_url: str) -> None:
        self._channel = Channel(service="skatteetaten", base_url=base_url)

    def send_main(self, *, token: str, year: int, xml: bytes, key: UUID) -> str:
        """The main form's id. Safe to repeat with the same key and body."""
        reply = self._post_xml(f"/{year}/1086H", token, xml, key)
        return decode(reply.where, lambda: _main_id(reply.json()))

    def send_part(self, *, token: str, year: int, main_id: str, xml: bytes, key: UUID) -> None:
        """One shareholder's form. Safe to repeat with the same key and body."""
        self._post_xml(f"/{year}/{path_segment(main_id)}/1086U", token, xml, key)

    def confirm(self, *, token: str, year: int, main_id: str, parts: int) -> Receipt:
        """Confirm the delivery. Not idempotent: a second call is refused with GLD_1029 and no ids."""
        params = {"antall_underskjema": str(parts)}
        reply = self._channel.call("POST", f"/{year}/{path_segment(main_id)}/bekreft", token=token, params=params)
        return decode(reply.where, lambda: decode_receipt(reply))

    def submitted_forms(self, *, token: str, year: int, transmission_id: str, page: int = 0) -> list[str]:
        """The forms as they were received, main form first on page 0; feedback is not among them."""
        params = {"page": str(page), "size": str(FORMS_A_PAGE)}
        path = f"/{year}/forsendelser/{path_segment(transmission_id)}/dokumenter"
        reply = self._channel.call("GET", path, token=token, params=params)
        return decode(reply.where, lambda: list(map(str, reply.json()["dokumenter"])))

    def prefill(self, *, token: str, year: int, orgnr: str, page: int = 0) -> Prefill | None:
        """The report of the year before `year`; None when Skatteetaten has neither an accepted nor a rejected one."""
        path = f"/prefill/{year}/{path_segment(orgnr)}"
        try:
            reply = self._channel.call("GET", path, token=token, params={"page": str(page)})
        except Refused as error:
            if error.status == 404 and error.code != NO_SUCH_RESOURCE:
                return None
            raise
        return decode(reply.where, lambda: _prefill(reply.json()))

    def _post_xml(self, path: str, token: str, xml: bytes, key: UUID) -> Reply:
        """The file byte for byte, so that its hash is that of what was delivered. No charset: the file itself names its encoding.

        https://www.rfc-editor.org/rfc/rfc7303#section-3
        """
        headers = {"Content-Type": "application/xml", "idempotencyKey": str(key)}
        return self._channel.call("POST", path, token=token, content=xml, headers=headers)


def _main_id(payload: dict[str, Any]) -> str:
    """The page spells it hovedskjemaid, the interface hovedskjemaId."""
    return id_text(payload.get("hovedskjemaId") or payload["hovedskjemaid"])


def _prefill(payload: dict[str, Any]) -> Prefill:
    forms = tuple(_earlier_form(entry) for entry in payload["dokumenter"])
    pages, page = int(payload.get("totalPages", 1)), int(payload.get("currentPage", 0))
    return Prefill(
        str(payload.get("oppgaveStatus") or ""), int(payload.get("totalItems", len(forms))), pages, page, forms
    )


def _earlier_form(entry: dict[str, Any]) -> EarlierForm:
    return EarlierForm(str(entry.get("aksjeklasse") or ""), str(entry.get("namespace") or ""), str(entry["dokument"]))
