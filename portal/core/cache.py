"""Django's Redis cache without errors and without pickle: whoever can write to Valkey must not run code in our processes.

When Valkey does not answer, or holds something that is no JSON, reads return the default and writes do nothing. Log-in throttling
is off in that time.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from django.core.cache.backends.redis import RedisCache

from portal.core.valkey import ERRORS

logger = logging.getLogger(__name__)
_MOMENT, _TIME, _DAY = "$at", "$seconds", "$day"


class Unreadable(ValueError):
    """The stored bytes are not ours."""


class JsonSerializer:
    """Plain values, moments (datetime), days and durations. A tuple comes back as a list. Raises TypeError for any other value."""

    def dumps(self, value: Any) -> int | bytes:
        if type(value) is int:  # so that Valkey can add to it
            return value
        return json.dumps(value, default=_tagged, ensure_ascii=False, allow_nan=False).encode()

    def loads(self, data: bytes) -> Any:
        """Raises Unreadable."""
        try:
            return json.loads(data, object_hook=_untagged)
        except (ValueError, RecursionError) as error:
            raise Unreadable("a cached value is no JSON") from error


def _tagged(value: Any) -> dict[str, Any]:
    if isinstance(value, datetime):
        return {_MOMENT: value.isoformat()}
    if isinstance(value, timedelta):
        return {_TIME: value.total_seconds()}
    if isinstance(value, date):
        return {_DAY: value.isoformat()}
    raise TypeError(f"a {type(value).__name__} cannot be cached: give plain values")


def _untagged(value: dict[str, Any]) -> Any:
    if value.keys() == {_TIME}:
        return timedelta(seconds=value[_TIME])
    if value.keys() == {_DAY}:
        return date.fromisoformat(value[_DAY])
    return datetime.fromisoformat(value[_MOMENT]) if value.keys() == {_MOMENT} else value


class ForgetfulCache(RedisCache):
    def _or(self, default: Any, act: Callable[..., Any], *args: Any, **options: Any) -> Any:
        try:
            return act(*args, **options)
        except (*ERRORS, Unreadable) as error:
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
