"""What could not be used of a heap, to take away: a list for a spreadsheet, and a zip of the files with the list in it."""

from __future__ import annotations

import zipfile
from contextlib import suppress
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import IO

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.masking import without_identity_numbers
from portal.core.spreadsheet import as_csv
from submissions.models import Heap, HeapFile
from submissions.services import catalogue
from submissions.services.documents import DocumentDamaged, clean_filename, distinct, into_zip
from submissions.services.heaps.groups import grouped, state_of
from submissions.services.heaps.ordering import packages_of
from submissions.services.heaps.problems import of_file, problems

IN_MEMORY = 5_000_000
LIST = "liste.csv"


def rest_of(heap: Heap, user: User) -> QuerySet[HeapFile]:
    """The files that are in no draft, without those of customers that the person sees no longer. A file that waits for its
    sorting may still come to be in one.
    """
    unused = Q(package__isnull=True) | Q(package__draft__isnull=True, package__in=packages_of(heap, user))
    return heap.files.filter(unused).exclude(verdict=HeapFile.Verdict.WAITING)


def as_list(*, heap: Heap, user: User, at: datetime) -> bytes:
    """A CSV file: one line for each file, with the reason."""
    content, number = _list(heap, user)
    with transaction.atomic():
        record(by=user.actor, at=at, target=heap, what=AuditType.REST_FETCHED, number=number)
    return content


def as_zip(*, heap: Heap, user: User, at: datetime) -> IO[bytes]:
    """An open temporary file, at its beginning; closing it removes it. Files whose bytes were not kept are in the list only."""
    content, number = _list(heap, user)
    with transaction.atomic():
        record(by=user.actor, at=at, target=heap, what=AuditType.REST_FETCHED, number=number)
    package = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - returned open; the response closes it
    try:
        with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(LIST, content)
            _write_files(archive, heap, user)
    except BaseException:
        package.close()
        raise
    package.seek(0)
    return package


def shown_name(filename: str) -> str:
    """A file name may have an identity number in it."""
    return without_identity_numbers(filename)


def _write_files(archive: zipfile.ZipFile, heap: Heap, user: User) -> None:
    taken = {LIST}
    wanted = rest_of(heap, user).exclude(sha256="").exclude(verdict=HeapFile.Verdict.SAME)
    for file in wanted.order_by("pk").iterator(chunk_size=500):
        with suppress(DocumentDamaged):
            into_zip(file.sha256, archive, name=distinct(clean_filename(shown_name(file.filename)), taken))


def _list(heap: Heap, user: User) -> tuple[bytes, int]:
    mine = grouped(packages_of(heap, user), apart=())
    packages = {row.pk: row for row in mine.select_related("customer", "draft__access", "other").defer(None)}
    texts = problems(packages.values())
    rows = []
    for file in rest_of(heap, user).defer(None).order_by("pk"):
        package = packages.get(file.package_id or 0)
        label = state_of(package)[1] if package else file.get_verdict_display()
        service = catalogue.name_of(file.service) if file.service else ""
        name = package.customer.name if package else ""
        period = str(file.period or "")
        rows.append([shown_name(file.filename), file.orgnr, name, service, period, label, of_file(file, texts)])
    header = [
        _("Fil"),
        _("Organisasjonsnummer"),
        _("Kunde"),
        _("Tjeneste"),
        _("Periode"),
        _("Vurdering"),
        _("Grunn"),
    ]
    return as_csv(header, rows), len(rows)
