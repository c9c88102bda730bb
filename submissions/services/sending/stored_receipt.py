"""A receipt as it is stored, encrypted, with the call that brought it."""

from __future__ import annotations

import json
from typing import TypedDict

from submissions.adapters.base import Receipt


class StoredReceipt(TypedDict):
    """`raw` is the remote's answer as text; bytes that are no UTF-8 survive as surrogates."""

    dialog_id: str
    transmission_id: str
    reference: str
    raw: str


def to_bytes(receipt: Receipt) -> bytes:
    stored: StoredReceipt = {
        "dialog_id": receipt.dialog_id,
        "transmission_id": receipt.transmission_id,
        "reference": receipt.reference,
        "raw": receipt.raw.decode("utf-8", "surrogateescape"),
    }
    return json.dumps(stored).encode()


def from_bytes(content: bytes) -> Receipt:
    stored: StoredReceipt = json.loads(content)
    raw = stored["raw"].encode("utf-8", "surrogateescape")
    return Receipt(stored["dialog_id"], stored["transmission_id"], stored["reference"], raw)
