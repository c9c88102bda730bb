"""What was removed is kept encrypted for a quarter of an hour, and given back once, to the one who removed it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from accounts.models import Customer
from portal.core import removed
from portal.core.removed import Removed, TooLate
from portal.core.undo import UNDO_FOR
from tests.fixtures import AT

pytestmark = pytest.mark.django_db
NOTE = Removed.Kind.NOTE
BY = "user:ida@vendor.example"


@pytest.fixture
def which(customer: Customer) -> dict[str, Any]:
    reference = removed.keep(kind=NOTE, about=customer, content={"text": "Ring før ti"}, by=BY, at=AT)
    return {"kind": NOTE, "about": customer, "reference": reference, "by": BY, "at": AT + UNDO_FOR / 2}


def test_it_is_taken_once(which: dict[str, Any]) -> None:
    assert removed.take(**which) == {"text": "Ring før ti"}
    with pytest.raises(TooLate):
        removed.take(**which)


@pytest.mark.parametrize(
    "other",
    [
        {"by": "user:ola@vendor.example"},
        {"kind": Removed.Kind.CONTACT},
        {"about": Customer(pk=0)},
        {"reference": "no-uuid"},
        {"reference": ""},
        {"at": AT + UNDO_FOR},
    ],
)
def test_nothing_else_gets_it(which: dict[str, Any], other: dict[str, Any]) -> None:
    with pytest.raises(TooLate):
        removed.take(**{**which, **other})
    assert Removed.objects.exists()


def test_it_stands_encrypted_in_the_table_and_goes_after_a_while(which: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM portal_removed")
        stored = bytes(cursor.fetchone()[0])

    assert b"Ring" not in stored
    assert removed.forget_old(at=AT + UNDO_FOR - timedelta(seconds=1)) == 0
    assert removed.forget_old(at=AT + UNDO_FOR) == 1
    assert not Removed.objects.exists()
