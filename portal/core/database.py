"""Limits for each SQL statement of a process: no search and no waiting for a lock holds a thread, or the others, for ever.

And what PostgreSQL must be told about a statement, so that it takes as little time for a large vendor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, BooleanField, F, Func, Q, QuerySet, Subquery, Value
from django.db.models.lookups import IsNull


@dataclass(frozen=True)
class Limits:
    """Seconds. `lock`: for one lock, so that a queue behind a long transaction does not grow; `statement`: in all."""

    statement: int
    lock: int


WEB = Limits(statement=5, lock=3)
WORKER = Limits(statement=300, lock=30)
MIGRATION = Limits(statement=3600, lock=5)
"""An index of a large table is built for long, and blocks nobody; a lock that is not given soon would block all behind it."""


def limit_statements(limits: Limits) -> None:
    """For the connections that this process opens from now on."""
    options = settings.DATABASES["default"]["OPTIONS"]
    own = f"-c statement_timeout={limits.statement * 1000} -c lock_timeout={limits.lock * 1000}"
    options["options"] = f"{options.get('options', '')} {own}".strip()


def has_row(rows: QuerySet[Any]) -> Q:
    """As `Exists(rows)`, looked up for each row by itself.

    An EXISTS that stands in an OR, PostgreSQL may answer for all rows at once, by reading all that the subquery could find: for a
    page of fifty rows of a large vendor that is a table of a million.
    """
    found = Subquery(rows.order_by().values_list(Value(1))[:1])
    return Q(IsNull(found, False))


def keyed(rows: QuerySet[Any], keys: Sequence[int]) -> QuerySet[Any]:
    """The `rows` with these keys, which are given as one value: a list is written out one by one, each time a statement is made
    of it, and a page of a list makes one for each of its groups.
    """
    if not keys:
        return rows.none()
    given = Value(list(keys), ArrayField(BigIntegerField()))
    is_one = Func(F("pk"), given, template="%(expressions)s)", arg_joiner=" = ANY(", output_field=BooleanField())
    return rows.filter(is_one)
