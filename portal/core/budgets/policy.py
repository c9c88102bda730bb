"""Which budget a call belongs to, and what it may spend.

No limit of Altinn's or Maskinporten's is published: the rates are ours, and careful. Skatteetaten allows five simultaneous calls
for each API and organisation; its calls are all made by one organisation, the vendor.
https://skatteetaten.github.io/api-dokumentasjon/om/bruk
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from django.conf import settings

from portal.core.environments import Environment
from portal.core.upstream import environment_of
from portal.gateways.skatteetaten.common import api_of

OF_HOST = {"dialogporten": "altinn"}
"""Services that stand behind the gateway of another, so that they share its budget."""
BY_API, AT_ONCE = "skatteetaten", 5
NO_RATE = 1000.0
"""Calls a second where only those at once are counted."""


@dataclass(frozen=True)
class Policy:
    """`rate`: calls a second when all is well. `at_once`: 0 for no limit of simultaneous calls."""

    name: str
    environment: Environment | None
    rate: float
    at_once: int = 0


def name_of(service: str, where: str) -> str:
    """Of the budget. `where`: the host, or the API where its owner counts so."""
    return f"{OF_HOST.get(service, service)}@{where}"


def policy_for(service: str, url: str) -> Policy:
    there = urlsplit(url)
    by_api = service == BY_API
    return _policy(name_of(service, api_of(url) if by_api else there.netloc), there.netloc, by_api=by_api)


@lru_cache(maxsize=512)
def _policy(name: str, host: str, *, by_api: bool) -> Policy:
    environment = environment_of(host)
    if by_api:
        return Policy(name, environment, NO_RATE, AT_ONCE)
    return Policy(name, environment, float(settings.CALLS_A_SECOND[environment or Environment.PRODUCTION]))
