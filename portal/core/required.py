"""Values that are never missing where they are used: a real error when one is, also when Python runs without assertions."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


class Missing(RuntimeError):
    """A value that other code guarantees is not there. A fault of the program, never of a file or a person."""


def required(value: T | None, *, because: str) -> T:
    """The value. Raises Missing with `because`, which says who guarantees it."""
    if value is None:
        raise Missing(f"a value is missing, although {because}")
    return value
