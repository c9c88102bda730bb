"""A rule: which rows hold what is too old, and how they are emptied of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from portal.core.retention import periods

AT_ONCE = timedelta(0)
WITH_NOTICE = timedelta(days=7)
"""So long a plan stands before something is deleted that a person may miss."""


def _nothing(hashes: set[str]) -> None:
    """Most rules have no files."""


@dataclass(frozen=True)
class Rule:
    """One kind of data.

    `find` gives the rows that were done with before a moment and still have what goes; `empty` takes it from some of them, in a
    transaction of the caller, writes their audit rows, and returns the hashes of files that lost a row; `forget` deletes those files
    after the commit. `of_customer` gives the rows of one customer whose relation has ended, of any age; None: the law keeps
    them, or they belong to no customer.
    """

    kind: str
    find: Callable[[datetime], QuerySet[Any]]
    empty: Callable[[Sequence[Any], str, datetime], set[str]]
    notice: timedelta = WITH_NOTICE
    batch: int = 200
    forget: Callable[[set[str]], object] = field(default=_nothing)
    of_customer: Callable[[int], QuerySet[Any]] | None = None

    @property
    def kept(self) -> int:
        """Days or years; 0: without end."""
        return settings.KEPT[self.kind]

    @property
    def is_by_year(self) -> bool:
        return periods.PERIODS[self.kind].by_year

    def cutoff(self, *, at: datetime) -> datetime | None:
        return periods.cutoff(self.kind, self.kept, at=at)


def delete(rows: Sequence[Any], by: str, at: datetime) -> set[str]:
    """`empty` for rows that go altogether. They are so many and so plain that the run's own audit row tells of them."""
    if rows:
        type(rows[0])._base_manager.filter(pk__in=[row.pk for row in rows]).delete()
    return set()
