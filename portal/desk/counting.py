"""Counts of many selections, of any models, in one statement: a UNION ALL with one row for each selection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, DateTimeField, F, Min, QuerySet, Value
from django.db.models.functions import Cast


@dataclass(frozen=True)
class Counted:
    """How many rows, and the oldest `status_at` among them; None without rows, and for a model that has no such column."""

    n: int = 0
    oldest: datetime | None = None


def count_all(selections: Mapping[str, QuerySet[Any]]) -> dict[str, Counted]:
    """The counts by the names of the selections, of which there is at least one. One query."""
    first, *others = [_one(name, rows) for name, rows in selections.items()]
    counted = {name: Counted(n, oldest) for name, n, oldest in first.union(*others, all=True)}
    return {name: counted.get(name, Counted()) for name in selections}


def _one(name: str, rows: QuerySet[Any]) -> QuerySet[Any, Any]:
    has_time = any(field.name == "status_at" for field in rows.model._meta.concrete_fields)
    oldest = Min(F("status_at")) if has_time else Min(Cast(Value(None), DateTimeField()))
    named = rows.order_by().annotate(selection=Value(name)).values("selection")
    counted: QuerySet[Any, Any] = named.annotate(counted_rows=Count("pk"), oldest_at=oldest).values_list(
        "selection", "counted_rows", "oldest_at"
    )
    return counted
