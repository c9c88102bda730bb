"""The client of Redis or Valkey for all but Django's cache: locks, budgets, tokens, service status.

Stored values may vanish at any time; callers must work without them.
"""

from functools import lru_cache

import redis
from django.conf import settings

ERRORS = (redis.RedisError, OSError)
"""Errors for callers that work without an answer."""


def answers() -> bool:
    """Whether it can be counted in now: asked where nothing may be tried without counting."""
    try:
        return bool(valkey().ping())
    except ERRORS:
        return False


def valkey() -> redis.Redis:
    """Shared by all threads; its pool of connections is created again in a forked process."""
    return _client(settings.REDIS_URL)


@lru_cache(maxsize=4)
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=5)
