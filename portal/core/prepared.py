"""Rows whose SQL is made once for a process: with several subqueries, Django takes longer to make it than PostgreSQL to answer it.

For statements that are the same at each use but for a few values. They are made with stand-ins in the places of those values.
"""

from __future__ import annotations

from copy import copy
from datetime import UTC, date, datetime
from typing import Any, Generic, TypeVar

from django.db import connections
from django.db.models import Model, QuerySet

NUMBER, DAY, MOMENT = -1_954_310_277, date(2994, 11, 29), datetime(2994, 11, 29, 23, 59, tzinfo=UTC)
TEXT = "in the place of a text"
"""Stand-ins that no statement has as a value of its own."""
M = TypeVar("M", bound=Model)


class Prepared(Generic[M]):
    """`rows` were asked for with `stand_ins`, by the names that their values have in `of`."""

    def __init__(self, rows: QuerySet[M], **stand_ins: Any) -> None:
        self._rows = rows
        self._compiler = rows.query.get_compiler(rows.db)
        self._sql, params = self._compiler.as_sql()
        self._params = list(params)
        self._places = {name: self._places_of(value) for name, value in stand_ins.items()}
        if lacking := [name for name, places in self._places.items() if not places]:
            raise ValueError(f"the statement has no {', '.join(lacking)}")

    def _places_of(self, value: Any) -> list[int]:
        return [place for place, param in enumerate(self._params) if type(param) is type(value) and param == value]

    def of(self, **values: Any) -> list[M]:
        """The rows, read now, with a value for each stand-in."""
        params = list(self._params)
        for name, places in self._places.items():
            for place in places:
                params[place] = values[name]
        rows, compiler = self._rows.all(), copy(self._compiler)
        compiler.connection = connections[rows.db]  # that of this thread
        compiler.as_sql = lambda *_args, **_options: (self._sql, tuple(params))
        rows.query.get_compiler = lambda *_args, **_options: compiler  # type: ignore[method-assign]
        return list(rows)
