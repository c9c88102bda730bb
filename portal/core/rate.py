"""How often something happened in this minute, counted in Valkey. While that is away everything counts as the first time."""

from __future__ import annotations

from datetime import datetime

from portal.core.valkey import ERRORS, valkey

WINDOW = 60
"""Seconds."""


def count(name: str, *, at: datetime) -> int:
    """How often `name` was counted in this minute, this time included; 0 without Valkey."""
    return _add(name, 1, at)


def counted(name: str, *, at: datetime) -> int:
    """The same without counting."""
    return _add(name, 0, at)


def _add(name: str, more: int, at: datetime) -> int:
    key = f"portal:rate:{name}:{int(at.timestamp()) // WINDOW}"
    try:
        with valkey().pipeline() as pipeline:
            pipeline.incrby(key, more)
            pipeline.expire(key, 2 * WINDOW)
            return int(pipeline.execute()[0])
    except ERRORS:
        return 0
