"""Skatteetaten's a-melding: one JSON post for one calendar month and one opplysningspliktig. The receipt is in the answer.

https://skatteetaten.github.io/api-dokumentasjon/api/innrapportering-amelding
The page calls the idempotency key a parameter and does not say where it stands; it is sent as a header, as for the other
services with JSON. A call whose key is not seen is refused (AMLD_1028), so a key that was accepted was read, and the call is
safe to repeat. The feedback has a host of its own: its address is in the attachment in Dialogporten, and nowhere else.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from portal.gateways.decoding import decode, uuid_text
from portal.gateways.http import Channel
from portal.gateways.skatteetaten.common import Receipt, path_segment


class Amelding:
    """The service below `base_url`."""

    def __init__(self, *, base_url: str) -> None:
        self._channel = Channel(service="skatteetaten", base_url=base_url)

    def send(self, *, token: str, month: str, orgnr: str, content: bytes, key: UUID) -> Receipt:
        """Deliver the message of a `month` (`2026-03`). Safe to repeat with the same key and content.

        `reference` of the receipt is the message's own meldingsId.
        """
        headers = {"Content-Type": "application/json", "idempotencyKey": str(key)}
        path = f"/innsending/{path_segment(month)}/{path_segment(orgnr)}"
        reply = self._channel.call("POST", path, token=token, content=content, headers=headers)
        return decode(reply.where, lambda: _receipt(reply.json(), reply.content))


def _receipt(payload: dict[str, Any], raw: bytes) -> Receipt:
    """The dialog and the transmission must be there; the meldingsId is known from the file."""
    transmission = payload.get("forsendelseId") or payload["dialogelementId"]  # its name on older pages
    message = payload.get("meldingsId")
    reference = message.strip() if isinstance(message, str) else ""
    return Receipt(uuid_text(payload["dialogId"]), uuid_text(transmission), reference, raw)
