"""What a system can ask customers for, by Altinn's own names: Skatteetaten's resources and the access packages.

Kept for a day, since they change seldom. When Altinn is away the lists are empty, and what is needed can be typed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.core.cache import cache
from django.utils.translation import get_language

from portal.gateways.errors import GatewayError
from systemusers.services.remote import metadata

logger = logging.getLogger(__name__)
Offers = list[tuple[str, str]]
"""Ids or urns with their names, in the order of the names."""
OWNERS = {"skd", "ske"}
A_DAY, A_MINUTE = 24 * 3600, 60


def rights(environment: str) -> Offers:
    """Skatteetaten's resources that a customer can give."""
    language = _language()
    return _kept(
        f"offers:rights:{environment}:{language}",
        lambda: [
            (found.id, found.titles.get(language) or found.titles.get("nb") or found.id)
            for found in metadata(environment).resources()
            if found.owner in OWNERS and found.is_delegable
        ],
    )


def packages(environment: str) -> Offers:
    """The access packages that a customer, or an accountant's client, can give."""
    language = _language()
    return _kept(
        f"offers:packages:{environment}:{language}",
        lambda: [
            (found.urn, found.name)
            for found in metadata(environment).all_packages(language=language)
            if found.is_assignable or found.is_delegable
        ],
    )


def _language() -> str:
    return (get_language() or "nb")[:2]


def _kept(key: str, ask: Callable[[], Offers]) -> Offers:
    kept = cache.get(key)
    if kept is not None:
        return [(code, name) for code, name in kept]
    try:
        found = sorted(set(ask()), key=lambda offer: offer[1].lower())
    except GatewayError as error:
        logger.warning("no list to pick from: %s", error)
        cache.set(key, [], A_MINUTE)
        return []
    cache.set(key, found, A_DAY)
    return found
