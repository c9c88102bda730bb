"""Stored files: encrypted, found by hash, whole or loudly not."""

from __future__ import annotations

import errno
import hashlib
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage, storages
from django.utils import timezone

from portal.core import crypto
from submissions.models import Document, Submission
from submissions.services import documents
from submissions.services.documents import DocumentDamaged, read_document, store_document
from tests.fixtures import AT

CONTENT = b"<Skjema>hemmelig</Skjema>"


def store(submission: Submission, content: bytes = CONTENT, filename: str = "hovedskjema.xml") -> Document:
    return store_document(
        content=content,
        filename=filename,
        media_type="application/xml",
        role="MAIN",
        customer=submission.customer,
        submission=submission,
        at=AT,
    )


def path_of(document: Document) -> Path:
    return Path(storages["documents"].path(documents.storage_path(document.sha256)))


def test_what_was_stored_is_read_back_and_lies_encrypted(draft: Submission) -> None:
    document = store(draft)

    assert read_document(document) == CONTENT
    assert document.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert b"hemmelig" not in path_of(document).read_bytes()


def test_storing_the_same_again_gives_the_same_row(draft: Submission) -> None:
    first = store(draft)

    again = store(draft, filename="et annet navn.xml")

    assert again.pk == first.pk
    assert Document.objects.count() == 1


def test_an_attachment_is_stored_once_however_often_it_is_fetched(draft: Submission) -> None:
    first, second = store(draft, b"a"), store(draft, b"b")

    assert {first.sha256, second.sha256} == set(draft.documents.values_list("sha256", flat=True))


def test_a_file_cut_off_by_a_crash_is_written_anew(draft: Submission) -> None:
    document = store(draft)
    path_of(document).write_bytes(path_of(document).read_bytes()[:40])

    store(draft)

    assert read_document(document) == CONTENT


def test_a_file_that_was_changed_is_not_handed_out(draft: Submission) -> None:
    document = store(draft)
    path_of(document).write_bytes(crypto.encrypt(b"something else", place="documents", row=document.sha256))

    with pytest.raises(DocumentDamaged, match=f"document {document.pk}"):
        read_document(document)


def test_a_file_that_is_gone_is_said_to_be_gone(draft: Submission) -> None:
    document = store(draft)
    path_of(document).unlink()

    with pytest.raises(DocumentDamaged):
        read_document(document)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\skjema\\hoved.xml", "hoved.xml"),
        ('a"b\r\nSet-Cookie: x.xml', "a_b_Set-Cookie_ x.xml"),
        ("oppgave\u202elmx.exe.xml", "oppgave_lmx.exe.xml"),
        ("...", "uten-navn"),
        ("", "uten-navn"),
        (f"{'æ' * 300}.xml", f"{'æ' * 116}.xml"),
    ],
)
def test_a_filename_is_made_harmless(given: str, kept: str) -> None:
    assert documents.clean_filename(given) == kept


def test_the_sweep_removes_old_files_without_a_row_and_nothing_else(draft: Submission) -> None:
    kept, lost = store(draft), documents.keep(b"nobody names this")
    lost_path = Path(storages["documents"].path(documents.storage_path(lost.sha256)))

    young = documents.sweep_orphans(at=timezone.now())
    old = documents.sweep_orphans(at=timezone.now() + timedelta(days=2))

    assert (young, old) == (0, 1)
    assert read_document(kept) == CONTENT
    assert not lost_path.exists()


def test_orphans_among_many_files_are_found_in_few_queries(
    draft: Submission, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr(documents, "AT_ONCE", 20)
    for number in range(30):
        store(draft, content=f"named {number}".encode())
    for number in range(10):
        documents.keep(f"nobody names this {number}".encode())

    with django_assert_num_queries(2):
        gone = documents.sweep_orphans(at=timezone.now() + timedelta(days=400))

    assert gone == 10
    assert all(read_document(row) for row in Document.objects.all())


def test_a_sweep_that_has_no_time_for_all_begins_elsewhere_the_next_day(
    draft: Submission, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "AT_ONCE", 1)
    for number in range(4):
        documents.keep(f"nobody names this {number}".encode())
    clock = iter(range(1000))
    monkeypatch.setattr(documents.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(documents, "SWEEP_FOR", 2)

    gone = [documents.sweep_orphans(at=timezone.now() + timedelta(days=2 + day)) for day in range(5)]

    assert (gone[0], sum(gone)) == (1, 4)


def test_a_file_that_another_sweep_has_deleted_is_no_fault(draft: Submission, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = [documents.keep(f"nobody names this {number}".encode()) for number in range(2)]
    without_row = documents._without_row

    def meanwhile(names: list[str]) -> list[str]:
        found = without_row(names)
        documents.storage().delete(documents.storage_path(lost[0].sha256))
        return found

    monkeypatch.setattr(documents, "_without_row", meanwhile)

    assert documents.sweep_orphans(at=timezone.now() + timedelta(days=2)) == 1


def test_an_orphan_stored_again_becomes_young(draft: Submission) -> None:
    lost = documents.keep(CONTENT)
    path = Path(storages["documents"].path(documents.storage_path(lost.sha256)))
    old = (timezone.now() - timedelta(days=2)).timestamp()
    os.utime(path, (old, old))
    before = path.stat().st_ino, path.read_bytes()

    document = store(draft)

    assert (path.stat().st_ino, path.read_bytes()) != before
    assert path.stat().st_mtime > old
    assert read_document(document) == CONTENT


def test_a_file_whose_row_is_about_to_be_made_is_not_touched_by_another_process(
    draft: Submission, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be lost when the disk is full at that moment."""
    kept = documents.keep(CONTENT)

    def full(*_: Any, **__: Any) -> str:
        raise OSError(errno.ENOSPC, "no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(FileSystemStorage, "save", full)
        again = documents.keep(CONTENT)
        with pytest.raises(OSError, match="no space"):
            documents.keep(b"other bytes")

    document = documents.record_document(
        kept=kept, filename="a.xml", media_type="application/xml", role="MAIN", customer=draft.customer,
        submission=draft, at=AT,
    )  # fmt: skip
    assert (kept.is_written, again.is_written) == (True, False)
    assert read_document(document) == CONTENT
