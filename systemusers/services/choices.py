"""Choices for systems, with Altinn's names: Skatteetaten's resources and the access packages.

Cached for a day. Without an answer from Altinn the lists are empty, and values can be typed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.core.cache import cache
from django.utils.translation import get_language

from portal.gateways.errors import GatewayError
from systemusers.services.remote import metadata

logger = logging.getLogger(__name__)
Choices = list[tuple[str, str]]
"""Ids or urns with their names, in the order of the names."""
OWNERS = {"skd", "ske"}
A_DAY, A_MINUTE = 24 * 3600, 60


def rights(environment: str) -> Choices:
    """Skatteetaten's resources that a customer can give."""
    language = _language()
    return _kept(
        f"choices:rights:{environment}:{language}",
        lambda: [
            (resource.id, resource.titles.get(language) or resource.titles.get("nb") or resource.id)
            for resource in metadata(environment).resources()
            if resource.owner in OWNERS and resource.is_delegable
        ],
    )


def packages(environment: str) -> Choices:
    """The access packages that a customer, or an accountant's client, can give."""
    language = _language()
    return _kept(
        f"choices:packages:{environment}:{language}",
        lambda: [
            (package.urn, package.name)
            for package in metadata(environment).all_packages(language=language)
            if package.is_assignable or package.is_delegable
        ],
    )


def _language() -> str:
    return (get_language() or "nb")[:2]


def _kept(key: str, ask: Callable[[], Choices]) -> Choices:
    kept = cache.get(key)
    if kept is not None:
        return [(code, name) for code, name in kept]
    try:
        fetched = sorted(set(ask()), key=lambda choice: choice[1].lower())
    except GatewayError as error:
        logger.warning("no list to pick from: %s", error)
        cache.set(key, [], A_MINUTE)
        return []
    cache.set(key, fetched, A_DAY)
    return fetched
