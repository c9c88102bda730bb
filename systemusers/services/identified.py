"""By which ids an access is found: those that its pages, Altinn and Maskinporten show."""

from __future__ import annotations

from portal.core.search import Place, identified, identifier
from systemusers.models import Access, ChangeRequest, SystemUser


def places_of_accesses(text: str) -> list[Place]:
    asked = identifier(text)
    if asked is None:
        return []
    places: list[Place] = [
        (Access.objects.filter(altinn_id__in=asked.spellings), "pk"),
        (Access.objects.filter(external_ref__in=asked.spellings), "pk"),
    ]
    if asked.uuid:
        places += [
            (Access.objects.filter(reference=asked.uuid), "pk"),
            (SystemUser.objects.filter(altinn_id=asked.uuid), "access_id"),
            (ChangeRequest.objects.filter(correlation_id=asked.uuid), "access_id"),
        ]
    return places


def access_ids(text: str) -> list[int]:
    """The accesses with that whole id, whoever may see them."""
    return identified({"": places_of_accesses(text)}).get("", [])
