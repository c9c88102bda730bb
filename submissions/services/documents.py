"""Stored files: encrypted, addressed by the SHA-256 of their plain text, written before the row that names them.

The same bytes are stored once. A crash may leave a file without a row; a sweep removes it.
"""

from __future__ import annotations

import hashlib
import io
import re
import shutil
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from django.core.cache import cache
from django.core.files.base import File
from django.core.files.storage import Storage, storages
from django.db import transaction
from django.utils import timezone

from accounts.models import Customer
from portal.core import crypto, sealed_files
from portal.core.feed.event import FeedEvent, Type
from portal.core.feed.tell import tell, told
from portal.core.masking import UNSEEN
from portal.core.storage.names import names
from portal.gateways.text import cleaned
from submissions.models import Document, HeapFile, Order, RemovedFile, Submission, Transmission

PLACE = "documents"
"""Of all stored files, for their encryption. Each is bound to its hash."""
ORPHAN_AGE = timedelta(days=1)
SWEEP_FOR = 200.0
"""Seconds: less than the time limit of the task."""
FURTHER = 101
"""Folders between the beginnings of two days. It has no divisor with 256, their number, so that each is the first some day."""
AT_ONCE = 1000
KEPT_AGAIN = "document-kept-again:"
"""In the cache, before the hash: somebody stored bytes that were there, and may not have made the row yet."""
MAX_NAME = 120
NAMING = (Document, HeapFile, RemovedFile)
"""The models whose rows name stored files by their hash."""
_NAME = re.compile(r"[0-9a-f]{64}")
_UNWANTED = re.compile(rf'(?:[<>:"/\\|?*]|{UNSEEN.pattern}|[\t\r\n])+')


class DocumentDamaged(Exception):
    """The stored bytes are gone, are not those that were stored, or no key of ours fits them.

    The message names the document, not its content. `code` is known to `portal.explain`.
    """

    code = "DOCUMENT_DAMAGED"


def storage() -> Storage:
    return storages["documents"]


def storage_path(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


def store_document(
    *,
    content: bytes,
    filename: str,
    media_type: str,
    role: str,
    customer: Customer,
    submission: Submission | None = None,
    transmission: Transmission | None = None,
    attachment_id: str = "",
    at: datetime,
) -> Document:
    """Store `content` and return its row; the existing row when it was stored before.

    Identity is the attachment of a transmission, else the role in a submission with the same bytes.
    """
    return record_document(
        kept=keep(content),
        filename=filename,
        media_type=media_type,
        role=role,
        customer=customer,
        submission=submission,
        transmission=transmission,
        attachment_id=attachment_id,
        at=at,
    )


def distinct(filename: str, taken: set[str]) -> str:
    """The name, with a number when it is taken, in any letter case: some file systems take them for one. Adds it to `taken`."""
    stem, dot, ending = filename.rpartition(".")
    stem, ending = (stem, dot + ending) if dot else (filename, "")
    number, candidate = 2, filename
    while candidate.casefold() in taken:
        candidate, number = f"{stem}-{number}{ending}", number + 1
    taken.add(candidate.casefold())
    return candidate


@dataclass(frozen=True)
class Kept:
    """Stored bytes that have no row yet. `size` in bytes; `is_written`: they were not there, or were damaged."""

    sha256: str
    size: int
    is_written: bool = True


@dataclass(frozen=True)
class StoredUpload:
    """A file for a draft whose bytes are stored already. `read` raises DocumentDamaged."""

    name: str
    kept: Kept

    @property
    def size(self) -> int:
        return self.kept.size

    def read(self, _size: int = -1, /) -> bytes:
        """All of it."""
        return read_stored(self.kept.sha256)

    def seek(self, _offset: int, /) -> None:
        """Each reading begins at the start."""


def keep(content: bytes) -> Kept:
    """Write the encrypted bytes at the path of their hash. Call it before, never inside, a transaction."""
    return keep_file(io.BytesIO(content))


def keep_file(file: sealed_files.Readable) -> Kept:
    """The same of an open file, which is read twice and never held in memory as a whole."""
    file.seek(0)
    digest, size = hashlib.sha256(), 0
    while part := file.read(sealed_files.CHUNK):
        digest.update(part)
        size += len(part)
    sha256 = digest.hexdigest()
    return Kept(sha256, size, is_written=_keep(sha256, file))


def record_document(
    *,
    kept: Kept,
    filename: str,
    media_type: str,
    role: str,
    customer: Customer,
    submission: Submission | None = None,
    transmission: Transmission | None = None,
    attachment_id: str = "",
    order: Order | None = None,
    at: datetime,
) -> Document:
    """The row of stored bytes; the existing row when there is one."""
    content = {"submission": submission, "order": order, "customer": customer, "role": role, "sha256": kept.sha256}
    identity: dict[str, Any] = (
        {"transmission": transmission, "attachment_id": attachment_id}
        if transmission
        else {"transmission": None, **content}
    )
    facts = {
        "customer": customer,
        "submission": submission,
        "order": order,
        "role": role,
        "filename": clean_filename(filename),
        "media_type": media_type[:100],
        "size": kept.size,
        "sha256": kept.sha256,
        "stored_at": at,
    }
    with transaction.atomic():
        document, is_new = Document.objects.get_or_create(**identity, defaults=facts)
        if is_new and not document.is_form and order is None:  # an order tells of its answer itself
            tell([_stored(document, at=at)])
    return document


def _stored(document: Document, *, at: datetime) -> FeedEvent:
    """What is told of a document that was received: what it is, and what it belongs to."""
    about: dict[str, Any] = {"role": document.role}
    if document.submission:
        about["submission"] = str(document.submission.reference)
    elif document.transmission:
        about["dialog"] = document.transmission.dialog_id
    environment = document.customer.environment
    return told(Type.DOCUMENT_STORED, document, at=at, environment=environment, **about)


def record_receipts(kept: Mapping[Submission, Kept], *, names: Mapping[Submission, str], at: datetime) -> None:
    """`record_document` for one receipt of each submission. Three queries. Call it in a transaction."""
    R = Document.Role.RECEIPT
    there = set(
        Document.objects.filter(submission__in=[row.pk for row in kept], role=R).values_list("submission_id", "sha256")
    )
    made = Document.objects.bulk_create(
        Document(
            customer=row.customer, submission=row, role=R, filename=names[row], media_type="application/json",
            size=one.size, sha256=one.sha256, stored_at=at,
        )
        for row, one in kept.items()
        if (row.pk, one.sha256) not in there
    )  # fmt: skip
    tell(_stored(document, at=at) for document in made)


def read_document(document: Document) -> bytes:
    """The plain bytes. Raises DocumentDamaged."""
    return read_stored(document.sha256, name=f"document {document.pk}")


def read_stored(sha256: str, *, name: str = "a stored file") -> bytes:
    """The plain bytes with this hash. `name` is for the message. Raises DocumentDamaged."""
    with open_stored(sha256, name=name) as file:
        return file.read()


def open_document(document: Document) -> IO[bytes]:
    """The plain bytes as an open file, checked as a whole before. Raises DocumentDamaged."""
    return open_stored(document.sha256, name=f"document {document.pk}")


def open_stored(sha256: str, *, name: str = "a stored file") -> IO[bytes]:
    """`read_stored` as an open file, which is never held in memory as a whole. Raises DocumentDamaged."""
    try:
        return _open(sha256)
    except crypto.CannotDecrypt as error:
        raise DocumentDamaged(f"{name}: {error}") from error
    except FileNotFoundError as error:
        raise DocumentDamaged(f"{name}: the stored file is gone") from error


def into_zip(sha256: str, archive: zipfile.ZipFile, *, name: str) -> None:
    """Raises DocumentDamaged; then nothing was written."""
    with open_stored(sha256) as file:
        entry = zipfile.ZipInfo(name, date_time=timezone.localtime().timetuple()[:6])
        entry.compress_type = archive.compression
        with archive.open(entry, "w", force_zip64=True) as into:
            shutil.copyfileobj(file, into, sealed_files.CHUNK)


def clean_filename(given: str) -> str:
    """The last part of the name, without invisible characters and those that are unsafe in file systems and headers. Never empty."""
    last = given.replace("\\", "/").rsplit("/", 1)[-1]
    plain = cleaned(_UNWANTED.sub("_", last)).strip(" .")
    stem, dot, suffix = plain.rpartition(".")
    if dot and len(suffix) <= 10:
        plain = f"{stem[: MAX_NAME - len(suffix) - 1]}.{suffix}"
    return plain[:MAX_NAME] or "uten-navn"


def sweep_orphans(*, at: datetime) -> int:
    """Delete stored files that no row has named for a day. Returns how many.

    One query for many files. It ends after SWEEP_FOR, and begins in another folder each day, so that every file has its turn.
    """
    gone, until = 0, time.monotonic() + SWEEP_FOR
    stored = names(storage(), first=f"{at.toordinal() * FURTHER % 256:02x}/00/0")
    while (some := list(islice(stored, AT_ONCE))) and time.monotonic() < until:
        for name in _without_row(some):
            gone += _delete_if_old(name, at)
    return gone


def _without_row(names: list[str]) -> list[str]:
    by_hash = {name.rsplit("/", 1)[-1]: name for name in names}
    hashes = {sha256 for sha256 in by_hash if _NAME.fullmatch(sha256)}
    return [by_hash[sha256] for sha256 in sorted(hashes - _named(hashes))]


def _named(hashes: set[str]) -> set[str]:
    """Those that a row names: of a document, of one that was taken out of a draft lately, or of a file of a heap. One query."""
    first, *others = (
        model._default_manager.filter(sha256__in=hashes).order_by().values_list("sha256", flat=True) for model in NAMING
    )
    return set(first.union(*others))


def forget(hashes: set[str]) -> int:
    """Delete the stored files of rows that are deleted, but for those that another row names. Returns how many.

    One that was kept again lately may get a row in a moment: it is left to the sweep.
    """
    gone = hashes - _named(hashes)
    gone -= {key.removeprefix(KEPT_AGAIN) for key in cache.get_many([KEPT_AGAIN + sha256 for sha256 in gone])}
    return sum(_forget(sha256) for sha256 in gone)


def _forget(sha256: str) -> bool:
    """It is put back when it was kept again while it was deleted."""
    name = storage_path(sha256)
    with SpooledTemporaryFile(max_size=sealed_files.IN_MEMORY) as sealed:
        try:
            with storage().open(name) as file:
                shutil.copyfileobj(file, sealed)
        except FileNotFoundError:
            return False
        storage().delete(name)
        if not cache.get(KEPT_AGAIN + sha256):
            return True
        _write(name, sealed)
    return False


def _delete_if_old(name: str, at: datetime) -> bool:
    """The age is read last: a file that is stored again now gets a new time before it gets its row."""
    try:
        if storage().get_modified_time(name) >= at - ORPHAN_AGE:
            return False
        storage().delete(name)
    except FileNotFoundError:  # another sweep was here first
        return False
    return True


def _keep(sha256: str, plain: sealed_files.Readable) -> bool:
    """Write the file unless it exists and is complete; tells whether it did.

    An old file without a row is written again: a new modification time protects it from the sweep. A young one may be
    another process's, which is about to make its row: it is not touched.
    """
    name = storage_path(sha256)
    if storage().exists(name):
        cache.set(KEPT_AGAIN + sha256, True, timeout=ORPHAN_AGE.total_seconds())
        if (_named({sha256}) or _is_young(name)) and _is_whole(sha256):
            return False
        storage().delete(name)
    plain.seek(0)
    with sealed_files.seal(plain, place=PLACE, row=sha256) as sealed:
        _write(name, sealed)
    return True


def _write(name: str, sealed: IO[bytes]) -> None:
    kept = storage().save(name, File(sealed))
    if kept != name:  # another process wrote the same bytes first; its file is used
        storage().delete(kept)


def _is_young(name: str) -> bool:
    try:
        return storage().get_modified_time(name) > timezone.now() - ORPHAN_AGE / 2
    except FileNotFoundError:  # a sweep was here first
        return False


def _is_whole(sha256: str) -> bool:
    try:
        _open(sha256).close()
    except (crypto.CannotDecrypt, FileNotFoundError):
        return False
    return True


def _open(sha256: str) -> IO[bytes]:
    """Raises crypto.CannotDecrypt, FileNotFoundError."""
    with storage().open(storage_path(sha256)) as file:
        return sealed_files.unseal(file, size=file.size, place=PLACE, row=sha256, sha256=sha256)
