"""What a worker spends on sorting a heap, beside a bare loop that reads and parses the same stored files.

The times are this process's own CPU: the database and other processes on the machine do not count.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import Customer, User
from portal.local.demo import orgnrs
from submissions.adapters import rf1086
from submissions.adapters.base import About, NamedFile
from submissions.adapters.gld_json import samples
from submissions.adapters.json_files import parsing
from submissions.adapters.rf1086.samples import example
from submissions.models import HeapFile
from submissions.period import Period
from submissions.services import catalogue
from submissions.services.documents import read_stored
from submissions.services.heaps import intake, work
from tests.fixtures import AT, administrator, vendor
from tests.submissions.heaps.rig import HOUSING, upload
from tests.submissions.rows import own_storage

__all__ = ["administrator", "own_storage", "vendor"]

COMPANIES, PARTS = 400, 11
"""Each with a main form, so many sub-forms and, every other, a message of another service: 5 000 files in all."""
MOST = 2.0
"""Of the bare loop's time: finding customers and accesses, and storing what was found, come on top."""


def spent(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def parse(file: HeapFile) -> None:
    content = read_stored(file.sha256)
    if file.filename.endswith(".xml"):
        rf1086.read_form(content, file.filename)
    else:
        parsing.parse(parsing.read_text(content, file.filename), file.filename)


def files_of(customer: Customer, *, with_housing: bool) -> list[NamedFile]:
    files = [NamedFile(f.name, f.content) for f in example(customer.orgnr, customer.name, 2025, shareholders=PARTS)]
    about = About(customer.orgnr, Period.year(2025), HOUSING, catalogue.service(HOUSING).options)
    return [*files, samples.example(about, wrong=False)] if with_housing else files


def sort_to_the_end() -> None:
    while work.run(at=AT):
        pass


@pytest.mark.benchmark
@pytest.mark.django_db(transaction=True)
def test_sorting_a_heap_costs_at_most_twice_a_bare_loop_that_parses_its_files(administrator: User) -> None:
    made = [Customer(environment="SANDBOX", orgnr=number, name=f"Kunde {number}") for number in orgnrs(COMPANIES)]
    customers = Customer.objects.bulk_create(made)
    files = [file for n, one in enumerate(customers) for file in files_of(one, with_housing=n % 2 == 0)]
    uploads = [upload(file.name, file.content) for file in files]
    began = time.process_time()
    heap = intake.begin(user=administrator, environment=customers[0].environment, uploads=uploads, at=AT)  # type: ignore[arg-type]
    storing = time.process_time() - began
    stored = list(heap.files.order_by("pk"))

    bare = spent(lambda: [parse(file) for file in stored])
    sorting = spent(sort_to_the_end)

    print(f"{len(files)} files: storing {storing:.1f} s, reading and parsing {bare:.2f} s, sorting {sorting:.2f} s")
    print(f"sorting is {sorting / bare:.2f} of the bare loop (goal {MOST})")
    assert heap.files.filter(verdict=HeapFile.Verdict.SORTED).count() == len(files)
    assert heap.packages.count() == COMPANIES * 3 // 2
    assert sorting <= MOST * bare
