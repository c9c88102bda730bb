"""One thing that is wrong, or looks wrong, in a file: where, what, and how to mend it, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    ERROR = "ERROR"  # Skatteetaten would not take the file
    WARNING = "WARNING"  # it would be taken, and probably rejected or questioned


@dataclass(frozen=True)
class Finding:
    """`code` is our own and stable; `path` the element's name; `given` what stands there, personal numbers masked."""

    level: Level
    code: str
    message: str
    filename: str = ""
    line: int | None = None
    path: str = ""
    given: str = ""


def masked(text: str) -> str:
    """A national identity number without its last five digits."""
    return f"{text[:6]} *****" if len(text) == 11 and text.isdecimal() else text
