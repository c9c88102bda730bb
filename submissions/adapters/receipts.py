"""A gateway's receipt as the engine keeps it."""

from __future__ import annotations

from typing import Protocol

from submissions.adapters.base import Answer, Receipt


class GatewayReceipt(Protocol):
    """Received by the authority, not accepted: the ids of the dialog and of its transmission, and the answer as it came."""

    @property
    def dialog_id(self) -> str: ...

    @property
    def transmission_id(self) -> str: ...

    @property
    def reference(self) -> str: ...

    @property
    def raw(self) -> bytes: ...


def answer_of(receipt: GatewayReceipt) -> Answer:
    """The answer of the step that delivers. Its remote id is the transmission."""
    ids = receipt.dialog_id, receipt.transmission_id
    return Answer(remote_id=receipt.transmission_id, receipt=Receipt(*ids, receipt.reference, receipt.raw))
