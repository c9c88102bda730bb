"""Status of the outside services, measured by our own calls: the lights on the overview.

Every process records its calls in a short list in Valkey; losing the lists has no other effect.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone
from django.utils.translation import gettext as _

from portal.core.environments import Environment, addresses
from portal.core.formats import clock, decimal
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
STORE_EVERY = 0.25
"""Seconds. A call that failed is stored at once."""
FRESH = timedelta(minutes=30)
"""Calls that the light is judged by."""
IDLE = timedelta(minutes=10)
"""After so long without a call, nothing is known of how the service is now: the light is grey."""
REMEMBERED = timedelta(hours=12)
SLOW_SECONDS = 2.0
_Call = list[Any]
"""A noted call: when (seconds since 1970), how many seconds it took, whether it was answered as it should, and with which status."""


@dataclass(frozen=True)
class Light:
    """`text` says when, where it is about the past."""

    name: str
    colour: str
    text: str


def note(stats: CallStats) -> None:
    """Record one call. Never raises, so that it cannot stop a submission."""
    environment = environment_of(stats.host)
    if environment is None or stats.service not in NAMES:
        return
    healthy = stats.status is not None and stats.status < 500 and stats.status != 429
    entry = json.dumps([time.time(), round(stats.seconds, 3), healthy, stats.status])
    key = _key(environment, stats.service)
    if entries := _kept.add(key, entry, at_once=not healthy):
        _store(key, entries)


class _Kept:
    """The calls of this process that are not stored yet: many at once are stored together, once in STORE_EVERY."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: defaultdict[str, deque[str]] = defaultdict(lambda: deque(maxlen=KEPT))
        self._stored_at: dict[str, float] = {}

    def add(self, key: str, entry: str, *, at_once: bool) -> list[str]:
        """What is to be stored now, in order; nothing when it can wait for the next call."""
        now = time.monotonic()
        with self._lock:
            entries = self._entries[key]
            entries.append(entry)
            if not at_once and now - self._stored_at.get(key, 0.0) < STORE_EVERY:
                return []
            self._stored_at[key] = now
            return self._take(key)

    def rest(self) -> dict[str, list[str]]:
        """What was not to be stored yet, by key."""
        with self._lock:
            return {key: self._take(key) for key, entries in list(self._entries.items()) if entries}

    def _take(self, key: str) -> list[str]:
        taken = list(self._entries[key])
        self._entries[key].clear()
        return taken


_kept = _Kept()


def _store(key: str, entries: list[str]) -> None:
    try:
        with valkey().pipeline(transaction=False) as pipe:
            pipe.lpush(key, *entries)
            pipe.ltrim(key, 0, KEPT - 1)
            pipe.expire(key, int(REMEMBERED.total_seconds()))
            pipe.execute()
    except ERRORS:
        logger.debug("no note was taken of calls: %s", key)


def lights(*, environment: Environment, at: datetime) -> list[Light]:
    """One light per service, from the calls of the last half hour; grey when the last of them is some minutes old."""
    for key, entries in _kept.rest().items():
        _store(key, entries)
    try:
        with valkey().pipeline(transaction=False) as pipe:
            for service in NAMES:
                pipe.lrange(_key(environment, service), 0, KEPT - 1)
            notes = pipe.execute()
    except ERRORS:
        return [Light(name, "neutral", _("ukjent")) for name in NAMES.values()]
    return [_light(name, entries, at) for name, entries in zip(NAMES.values(), notes, strict=True)]


def away(service: str, *, environment: Environment, at: datetime) -> str:
    """What is wrong with a service (a key of NAMES) that does not answer now; "" when nothing is known to be."""
    found = dict(zip(NAMES, lights(environment=environment, at=at), strict=True))[service]
    return found.text if found.colour == "danger" else ""


def _light(name: str, entries: list[bytes], at: datetime) -> Light:
    known = [json.loads(entry) for entry in entries]
    oldest = (at - FRESH).timestamp()
    calls = [call for call in known if call[0] >= oldest]
    if not calls or max(call[0] for call in calls) < (at - IDLE).timestamp():
        return Light(name, "neutral", _before(known, at))
    failed = sum(not healthy for _at, _seconds, healthy, _status in calls[:10])
    typical = sorted(seconds for _at, seconds, _healthy, _status in calls)[len(calls) // 2]
    if failed >= 5 or not any(healthy for _at, _seconds, healthy, _status in calls[:3]):
        return Light(name, "danger", _last_failure(_("svarte ikke kl. %(clock)s: %(why)s"), calls))
    if typical >= SLOW_SECONDS:
        return Light(name, "warning", _("treg, %(seconds)s s") % {"seconds": decimal(typical)})
    if failed:
        return Light(name, "warning", _last_failure(_("svarer, men ikke kl. %(clock)s: %(why)s"), calls))
    return Light(name, "success", f"{typical * 1000:.0f}\N{NO-BREAK SPACE}ms")


def _before(calls: list[_Call], at: datetime) -> str:
    """What is known of a service that is not called now."""
    if not calls:
        return _("ikke brukt nå")
    moment, _seconds, healthy, _status = max(calls, key=lambda call: call[0])
    text = _("sist brukt kl. %(clock)s") if healthy else _("svarte ikke kl. %(clock)s")
    is_today = timezone.localdate(_moment(moment)) == timezone.localdate(at)
    return text % {"clock": _clock(moment)} if is_today else _("ikke brukt nå")


def _last_failure(text: str, calls: list[_Call]) -> str:
    moment, _seconds, _healthy, status = max((call for call in calls if not call[2]), key=lambda call: call[0])
    return text % {"clock": _clock(moment), "why": _why(status)}


def _why(status: int | None) -> str:
    """Why a call does not count as answered; None is one without any answer."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return _("for mange kall fra oss")
    return _("feil %(status)s hos tjenesten") % {"status": status} if status else _("ingen forbindelse")


def _moment(stamp: float) -> datetime:
    return datetime.fromtimestamp(stamp, UTC)


def _clock(stamp: float) -> str:
    return clock(_moment(stamp))


def _key(environment: str, service: str) -> str:
    """With a version: a process of another release must not read calls that are noted in another form."""
    return f"portal:lights:2:{environment}:{service}"


@lru_cache(maxsize=256)
def environment_of(host: str) -> Environment | None:
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
