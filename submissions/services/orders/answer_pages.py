"""Long tables of an answer, a part at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from submissions.adapters.retrieval import Table

SIZE = 100


@dataclass(frozen=True)
class Part:
    """Some rows of a table. `cells` pair each value with its column; `page` counts from 1."""

    table: Table
    rows: list[list[tuple[str, str]]]
    page: int
    pages: int

    @property
    def total(self) -> int:
        return len(self.table.rows)

    @property
    def previous(self) -> int:
        """0: there is none."""
        return self.page - 1

    @property
    def next(self) -> int:
        """0: there is none."""
        return self.page + 1 if self.page < self.pages else 0


def paged(tables: Sequence[Table], page: str) -> list[Part]:
    """The same page of each table; the last one of those that are shorter."""
    wanted = int(page) if page.isascii() and page.isdecimal() and len(page) < 6 else 1
    return [_part(table, wanted) for table in tables]


def _part(table: Table, wanted: int) -> Part:
    pages = max(1, -(-len(table.rows) // SIZE))
    page = min(max(1, wanted), pages)
    rows = table.rows[(page - 1) * SIZE : page * SIZE]
    return Part(table, [list(zip(table.columns, row, strict=True)) for row in rows], page, pages)
