"""Documents in a bucket: everything that is done with stored files, and a bucket that is away is waited for as a full disk is."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from portal.core import crypto
from portal.core.backup import making, putting_back
from portal.core.env import new_key
from portal.core.problems import StorageFailed
from portal.core.storage import s3 as s3_storage
from portal.core.storage import trying
from submissions.models import Document, PackageCheck, Submission
from submissions.services import documents
from submissions.services.documents import DocumentDamaged, read_document, storage, storage_path, store_document
from submissions.services.drafting import package_check
from tests import s3
from tests.core.backup_places import empty_database, forget_connections, new_keys, tables_again
from tests.fixtures import AT
from tests.s3_proxy import Proxy
from tests.submissions.world import World, store_package

CONTENT = b"<Skjema>hemmelig</Skjema>"
S = Submission.Status


@pytest.fixture(autouse=True)
def remote(own_storage: None, documents_in_s3: Proxy) -> Proxy:
    """After the folder that every test of submissions gets."""
    return documents_in_s3


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(s3_storage.PATIENT, "retries", {"total_max_attempts": 1})


def store(draft: Submission, content: bytes = CONTENT, **more: Any) -> Document:
    facts = {"filename": "a.xml", "media_type": "application/xml", "role": "MAIN", **more}
    return store_document(content=content, customer=draft.customer, submission=draft, at=AT, **facts)


def raw(document: Document) -> bytes:
    with storage().open(storage_path(document.sha256)) as file:
        return file.read()


def url(name: str, row: Document | Submission) -> str:
    return reverse(name, kwargs={"environment": "sandbox", "pk": row.pk})


def test_what_was_stored_is_read_back_and_lies_encrypted(draft: Submission) -> None:
    document, again = store(draft), store(draft)

    assert read_document(document) == CONTENT
    assert (again.pk, len(list(storage().names()))) == (document.pk, 1)
    assert b"hemmelig" not in raw(document)
    assert crypto.decrypt(raw(document), place=documents.PLACE, row=document.sha256) == CONTENT


def test_a_damaged_document_is_not_handed_out_and_is_mended_when_it_is_stored_again(draft: Submission) -> None:
    document = store(draft)
    storage().put(storage_path(document.sha256), ContentFile(raw(document)[:40]), sha256=b"")  # type: ignore[attr-defined]
    with pytest.raises(DocumentDamaged, match=f"document {document.pk}"):
        read_document(document)

    store(draft)

    assert read_document(document) == CONTENT


def test_a_missing_document_is_damaged_and_a_bucket_that_is_away_is_not(draft: Submission, remote: Proxy) -> None:
    document = store(draft)
    for kind in ("busy", "denied", "no bucket", "reset", "truncated"):
        remote.fail(kind)
        with pytest.raises(StorageFailed):
            read_document(document)
        with pytest.raises(StorageFailed):
            store(draft)
        remote.mend()
    assert read_document(document) == CONTENT

    storage().delete(storage_path(document.sha256))

    with pytest.raises(DocumentDamaged):
        read_document(document)


def test_bytes_that_were_changed_in_between_are_never_handed_out(draft: Submission, remote: Proxy) -> None:
    document = store(draft)
    remote.fail("changed", method="GET")

    with pytest.raises((DocumentDamaged, StorageFailed)):
        read_document(document)
    remote.mend()

    assert read_document(document) == CONTENT


def test_the_sweep_removes_old_files_without_a_row_and_asks_little(draft: Submission, remote: Proxy) -> None:
    kept = store(draft)
    lost = [documents.keep(f"nobody names this {number}".encode()) for number in range(3)]

    young = documents.sweep_orphans(at=timezone.now())
    remote.asked.clear()
    old = documents.sweep_orphans(at=timezone.now() + timedelta(days=2))

    asked = len(remote.asked)

    assert (young, old) == (0, 3)
    assert list(storage().names()) == [storage_path(kept.sha256)]
    assert asked <= 2 + 2 * len(lost), "a list from the middle, one from the beginning, and an age and an end for each"


def test_a_file_that_is_kept_again_while_it_is_forgotten_is_put_back(
    draft: Submission, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = documents.keep(CONTENT)
    delete = type(storage()).delete

    def meanwhile(self: Any, name: str) -> None:
        delete(self, name)
        cache.set(documents.KEPT_AGAIN + kept.sha256, True)

    with monkeypatch.context() as patch:
        patch.setattr(type(storage()), "delete", meanwhile)
        assert documents.forget({kept.sha256}) == 0
    cache.clear()

    assert documents.read_stored(kept.sha256) == CONTENT
    assert documents.forget({kept.sha256}) == 1
    assert documents.forget({kept.sha256}) == 0


def test_a_rotation_reaches_the_bucket(draft: Submission, settings: Any) -> None:
    document, old = store(draft), settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = [new_key(), *old]

    call_command("rotate_encryption", verbosity=0)

    settings.ENCRYPTION_KEYS = settings.ENCRYPTION_KEYS[:1]
    assert read_document(document) == CONTENT
    assert list(storage().names()) == [storage_path(document.sha256)]


def test_a_report_waits_while_the_bucket_is_away_and_is_sent_once_afterwards(world: World, remote: Proxy) -> None:
    submission = world.queued()
    remote.fail("busy")
    for _ in range(2):
        world.let_pass(60)
        world.send(submission)
    assert (submission.status, submission.problem_code) == (S.QUEUED, "STORAGE_FAILED")
    assert submission.next_attempt_at is not None

    remote.mend()

    assert world.settle(submission).status == S.DELIVERED
    assert [received.id for received in world.received] == [str(submission.transmission_id)]


def test_a_receipt_that_cannot_be_stored_does_not_hide_the_delivery(world: World, remote: Proxy) -> None:
    submission = world.queued()
    remote.fail("full", method="PUT")
    world.send(submission)
    assert (submission.status, submission.problem_code) == (S.DELIVERED, "DISK_FULL")

    remote.mend()
    world.let_pass(60)
    world.send(submission)

    assert submission.documents.filter(role=Document.Role.RECEIPT).count() == 1
    assert len(world.calls("bekreft")) == 1


def test_a_check_waits_for_the_bucket(draft: Submission, world: World, remote: Proxy) -> None:
    store_package(draft)
    draft.documents.update(report=None)
    package_check.order(submission=draft, by="task:test", at=world.at)
    remote.fail("denied")

    package_check.run(at=world.at)
    waiting = PackageCheck.objects.get(submission=draft)
    remote.mend()
    package_check.run(at=world.at + timedelta(hours=1))

    assert waiting.problem_code == "STORAGE_FAILED"
    assert Submission.objects.get(pk=draft.pk).status == S.READY


def test_pages_say_that_the_storage_is_away(
    client: Client, administrator: User, draft: Submission, remote: Proxy
) -> None:
    client.force_login(administrator)
    document = store(draft)
    remote.fail("busy")

    pages = [client.get(url("document", document)), client.get(url("document-file", document))]
    pages.append(client.get(url("submission-evidence", draft)))

    for page in pages:
        assert page.status_code == 503
        assert "Lagringen svarer ikke" in page.content.decode()


def test_a_file_is_handed_out_in_parts(client: Client, administrator: User, draft: Submission) -> None:
    client.force_login(administrator)
    content = os.urandom(3_000_000)
    document = store(draft, content, filename="stor.zip", media_type="application/zip")

    response = client.get(url("document-file", document))

    assert response["Content-Length"] == str(len(content))
    assert b"".join(response) == content


def test_a_backup_is_put_back_from_bucket_to_bucket(
    transactional_db: None, draft: Submission, tmp_path: Path, settings: Any, s3_server: s3.Server
) -> None:
    keys = new_keys(tmp_path)
    store_package(draft)
    store(draft, os.urandom(3_000_000), filename="stor.zip")
    made = making.make(folder=tmp_path / "backups", recipients=[keys.recipient], by="task:operator", at=AT)
    before = sorted(storage().names())
    options = s3_server.options(s3_server.bucket(f"{storage().bucket}-second"))  # type: ignore[attr-defined]
    empty_database()
    settings.STORAGES = {**settings.STORAGES, "documents": {**settings.STORAGES["documents"], "OPTIONS": options}}

    putting_back.restore(folder=tmp_path / "backups" / made.name, identity=keys.identity)
    forget_connections()

    assert sorted(storages["documents"].names()) == before  # type: ignore[attr-defined]
    assert Document.objects.count()
    assert all(read_document(document) for document in Document.objects.all())
    tables_again()


def test_readyz_and_the_log_tell_of_a_bucket_that_cannot_be_used(
    client: Client, remote: Proxy, db: None, caplog: pytest.LogCaptureFixture
) -> None:
    assert client.get("/readyz").json()["documents"] == "ok"

    told = {}
    for kind in ("denied", "no bucket", "busy", "reset"):
        remote.fail(kind)
        answer = client.get("/readyz")
        told[kind] = answer.json()["documents"]
        assert (answer.status_code, str(remote.port) in answer.text) == (503, False)
        trying.tell_at_start()
        remote.mend()

    assert told == {
        "denied": "access is denied", "no bucket": "there is no such bucket", "busy": "does not answer", "reset": "does not answer",
    }  # fmt: skip
    assert caplog.text.count("documents cannot be stored or read") == len(told)


def test_an_operator_can_try_the_storage(
    remote: Proxy, capsys: pytest.CaptureFixture[str], settings: Any, db: None
) -> None:
    settings.STORAGES = {**settings.STORAGES, "default": settings.STORAGES["documents"]}
    call_command("try_storage")
    assert "The storage can be used." in capsys.readouterr().out
    assert list(storage().names()) == []

    faults = {"PUT": "s3:PutObject", "DELETE": "s3:DeleteObject", "GET": "s3:GetObject"}
    for method, right in faults.items():
        remote.fail("denied", method=method)
        with pytest.raises(CommandError, match=right):
            call_command("try_storage")
        remote.mend()
