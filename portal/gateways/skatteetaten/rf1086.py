"""Skatteetaten's aksjonærregisteroppgave (RF-1086) in three steps.

https://skatteetaten.github.io/api-dokumentasjon/api/innrapportering-aksjonaerregisteroppgave
Main form and sub-forms have an idempotency key: the same key and body is handled once. The confirmation has none.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from portal.gateways.decoding import decode
from portal.gateways.http import Channel, Reply
from portal.gateways.skatteetaten.common import Receipt, decode_receipt, path_segment

FORMS_A_PAGE = 50


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

    def _post_xml(self, path: str, token: str, xml: bytes, key: UUID) -> Reply:
        headers = {"Content-Type": "application/xml", "idempotencyKey": str(key)}
        return self._channel.call("POST", path, token=token, content=xml, headers=headers)


def _main_id(payload: dict[str, Any]) -> str:
    """The page spells it hovedskjemaid, the interface hovedskjemaId."""
    main_id = payload.get("hovedskjemaId") or payload["hovedskjemaid"]
    if not isinstance(main_id, str | int) or not str(main_id).strip("."):
        raise ValueError("no id of a main form")
    return str(main_id)
