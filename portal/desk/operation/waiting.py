"""What waits in the database: the oldest due row of each kind, how many there are, and rows that a worker has left lying.

Three statements, whatever is stored: each kind is read from its index of due rows, and no further than MOST.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet, Value

from portal.core.lease import LEASE, Leased, due
from portal.desk.operation.kinds import BY_CODE, KINDS, Kind

MOST = 1_000
"""More rows of one kind than this are not counted."""
LOOKED_AT = 2_000
"""Due rows of each kind, the longest waiting first, among which left ones are looked for."""
MOST_LEFT = 20
QUIET = timedelta(seconds=75)
"""A worker renews its lease before each call, and a call takes at most a minute: a row without a sign for longer is shown."""


@dataclass(frozen=True)
class Waiting:
    """One kind. `number` is at most MOST + 1; `since` is when the oldest was due."""

    kind: Kind
    number: int
    since: datetime | None

    @property
    def is_more(self) -> bool:
        return self.number > MOST


@dataclass(frozen=True)
class Left:
    """A row in a worker's hands that has shown no sign of life since `sign_at`. `is_over`: its lease has ended by itself."""

    kind: Kind
    pk: int
    attempt: int
    sign_at: datetime
    is_over: bool
    customer: str


def waiting(*, at: datetime) -> list[Waiting]:
    """Of each kind, in their order. Two queries."""
    rows = {kind.code: due(kind.rows(), at=at).order_by() for kind in KINDS}
    numbers, oldest = _numbers(rows), _oldest(rows)
    return [Waiting(kind, numbers[kind.code], oldest.get(kind.code)) for kind in KINDS]


def _numbers(rows: dict[str, QuerySet[Any]]) -> dict[str, int]:
    parts, values = [], []
    for code, some in rows.items():
        sql, params = some.values("pk")[: MOST + 1].query.sql_with_params()
        parts.append(f"SELECT %s, count(*) FROM ({sql}) AS waiting")  # noqa: S608 - compiled by the ORM, values as parameters
        values += [code, *params]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), values)
        return dict(cursor.fetchall())


def _oldest(rows: dict[str, QuerySet[Any]]) -> dict[str, datetime]:
    first, *others = [
        some.order_by("next_attempt_at").annotate(code=Value(code)).values_list("code", "next_attempt_at")[:1]
        for code, some in rows.items()
    ]
    return dict(first.union(*others, all=True))


def left(*, at: datetime) -> list[Left]:
    """Those in the hands of a worker that gives no sign, the longest first. One query, and one for each kind that may have some."""
    found = _quiet(at)
    rows = [
        row for kind in KINDS if (pks := found.get(kind.rows().model._meta.label)) for row in _described(kind, pks, at)
    ]
    return sorted(rows, key=lambda row: row.sign_at)[:MOST_LEFT]


def _quiet(at: datetime) -> dict[str, list[int]]:
    """Ids by model: among the rows that have waited longest, those whose lease was not renewed lately.

    The rows are taken from the index of what is due before anything else is asked of them, in whatever order PostgreSQL would.
    """
    models = {kind.rows().model for kind in KINDS}
    parts: list[str] = []
    values: list[Any] = []
    for model in sorted(models, key=lambda model: model._meta.label):
        due_rows = model._base_manager.filter(next_attempt_at__lte=at).order_by("next_attempt_at")
        sql, params = due_rows.values("pk", "lease_until")[:LOOKED_AT].query.sql_with_params()
        parts.append(f"(SELECT %s, pk FROM ({sql}) AS oldest WHERE lease_until < %s LIMIT {MOST_LEFT})")  # noqa: S608
        values += [model._meta.label, *params, at + LEASE - QUIET]
    found: dict[str, list[int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), values)
        for label, pk in cursor.fetchall():
            found.setdefault(label, []).append(pk)
    return found


def _described(kind: Kind, pks: list[int], at: datetime) -> list[Left]:
    """Those of this kind, without those that were given back since they were found."""
    customer = f"{kind.customer}__name" if kind.customer else ""
    names = ("pk", "attempts", "lease_until", *([customer] if customer else []))
    return [
        Left(
            kind, row["pk"], row["attempts"], row["lease_until"] - LEASE, row["lease_until"] <= at,
            row[customer] if customer else "",
        )
        for row in kind.rows().filter(pk__in=pks, lease_until__isnull=False).values(*names)
    ]  # fmt: skip


def find_left(*, kind: str, pk: int, at: datetime) -> Leased | None:
    """The row of this kind while it is one of those that `left` shows."""
    rows = BY_CODE[kind].rows().filter(pk=pk, lease_until__lt=at + LEASE - QUIET) if kind in BY_CODE else None
    return rows.first() if rows is not None else None
