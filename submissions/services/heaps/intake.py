"""Takes in the files of a heap: the bytes go to the document storage at once, encrypted, and a worker sorts them afterwards.

A zip is unpacked file by file. What cannot be taken in gets a row that says why, and no bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import PurePath
from typing import IO, Any, Protocol, cast

from django.db import IntegrityError, transaction
from django.db.models import Count, Q, Sum

from accounts.models import User
from portal.core import lease
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.environments import Environment
from portal.core.problems import code_of
from submissions.models import Heap, HeapFile, HeapSource
from submissions.services.documents import clean_filename, keep, keep_file
from submissions.services.drafting.drafts import NotStored
from submissions.services.heaps import archive
from submissions.services.heaps.archive import MOST_BYTES, MOST_FILE_BYTES, MOST_FILES, BadZip, Member

V = HeapFile.Verdict
LONGEST_EXTENSION = 10


class Upload(Protocol):
    """An uploaded file, as Django's forms give it."""

    @property
    def name(self) -> str | None: ...

    @property
    def size(self) -> int | None: ...

    def read(self, size: int = -1, /) -> bytes: ...

    def seek(self, offset: int, /) -> object: ...


class Full(Exception):
    """The heap has no room for so many files, or for so many bytes. Nothing was taken in."""


def begin(
    *, user: User, environment: Environment, uploads: Iterable[Upload], at: datetime, source: HeapSource | None = None
) -> Heap:
    """A new heap with the files, which are read one after the other. Raises NotStored, Full.

    `source` is a row that is not stored yet. The heap that its key has already is given as it is, however parallel it is asked for.
    """
    files = _taken(uploads, files=MOST_FILES, most_bytes=MOST_BYTES)
    try:
        with transaction.atomic():
            heap = Heap.objects.create(environment=environment, owner=user, created_at=at, touched_at=at)
            if source:
                source.heap = heap
                source.save(force_insert=True)
            _store(heap, files, by=user.actor, at=at)
    except IntegrityError:
        known = Heap.objects.filter(source__key=source.key).first() if source else None
        if known is None:
            raise
        return known
    return heap


def add(*, heap: Heap, uploads: Iterable[Upload], by: str, at: datetime) -> int:
    """More files for a heap. Returns how many there were. Raises NotStored, Full, and Heap.DoesNotExist when it was deleted meanwhile."""
    room, most_bytes = _room(heap)
    files = _taken(uploads, files=room, most_bytes=most_bytes)
    with transaction.atomic():
        Heap.objects.select_for_update().get(pk=heap.pk)
        room, most_bytes = _room(heap)  # others may have added some while ours were read
        if len(files) > room or sum(file.size for file in files if file.sha256) > most_bytes:
            raise Full
        _store(heap, files, by=by, at=at)
    return len(files)


def _room(heap: Heap) -> tuple[int, int]:
    """How many files and bytes more it may have."""
    present = heap.files.aggregate(files=Count("pk"), size=Sum("size", filter=~Q(sha256=""), default=0))
    return MOST_FILES - present["files"], max(0, MOST_BYTES - present["size"])


def _store(heap: Heap, files: list[HeapFile], *, by: str, at: datetime) -> None:
    for file in files:
        file.heap = heap
    HeapFile.objects.bulk_create(files, batch_size=500)
    Heap.objects.filter(pk=heap.pk).update(touched_at=at, sorted_at=None, failures=0, problem_code="")
    lease.make_due(Heap.objects.filter(pk=heap.pk), at=at)
    record(by=by, at=at, target=heap, what=AuditType.FILES_ADDED, files=len(files))


def _taken(uploads: Iterable[Upload], *, files: int, most_bytes: int) -> list[HeapFile]:
    """The rows of the files, stored. Raises NotStored, Full."""
    rows: list[HeapFile] = []
    left = most_bytes
    for upload in uploads:
        for row in _rows_of(upload, files=files - len(rows), most_bytes=left):
            rows.append(row)
            left -= row.size if row.sha256 else 0
        if len(rows) > files or left < 0:
            raise Full
    return rows


def _rows_of(upload: Upload, *, files: int, most_bytes: int) -> Iterator[HeapFile]:
    name, size = upload.name or "", upload.size or 0
    upload.seek(0)
    start = upload.read(4)
    upload.seek(0)
    if archive.is_zip(name, start):
        yield from _of_zip(upload, name, size, files=files, most_bytes=most_bytes)
    elif size > MOST_FILE_BYTES:
        yield _row(Member(name, size, code="FILE_TOO_LARGE"))
    else:
        yield _row(Member(name, size), file=upload)


def _of_zip(upload: Upload, name: str, size: int, *, files: int, most_bytes: int) -> Iterator[HeapFile]:
    """The files of the zip; one row for the zip itself when it is refused."""
    try:
        members = archive.members(cast("IO[bytes]", upload), size=size, files=files, most_bytes=most_bytes)
    except BadZip as error:
        yield _row(Member(name, size, code=error.code), error.params)
        return
    for member in members:
        yield _row(member)


def _extension(filename: str) -> str:
    """The column is readable, and after a point may stand anything: no service takes files that end in a number."""
    suffix = PurePath(filename).suffix.lower()[:LONGEST_EXTENSION]
    return "" if suffix[1:].isdigit() else suffix


def _row(member: Member, params: dict[str, str] | None = None, *, file: Upload | None = None) -> HeapFile:
    """`file`: where its content is, when not in `member`."""
    filename = clean_filename(member.name)
    extension = _extension(filename)
    fields: dict[str, Any] = {"filename": filename, "extension": extension, "size": member.size}
    if member.code:
        sizes = {"size": f"{member.size / 10**6:.0f}", "most": f"{MOST_FILE_BYTES / 10**6:.0f}"}
        detail = {"params": params or sizes}
        return HeapFile(**fields, verdict=V.REFUSED, code=member.code, detail=detail)
    try:
        kept = keep_file(file) if file else keep(member.content)
    except OSError as error:
        raise NotStored(code_of(error)) from error
    return HeapFile(**fields, sha256=kept.sha256, verdict=V.WAITING)
