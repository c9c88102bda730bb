"""Subscriptions by who made them and by whom they are about: with many customers each call looks at a few of them."""

from __future__ import annotations

from collections.abc import Iterable

from ..kernel import Kernel
from ..state import Subscription

Rows = dict[int, Subscription]


class Index:
    """Of `rows` as they are; made anew when they were changed by other means."""

    def __init__(self, rows: Rows) -> None:
        self.rows, self.count = rows, 0
        self.by_consumer: dict[str, Rows] = {}
        self.by_subject: dict[str, Rows] = {}
        for row in rows.values():
            self._note(row)

    def add(self, row: Subscription) -> None:
        self.rows[row.id] = row
        self._note(row)

    def _note(self, row: Subscription) -> None:
        self.by_consumer.setdefault(row.consumer, {})[row.id] = row
        self.by_subject.setdefault(row.subject, {})[row.id] = row
        self.count += 1

    def remove(self, row: Subscription) -> None:
        for rows in (self.rows, self.by_consumer[row.consumer], self.by_subject[row.subject]):
            del rows[row.id]
        self.count -= 1


def index(sandbox: Kernel) -> Index:
    found: Index | None = sandbox.caches.get("subscriptions")
    rows = sandbox.state.subscriptions
    if found is None or found.rows is not rows or found.count != len(rows):
        found = sandbox.caches["subscriptions"] = Index(rows)
    return found


def of_consumer(sandbox: Kernel, consumer: str) -> Iterable[Subscription]:
    return index(sandbox).by_consumer.get(consumer, {}).values()


def about(sandbox: Kernel, *subjects: str) -> list[Subscription]:
    """Those with one of these subjects, in the order in which they were made. "" are those about everybody."""
    found = index(sandbox).by_subject
    rows: Rows = {}
    for subject in set(subjects):
        rows |= found.get(subject, {})
    return [rows[ident] for ident in sorted(rows)]
