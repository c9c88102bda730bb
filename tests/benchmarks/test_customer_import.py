"""What an import of customers spends from the file to the stored customers, beside one plain bulk insert of the same rows.

The times are this process's own CPU: the database and other processes on the machine do not count.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from accounts.models import Customer, CustomerImport, User
from portal.core.audit import AuditEvent
from tests.accounts.imports.rig import begin, confirmed, many, work_to_the_end
from tests.fixtures import administrator, vendor

__all__ = ["administrator", "vendor"]

ROWS = 10_000
MOST = 5.0
"""Of the plain insert: reading the file, judging and storing its rows, and a trace of every customer come on top."""


def spent(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def plain(names: list[str]) -> list[Customer]:
    return [
        Customer(
            environment="TEST", orgnr=line[0], name=line[1], reference=line[2], contact_name=line[3], contact_email=line[4]
        )
        for line in (name.split(";") for name in names)
    ]  # fmt: skip


@pytest.mark.benchmark
@pytest.mark.django_db(transaction=True)
def test_an_import_costs_at_most_five_plain_inserts_of_its_rows(
    administrator: User, vendor: object, settings: Any
) -> None:
    settings.ENVIRONMENTS = ("SANDBOX", "TEST")
    text = many(ROWS)
    lines = text.splitlines()[1:]
    with transaction.atomic():
        Customer.objects.bulk_create(plain(lines[:100]))  # what happens once in a process
        transaction.set_rollback(True)
    with transaction.atomic():
        bare = spent(lambda: Customer.objects.bulk_create(plain(lines)))
        transaction.set_rollback(True)

    row: CustomerImport

    def judge() -> None:
        nonlocal row
        row = begin(administrator, text)
        work_to_the_end()
        row.refresh_from_db()

    judging = spent(judge)
    storing = spent(lambda: confirmed(row, administrator))

    print(f"{ROWS} rows: plain insert {bare:.2f} s, reading and judging {judging:.2f} s, storing {storing:.2f} s")
    print(f"the import is {(judging + storing) / bare:.2f} of the plain insert (goal {MOST})")
    assert Customer.objects.count() == AuditEvent.objects.filter(what="added").count() == ROWS
    assert judging + storing <= MOST * bare
