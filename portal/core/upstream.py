"""Status of the outside services, measured by our own calls: the lights on the overview.

Every process records each call in a short list in Valkey; losing the lists has no other effect.
"""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from portal.core.environments import Environment, addresses
from portal.core.valkey import ERRORS, valkey
from portal.gateways.http import CallStats

logger = logging.getLogger(__name__)
NAMES = {
    "maskinporten": "Maskinporten",
    "altinn": "Altinn",
    "dialogporten": "Dialogporten",
    "skatteetaten": "Skatteetaten",
}
KEPT = 50
FRESH = timedelta(minutes=30)
SLOW_SECONDS = 2.0


@dataclass(frozen=True)
class Light:
    name: str
    colour: str
    text: str


def note(stats: CallStats) -> None:
    """Record one call. Never raises, so that it cannot stop a submission."""
    environment = _environment_of(stats.host)
    if environment is None or stats.service not in NAMES:
        return
    healthy = stats.status is not None and stats.status < 500 and stats.status != 429
    entry = json.dumps([time.time(), round(stats.seconds, 3), healthy])
    key = _key(environment, stats.service)
    try:
        with valkey().pipeline(transaction=False) as pipe:
            pipe.lpush(key, entry)
            pipe.ltrim(key, 0, KEPT - 1)
            pipe.expire(key, int(FRESH.total_seconds()))
            pipe.execute()
    except ERRORS:
        logger.debug("no note was taken of a call to %s", stats.service)


def lights(*, environment: Environment, at: datetime) -> list[Light]:
    """One light per service, from the calls of the last half hour."""
    try:
        with valkey().pipeline(transaction=False) as pipe:
            for service in NAMES:
                pipe.lrange(_key(environment, service), 0, KEPT - 1)
            notes = pipe.execute()
    except ERRORS:
        return [Light(name, "neutral", _("ukjent")) for name in NAMES.values()]
    return [_light(name, entries, at) for name, entries in zip(NAMES.values(), notes, strict=True)]


def _light(name: str, entries: list[bytes], at: datetime) -> Light:
    oldest = (at - FRESH).timestamp()
    calls = [call for call in map(json.loads, entries) if call[0] >= oldest]
    if not calls:
        return Light(name, "neutral", _("ikke brukt nå"))
    failed = sum(not healthy for _at, _seconds, healthy in calls[:10])
    typical = sorted(seconds for _at, seconds, _healthy in calls)[len(calls) // 2]
    if failed >= 5 or not any(healthy for _at, _seconds, healthy in calls[:3]):
        return Light(name, "danger", _("svarer ikke"))
    if typical >= SLOW_SECONDS:
        return Light(name, "warning", _("treg, %(seconds)s s") % {"seconds": f"{typical:.1f}".replace(".", ",")})
    return Light(name, "warning" if failed else "success", f"{typical * 1000:.0f}\N{NO-BREAK SPACE}ms")


def _key(environment: str, service: str) -> str:
    return f"portal:lights:{environment}:{service}"


@lru_cache(maxsize=256)
def _environment_of(host: str) -> Environment | None:
    """The environment whose services answer at `host` (with port)."""
    for environment in Environment:
        if not environment.is_enabled:
            continue
        urls = addresses(environment)
        own = {urlsplit(url).netloc for url in (urls.maskinporten, urls.platform, urls.skatteetaten_older)}
        newer = urlsplit(urls.skatteetaten_newer.replace("{label}", "label")).netloc.removeprefix("label")
        if host in own or host.endswith(newer):
            return environment
    return None
