"""How many values one search may have. Dialogporten changes that while it runs, so it is asked hourly."""

from __future__ import annotations

import logging

from django.core.cache import cache

from portal.gateways.dialogporten import Limits
from portal.gateways.errors import GatewayError
from submissions.services.remote import dialogporten

logger = logging.getLogger(__name__)
PUBLISHED = Limits(parties=100, service_resources=20)
"""Until Dialogporten has told us."""
HOUR, SOON = 3600, 300
"""Seconds until it is asked again, and after no answer."""


def limits_of(environment: str) -> Limits:
    """Not inside a transaction: Dialogporten may be asked."""
    known: Limits | None = cache.get(_key(environment))
    return known or _ask(environment)


def forget(environment: str) -> None:
    """Dialogporten refused a search: ask again before the next one."""
    cache.delete(_key(environment))


def _ask(environment: str) -> Limits:
    last = f"{_key(environment)}:last"
    try:
        told = dialogporten(environment).limits()
    except GatewayError as error:
        logger.warning("the limits of Dialogporten are not known: %s", error)
        told = cache.get(last) or PUBLISHED
        cache.set(_key(environment), told, SOON)
        return told
    usable = Limits(max(1, told.parties), max(1, told.service_resources))
    cache.set(_key(environment), usable, HOUR)
    cache.set(last, usable, None)
    return usable


def _key(environment: str) -> str:
    return f"dialogporten-limits:{environment}"
