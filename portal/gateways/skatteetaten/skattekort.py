"""Skattekort til arbeidsgiver: order the tax cards of employees, then ask for the answer until it is there.

https://skatteetaten.github.io/api-dokumentasjon/api/skattekorttilarbeidsgiver
The service has no dialog and no idempotency key: an order whose answer is lost may stand at Skatteetaten, and nothing tells.
The shape of the receipt is known from other vendors only, so it is read tolerantly.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.gateways.decoding import decode, id_text
from portal.gateways.http import Channel, Reply
from portal.gateways.skatteetaten.common import path_segment

JSON = {"Accept": "application/json"}


class Skattekort:
    """The service below `base_url`. National identity numbers are in bodies only, never in an address."""

    def __init__(self, *, base_url: str) -> None:
        self._channel = Channel(service="skatteetaten", base_url=base_url)

    def order(self, *, token: str, order: Mapping[str, Any]) -> str:
        """Place the order (the page's Bestilling). Returns Skatteetaten's reference. Not safe to repeat."""
        reply = self._channel.call("POST", "/bestillSkattekort", token=token, json=dict(order), headers=JSON)
        return decode(reply.where, lambda: _reference(reply.json()))

    def answer(self, *, token: str, reference: str) -> bytes | None:
        """The cards as they came (JSON). None while Skatteetaten works on them, and also when it knows no such order."""
        path = f"/skattekortTilArbeidsgiver/svar/{path_segment(reference)}"
        reply = self._channel.call("GET", path, token=token, headers=JSON)
        return (
            None if reply.status == 204 or not reply.content.strip() else decode(reply.where, lambda: _checked(reply))
        )


def _reference(payload: Any) -> str:
    return id_text(payload["bestillingsreferanse"])


def _checked(reply: Reply) -> bytes:
    """The body, when it has the list that every answer has."""
    employers = reply.json()["arbeidsgiver"]
    if not isinstance(employers, list):
        raise TypeError("arbeidsgiver is no list")
    return reply.content
