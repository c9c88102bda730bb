"""What a worker spends on the check of a large package, beside a bare loop that reads and inspects the same stored files.

The times are this process's own CPU: the database and other processes on the machine do not count.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from submissions.adapters import rf1086
from submissions.adapters.base import NamedFile
from submissions.adapters.rf1086.samples import example
from submissions.models import Submission
from submissions.services.documents import read_document
from submissions.services.drafting import drafts, package_check, removing
from submissions.services.ways import about_of
from tests.fixtures import AT, CUSTOMER_ORGNR, customer, portfolio, vendor
from tests.submissions.rows import access, draft, own_storage
from tests.submissions.world import world

__all__ = ["access", "customer", "draft", "own_storage", "portfolio", "vendor", "world"]

FILES = 5_000
MOST = 2.0
"""Of the bare loop's time: storing the reports, the lease and the check of the whole come on top."""
BY = "user:ida@vendor.example"


def spent(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def run_to_the_end() -> None:
    while package_check.run(at=AT):
        pass


@pytest.mark.benchmark
@pytest.mark.django_db(transaction=True)
def test_a_large_package_costs_at_most_twice_a_bare_loop_over_its_stored_files(draft: Submission) -> None:
    files = example(CUSTOMER_ORGNR, "Nordlys Eiendom AS", 2025, shareholders=FILES - 1)
    about = about_of(draft)
    parsing = spent(lambda: [rf1086.read_form(file.content, file.name) for file in files])
    uploads = [SimpleUploadedFile(file.name, file.content) for file in files]
    storing = spent(lambda: drafts.add_files(submission=draft, files=uploads, by=BY, at=AT))

    stored = list(draft.documents.order_by("pk"))
    bare = spent(lambda: [rf1086.inspect(NamedFile(d.filename, read_document(d)), about) for d in stored])
    checking = spent(run_to_the_end)
    last = draft.documents.order_by("-pk")[0]
    removing.remove(submission=draft, document=last, by=BY, at=AT)
    again = spent(run_to_the_end)

    draft.refresh_from_db()
    print(
        f"{FILES} files: parsing {parsing:.1f} s, reading and inspecting {bare:.1f} s, storing the upload {storing:.1f} s"
    )
    print(
        f"the worker {checking:.1f} s, {checking / bare:.2f} of the bare loop (goal {MOST}), {checking / parsing:.1f} of parsing"
    )
    print(f"after one file was removed {again:.1f} s")
    assert draft.is_checked
    assert checking <= MOST * bare
    assert again <= checking / 3
