"""A few rows are put in the groups of a list in one reading: in the same ones that the list shows and counts of many rows.

And numbers of many rows are kept by the question of the list: the same question is the same statement, and another one for another
sight.
"""

from __future__ import annotations

import logging
from typing import Any

import pytest

from accounts.models import Role
from portal.core import counting
from portal.core.counting import by_sql
from portal.core.filters import in_group
from portal.core.lists import SORT, ListPage
from portal.core.paging import AFTER
from tests.benchmarks.addresses import staff_pages
from tests.benchmarks.scale import Size, drop, make

CUSTOMERS = 40
FEWEST_LISTS, FEWEST_GROUPS, FEWEST_OF_CASE_WORKERS = 20, 100, 15
"""So many are found at least; a list with several filters counts as several."""


@pytest.mark.django_db(transaction=True)
def test_a_few_rows_are_in_the_same_groups_as_when_they_were_many(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(counting, "FEW", 10**6)
    monkeypatch.setattr(ListPage, "is_narrowed", True)
    caplog.set_level(logging.CRITICAL, "django.request")
    size = make("few", CUSTOMERS)
    try:
        with size.used():
            lists = dict(_lists(size))
            groups = {f"{name}: {code}": both for name, shown in lists.items() for code, both in _groups(shown)}
            asked = {f"{name}: {code}": both for name, shown in lists.items() for code, both in _asked(size, shown)}
            shared = _shared(size, lists)
    finally:
        drop(size)

    assert (len(lists) >= FEWEST_LISTS, len(groups) >= FEWEST_GROUPS) == (True, True)
    assert [name for name, (few, many) in groups.items() if few != many] == []
    assert any(few for few, _many in groups.values())
    assert len(asked) >= FEWEST_GROUPS
    assert [name for name, (before, after) in asked.items() if before != after] == []
    assert shared == []


def _lists(size: Size) -> Any:
    client = size.client(Role.ADMINISTRATOR)
    for name, address in staff_pages().items():
        answer = client.get(address)
        shown = (answer.context or {}).get("list")
        answer.close()  # it may be a file
        if isinstance(shown, ListPage) and type(shown).find is not ListPage.find:
            yield name, shown


def _groups(shown: ListPage[Any, Any]) -> Any:
    """The rows of each group by its code: as they were found in one reading, and by the group's own condition."""
    if shown.few is None:
        return
    for code in ["", *(group.code for group in shown._all_groups)]:
        rows = in_group(shown.matching, shown.groups(), code, apart=shown.apart())
        yield code, ({key for key, codes in shown.few.items() if code in codes}, set(rows.values_list("pk", flat=True)))


def _asked(size: Size, shown: ListPage[Any, Any]) -> Any:
    """The question and the statement of each group by its code: as the list is, and with another chip, order and size."""
    groups = [group for group in shown._all_groups if not group.is_live]
    chosen = next((group.code for group in groups if not group.is_hidden), "")
    query = shown.query(**{shown.parameter: chosen, SORT: "-name", "size": "25", AFTER: "WzFd"})
    again = size.client(Role.ADMINISTRATOR).get(f"{shown.request.path}?{query}").context["list"]
    conditions = {group.code: group.condition for group in again._all_groups}
    for group in groups:
        if group.code in conditions and type(shown).find is not ListPage.find:
            before = repr(by_sql(shown.matching.filter(group.condition), at=shown.at))
            after = repr(by_sql(again.matching.filter(conditions[group.code]), at=again.at))
            yield group.code, ((shown.question, before), (again.question, after))


def _shared(size: Size, lists: dict[str, ListPage[Any, Any]]) -> list[str]:
    """The lists in which a case worker asks the question of an administrator."""
    client = size.client(Role.CASE_WORKER)
    pages = {name: client.get(shown.request.get_full_path()).context for name, shown in lists.items()}
    theirs = {name: context["list"].question for name, context in pages.items() if context and "list" in context}
    assert len(theirs) >= FEWEST_OF_CASE_WORKERS
    return [name for name, question in theirs.items() if question == lists[name].question]
