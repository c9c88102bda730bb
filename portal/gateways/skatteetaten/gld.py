"""Skatteetaten's services with one JSON post for one party and year. The receipt is in the answer.

https://skatteetaten.github.io/api-dokumentasjon/api/innrapportering-boligsameie and the pages of the other services.
The receipt means received, not accepted: the verdict comes later, as another transmission on the same dialog.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from portal.gateways.decoding import decode, uuid_text
from portal.gateways.http import Channel


@dataclass(frozen=True)
class Received:
    """What Skatteetaten counted in one leveranse. `purpose` is `boligselskapFormaal`; None or "" when not in the answer."""

    reference: str = ""
    purpose: str = ""
    items: int | None = None
    deletions: int | None = None


@dataclass(frozen=True)
class GldReceipt:
    """Ids of the dialog and its transmission, one entry for each leveranse, and the answer as it came."""

    dialog_id: str
    transmission_id: str
    deliveries: tuple[Received, ...]
    raw: bytes = field(repr=False)

    @property
    def reference(self) -> str:
        """The vendor's own references, repeated ones once."""
        return ", ".join(dict.fromkeys(entry.reference for entry in self.deliveries if entry.reference))


class Gld:
    """The service below `base_url`."""

    def __init__(self, *, base_url: str) -> None:
        self._channel = Channel(service="skatteetaten", base_url=base_url)

    def send(self, *, token: str, year: int, content: bytes, key: UUID) -> GldReceipt:
        """Deliver a message. Safe to repeat with the same key and content; another content with the key is GLD_019."""
        headers = {"Content-Type": "application/json", "idempotencyKey": str(key)}
        reply = self._channel.call("POST", f"/{year}", token=token, content=content, headers=headers)
        return decode(reply.where, lambda: _receipt(reply.json(), reply.content))


def _receipt(payload: dict[str, Any], raw: bytes) -> GldReceipt:
    transmission = payload.get("forsendelseId") or payload["dialogelementId"]  # its name on older pages
    return GldReceipt(uuid_text(payload["dialogId"]), uuid_text(transmission), tuple(_deliveries(payload)), raw)


def _deliveries(payload: dict[str, Any]) -> Iterator[Received]:
    """Boligselskap has a list, the others the counters in the root. Counters that cannot be read are left out."""
    entries = payload.get("leveranseformaal", [payload])
    for entry in entries if isinstance(entries, list) else [payload]:
        if isinstance(entry, dict):
            yield Received(
                reference=_text(entry.get("oppgavegiversLeveranseReferanse")),
                purpose=_text(entry.get("boligselskapFormaal")),
                items=_count(entry.get("antallOppgaver")),
                deletions=_count(entry.get("antallSletteoppgaver")),
            )


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
