"""The one connection pool to Redis or Valkey for what is not Django's cache: locks, budgets, tokens, lights.

What lies there may vanish at any time; callers go on without it when it does not answer.
"""

from functools import lru_cache

import redis
from django.conf import settings

ERRORS = (redis.RedisError, OSError)
"""What a caller catches when it can do without the answer."""


@lru_cache(maxsize=4)
def _pool(url: str) -> redis.ConnectionPool:
    return redis.ConnectionPool.from_url(url, socket_connect_timeout=2, socket_timeout=5)


def valkey() -> redis.Redis:
    return redis.Redis(connection_pool=_pool(settings.REDIS_URL))
