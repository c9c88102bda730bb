"""A fault or warning about a file: location, text, and how to correct it, in the user's language."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    ERROR = "ERROR"  # Skatteetaten would not take the file
    WARNING = "WARNING"  # it would be taken, and probably rejected or questioned


@dataclass(frozen=True)
class Finding:
    """`code` is our own and stable; `message` says what is wrong and how to correct it; `path` the element's names from the root
    down; `given` what stands there, national identity numbers hidden."""

    level: Level
    code: str
    message: str
    filename: str = ""
    line: int | None = None
    path: str = ""
    given: str = ""
