"""Django's Redis cache without errors: when Valkey does not answer, reads return the default and writes do nothing.

Log-in throttling is off in that time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.redis import RedisCache

from portal.core.valkey import ERRORS

logger = logging.getLogger(__name__)


class ForgetfulCache(RedisCache):
    def _or(self, default: Any, act: Callable[..., Any], *args: Any, **options: Any) -> Any:
        try:
            return act(*args, **options)
        except ERRORS as error:
            logger.warning("the cache does not answer: %s", type(error).__name__)
            return default

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return self._or(default, super().get, key, default, version)

    def set(self, key: str, value: Any, *args: Any, **options: Any) -> None:
        self._or(None, super().set, key, value, *args, **options)

    def add(self, key: str, value: Any, *args: Any, **options: Any) -> bool:
        return bool(self._or(True, super().add, key, value, *args, **options))

    def delete(self, key: str, version: int | None = None) -> bool:
        return bool(self._or(False, super().delete, key, version=version))

    def get_many(self, keys: Any, version: int | None = None) -> dict[str, Any]:
        values: dict[str, Any] = self._or({}, super().get_many, keys, version=version)
        return values

    def set_many(self, data: Any, *args: Any, **options: Any) -> list[Any]:
        failed: list[Any] = self._or(list(data), super().set_many, data, *args, **options)
        return failed
