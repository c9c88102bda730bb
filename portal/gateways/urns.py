"""The identifiers by which Altinn and Dialogporten name organisations."""

from __future__ import annotations

ORGANISATION = "urn:altinn:organization:identifier-no:"


def organisation(orgnr: str) -> str:
    """The urn of an organisation: a party of Dialogporten, a subject of Altinn Events."""
    return ORGANISATION + orgnr


def orgnr_of(urn: str) -> str:
    """The organisation number in a urn; any other urn as it is."""
    return urn.removeprefix(ORGANISATION)
