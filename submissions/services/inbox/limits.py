"""How many values one search may have. Dialogporten changes that while it runs, so it is asked hourly."""

from __future__ import annotations

import logging
from dataclasses import asdict

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
    return _known(_key(environment)) or _ask(environment)


def forget(environment: str) -> None:
    """Dialogporten refused a search: ask again before the next one."""
    cache.delete(_key(environment))


def _ask(environment: str) -> Limits:
    last = f"{_key(environment)}:last"
    try:
        told = dialogporten(environment).limits()
    except GatewayError as error:
        logger.warning("the limits of Dialogporten are not known: %s", error)
        told = _known(last) or PUBLISHED
        cache.set(_key(environment), asdict(told), SOON)
        return told
    usable = Limits(max(1, told.parties), max(1, told.service_resources))
    cache.set(_key(environment), asdict(usable), HOUR)
    cache.set(last, asdict(usable), None)
    return usable


def _known(key: str) -> Limits | None:
    stored = cache.get(key)
    return Limits(**stored) if stored else None


def _key(environment: str) -> str:
    return f"dialogporten-limits:{environment}"
