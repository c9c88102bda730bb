"""Heaps as people drop them: files of several services, and zips of every kind."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import Customer, User
from portal.core.environments import Environment
from submissions.adapters import adapter
from submissions.adapters.base import About, NamedFile
from submissions.models import Heap, HeapFile
from submissions.period import Period
from submissions.services import catalogue
from submissions.services.drafting import package_check
from submissions.services.heaps import intake, work
from tests.fixtures import AT

SHARES = "innrapportering-aksjonaerregisteroppgave"
HOUSING = "innrapportering-boligsameie"
COMPANY = "innrapportering-boligselskap"


def files_for(customer: Customer, service: str, *, year: int = 2025, wrong: bool = False) -> list[NamedFile]:
    """A report without faults, as the vendor's own program would make it."""
    entry = catalogue.service(service)
    about = About(customer.orgnr, Period.year(year), service, entry.options)
    return adapter(entry.adapter).examples(about, name=customer.name, wrong=wrong)


def zipped(files: Iterable[tuple[str, bytes]], **options: Any) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return buffer.getvalue()


def upload(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def drop(user: User, *files: NamedFile, at: datetime = AT) -> Heap:
    uploads = [upload(file.name, file.content) for file in files]
    return intake.begin(user=user, environment=Environment.SANDBOX, uploads=uploads, at=at)


def work_to_the_end(*, at: datetime = AT) -> None:
    """What workers do: on heaps and on the checks of their drafts, until nothing is due."""
    while work.run(at=at) or package_check.run(at=at):
        pass


def verdicts(heap: Heap) -> dict[str, int]:
    """How many files have each verdict."""
    found: dict[str, int] = {}
    for verdict in HeapFile.objects.filter(heap=heap).values_list("verdict", flat=True):
        found[verdict] = found.get(verdict, 0) + 1
    return found
