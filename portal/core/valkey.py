"""The one client of Redis or Valkey for what is not Django's cache: locks, budgets, tokens, lights.

What lies there may vanish at any time; callers go on without it when it does not answer.
"""

from functools import lru_cache

import redis
from django.conf import settings

ERRORS = (redis.RedisError, OSError)
"""What a caller catches when it can do without the answer."""


def valkey() -> redis.Redis:
    """Shared by all threads; its connections come from a pool, which a forked process makes anew."""
    return _client(settings.REDIS_URL)


@lru_cache(maxsize=4)
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=5)
