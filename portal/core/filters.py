"""Filter chips over a list: named groups of rows, each counted up to a limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _

from portal.core import counting
from portal.core.counting import spaced
from portal.core.paging import changed

COUNT_TO = counting.MOST
"""Counting stops here and the chip shows "more than": exact counts of large groups are slow."""

COUNT_FOUND_TO = 1_000
"""Of a search: to find ten thousand rows of the customers with a name, PostgreSQL may read all of the others."""

Rows = TypeVar("Rows", bound=QuerySet[Any])


def grouped(orgnr: str) -> str:
    """`310629499` as `310 629 499` with spaces that do not break; anything else as it is."""
    return "\N{NO-BREAK SPACE}".join((orgnr[:3], orgnr[3:6], orgnr[6:])) if len(orgnr) == 9 else orgnr


@dataclass(frozen=True)
class Group:
    """A named group of rows. `code` is its value in the URL, `condition` selects the rows.

    `is_live`: who works in the list changes its number, so that it is counted anew at each visit, also of a large vendor.
    `is_hidden`: it has a chip only while it is chosen, as its rows are in other groups too; links lead to it.
    """

    code: str
    label: Any
    condition: Q
    is_live: bool = False
    is_hidden: bool = False


def conditions(groups: list[Group]) -> dict[str, Q]:
    """By code: to count elsewhere exactly what a list shows."""
    return {group.code: group.condition for group in groups}


def in_group(rows: Rows, groups: list[Group], code: str, *, apart: Group | None = None) -> Rows:
    """The rows of one group; all rows when no group has that code. Rows of `apart` are in that group only."""
    if apart is not None and code == apart.code:
        return rows.filter(apart.condition)
    if apart is not None:
        rows = rows.filter(~apart.condition)
    chosen = next((group for group in groups if group.code == code), None)
    return rows.filter(chosen.condition) if chosen else rows


def counts(
    rows: QuerySet[Any], groups: list[Group], *, most: int | None = None, known_by: Sequence[Any] = ()
) -> dict[str, int]:
    """How many of `rows` are in each group, each counted to `most` + 1, COUNT_TO without it. One query, and one for groups that are
    live.

    `known_by`: what decides which rows they are; see `counting.kept`. Without it nothing is kept.
    """
    most = COUNT_TO if most is None else most
    live, calm = ([group for group in groups if group.is_live is is_live] for is_live in (True, False))

    def count(some: list[Group]) -> tuple[int, ...]:
        return counting.counts_of([rows.filter(group.condition) for group in some], most=most)

    codes = [group.code for group in calm]
    key = [*known_by, codes, most]
    numbers = counting.kept(key, lambda: count(calm), is_large=counting.has_large) if known_by else count(calm)
    return dict(zip([*codes, *(group.code for group in live)], [*numbers, *count(live)], strict=True))


def groups_of_few(
    rows: QuerySet[Any], groups: list[Group], *, apart: Group | None = None, known_by: Sequence[Any]
) -> dict[int, set[str]] | None:
    """The codes of the groups that each of a few `rows` is in, by its key; None for more rows than `counting.FEW`. One query.

    A row of `apart` is in that group only; all others are in the group "" too. Few rows of a large vendor are not always quick to
    find, and to ask for each group finds them again. `known_by`: see `counting.kept`.
    """
    asked = [*groups, apart] if apart else groups
    named = {f"in_group_{n}": group.condition for n, group in enumerate(asked)}
    found = counting.few_of(lambda: rows.annotate(**named).values_list("pk", *named), known_by=known_by)
    if found is None:
        return None
    codes = {pk: {one.code for one, is_in in zip(asked, flags, strict=True) if is_in} for pk, *flags in found}
    alone = {apart.code} if apart else set()
    return {pk: alone if alone <= of_row and alone else of_row | {""} for pk, of_row in codes.items()}


def _over(group: Group, most: int) -> str:
    return _("%(label)s, over %(n)s") % {"label": group.label, "n": spaced(most)}


def chips(
    rows: QuerySet[Any],
    groups: list[Group],
    *,
    query: QueryDict,
    parameter: str,
    always: tuple[str, ...] = (),
    default: str = "",
    counted: dict[str, int] | None = None,
    most: int | None = None,
) -> list[dict[str, Any]]:
    """Chips for `components/chips.html`: "all", then groups that have rows, are chosen, or are in `always`.

    `default` is the group that a page without the parameter shows; such a list has no chip for all. `counted` and `most`: of
    `counts`, when that was asked before.
    """
    most = COUNT_TO if most is None else most
    chosen = query.get(parameter, default)
    totals = counts(rows, groups) if counted is None else counted
    everything = {
        "label": _("Alle"),
        "count": None,
        "query": changed(query, **{parameter: ""}),
        "is_current": not chosen,
    }
    result: list[dict[str, Any]] = [] if default else [everything]
    for group in groups:
        number = totals[group.code]
        if number or group.code == chosen or group.code in always:
            more = number > most
            result.append(
                {
                    "label": _over(group, most) if more else group.label,
                    "count": None if more else number,
                    "query": changed(query, **{parameter: group.code}),
                    "is_current": group.code == chosen,
                }
            )
    return result
