"""A few rows are put in the groups of a list in one reading: in the same ones that the list shows and counts of many rows."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from accounts.models import Role
from portal.core import counting
from portal.core.filters import in_group
from portal.core.lists import ListPage
from tests.benchmarks.addresses import staff_pages
from tests.benchmarks.scale import Size, drop, make

CUSTOMERS = 40
FEWEST_LISTS, FEWEST_GROUPS = 20, 100
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
    finally:
        drop(size)

    assert (len(lists) >= FEWEST_LISTS, len(groups) >= FEWEST_GROUPS) == (True, True)
    assert [name for name, (few, many) in groups.items() if few != many] == []
    assert any(few for few, _many in groups.values())


def _lists(size: Size) -> Any:
    client = size.client(Role.ADMINISTRATOR)
    for name, address in staff_pages().items():
        shown = (client.get(address).context or {}).get("list")
        if isinstance(shown, ListPage) and type(shown).find is not ListPage.find:
            yield name, shown


def _groups(shown: ListPage[Any, Any]) -> Any:
    """The rows of each group by its code: as they were found in one reading, and by the group's own condition."""
    if shown.few is None:
        return
    for code in ["", *(group.code for group in shown._all_groups())]:
        rows = in_group(shown.matching, shown.groups(), code, apart=shown.apart())
        yield code, ({key for key, codes in shown.few.items() if code in codes}, set(rows.values_list("pk", flat=True)))
