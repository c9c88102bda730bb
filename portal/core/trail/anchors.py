"""Anchors: what the newest seal was at some moment, kept where nobody who changes the database can change it.

An anchor is `number:events:hash` of a seal. Workers keep them in the folder AUDIT_ANCHORS, one file for each day with the newest
of that day, and in their logs; a mail each day carries one too. A chain that lacks a seal of an anchor was cut or made anew.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.conf import settings
from django.utils import timezone

_ANCHOR = re.compile(r"(?<![0-9:])([0-9]{1,18}):([0-9]{1,18}):([0-9a-f]{64})(?![0-9a-f])")
_HASH = re.compile(r"[0-9a-f]{64}")


class NoAnchor(ValueError):
    """The text holds no anchor."""


@dataclass(frozen=True, order=True)
class Anchor:
    """`number` and `events` are 0 when only the hash is known."""

    number: int
    events: int
    hash: str

    def __str__(self) -> str:
        return f"{self.number}:{self.events}:{self.hash}"


def read(text: str) -> list[Anchor]:
    """Every anchor in a text: a log, mails, or the anchor itself. Raises NoAnchor when there is none."""
    found = [Anchor(int(number), int(events), hash_) for number, events, hash_ in _ANCHOR.findall(text)]
    if not found and _HASH.fullmatch(text.strip()):
        found = [Anchor(0, 0, text.strip())]
    if not found:
        raise NoAnchor("no anchor (number:events:hash) is in it")
    return found


def kept() -> list[Anchor]:
    """Those of all days, the oldest first."""
    return [anchor for file in _files() for anchor in read(file.read_text(encoding="ascii"))]


def newest() -> Anchor | None:
    """None when none was kept yet."""
    files = _files()
    return read(files[-1].read_text(encoding="ascii"))[-1] if files else None


def keep(anchor: Anchor, *, at: datetime) -> None:
    """As the newest of its day. Call it only when the chain still holds the newest that is kept: that one is overwritten."""
    folder = Path(settings.AUDIT_ANCHORS)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with NamedTemporaryFile("w", dir=folder, prefix=".", delete=False, encoding="ascii") as draft:
        draft.write(f"{anchor}\n")
        draft.flush()
        os.fsync(draft.fileno())
    Path(draft.name).replace(folder / f"{timezone.localdate(at).isoformat()}")


def set_aside(*, at: datetime) -> Path | None:
    """After a restore: the anchors of what is gone no longer count, and stay beside for whoever looks into it."""
    folder = Path(settings.AUDIT_ANCHORS)
    if not _files():
        return None
    return folder.rename(folder.with_name(f"{folder.name}-until-{at:%Y%m%dT%H%M%SZ}"))


def _files() -> list[Path]:
    folder = Path(settings.AUDIT_ANCHORS)
    return sorted(file for file in folder.iterdir() if file.name[0] != ".") if folder.is_dir() else []


class Expected:
    """The anchors that a walk along the chain must meet."""

    def __init__(self, anchors: Iterable[Anchor]) -> None:
        self.by_number: dict[int, set[Anchor]] = {}
        for anchor in anchors:
            self.by_number.setdefault(anchor.number, set()).add(anchor)
        self.hashes = {anchor.hash for anchor in self.by_number.pop(0, set())}

    def other_than(self, anchor: Anchor) -> Anchor | None:
        """One that the seal at this place is not. Call it for each seal of the walk."""
        self.hashes.discard(anchor.hash)
        return next(iter(self.by_number.get(anchor.number, set()) - {anchor}), None)

    def beyond(self, number: int) -> Anchor | None:
        """The furthest one behind the end of the chain, if any."""
        return max((one for known, each in self.by_number.items() if known > number for one in each), default=None)
