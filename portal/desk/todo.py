"""One line of the overview's list of work."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Todo:
    """One line of the list. `url` is where the work is done."""

    count: int
    title: str
    text: str
    action: str
    url: str
    is_urgent: bool = False
