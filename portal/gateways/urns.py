"""The identifiers by which Altinn and Dialogporten name organisations, resources and access packages."""

from __future__ import annotations

ORGANISATION = "urn:altinn:organization:identifier-no:"
RESOURCE = "urn:altinn:resource:"
PACKAGE = "urn:altinn:accesspackage:"


def organisation(orgnr: str) -> str:
    """The urn of an organisation: a party of Dialogporten, a subject of Altinn Events."""
    return ORGANISATION + orgnr


def orgnr_of(urn: str) -> str:
    """The organisation number in a urn; any other urn as it is."""
    return urn.removeprefix(ORGANISATION)


def resource(code: str) -> str:
    """The urn of a resource of Altinn's resource registry, as Dialogporten and Altinn Events want it."""
    return RESOURCE + code.removeprefix(RESOURCE)


def resource_of(urn: str) -> str:
    """The code of a resource in a urn; any other text as it is."""
    return urn.removeprefix(RESOURCE)


def package(code: str) -> str:
    """The urn of an access package; Altinn gives some lists without it."""
    return PACKAGE + code.removeprefix(PACKAGE)


def is_organisation(urn: str) -> bool:
    """Whether a party is an organisation. The urn of a person holds a national identity number."""
    return urn.startswith(ORGANISATION)
