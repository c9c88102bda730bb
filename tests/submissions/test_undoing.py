"""A discarded draft, and a removed file, are taken back: the same rows, within a limited time, and never beside another draft."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import User
from portal.core.audit import AuditEvent
from submissions.models import Submission
from submissions.services import documents
from submissions.services.drafting import drafts, undoing
from submissions.services.drafting.drafts import NotOpen, OpenDraft
from systemusers.models import Access
from tests.fixtures import AT
from tests.submissions.rows import make_draft
from tests.submissions.test_pages import create, uploads, url

S = Submission.Status


@pytest.fixture(autouse=True)
def logged_in(client: Client, case_worker: User) -> None:
    client.force_login(case_worker)


def test_a_discarded_draft_comes_back_with_its_files_and_is_checked_again(client: Client, access: Access) -> None:
    create(client, access)
    draft = Submission.objects.get()
    files = sorted(draft.documents.values_list("pk", "sha256"))

    discarded: Any = client.post(url("submission-discard", draft), follow=True)
    client.post(url("submission-restore", draft))

    assert f'action="{url("submission-restore", draft)}"' in discarded.text
    draft.refresh_from_db()
    assert (draft.status, draft.is_checked) == (S.READY, True)
    assert sorted(draft.documents.values_list("pk", "sha256")) == files
    steps = AuditEvent.objects.filter(target=f"submissions.Submission:{draft.pk}", what="CANCELLED->DRAFT")
    assert [event.by for event in steps] == ["user:case_worker@vendor.example"]


def test_after_a_while_it_stays_discarded(access: Access) -> None:
    draft = make_draft(access, status=S.CANCELLED, status_at=AT)

    with pytest.raises(NotOpen):
        undoing.restore(submission=draft, by="user:x", at=AT + undoing.UNDO_FOR + timedelta(seconds=1))
    draft.refresh_from_db()
    assert draft.status == S.CANCELLED


def test_what_had_been_sent_is_no_draft_again(access: Access) -> None:
    stopped = make_draft(access, status=S.CANCELLED, status_at=AT, queued_at=AT)

    assert not undoing.may_restore(stopped, at=AT)
    with pytest.raises(NotOpen):
        undoing.restore(submission=stopped, by="user:x", at=AT)


def test_beside_a_newer_draft_of_the_period_it_stays_discarded(client: Client, access: Access) -> None:
    discarded = make_draft(access, status=S.CANCELLED, status_at=timezone.now())
    newer = make_draft(access)

    with pytest.raises(OpenDraft) as raised:
        undoing.restore(submission=discarded, by="user:x", at=timezone.now())
    page: Any = client.post(url("submission-restore", discarded), follow=True)

    assert raised.value.draft == newer
    assert page.context["submission"] == newer


def address_of_undo(reply: Any, part: str) -> str:
    """Where the button of the message posts to."""
    found = re.search(rf'action="([^"]*{part}[^"]*)"', reply.text)
    assert found, reply.text
    return html.unescape(found[1])


@pytest.fixture
def full(client: Client, access: Access) -> Submission:
    create(client, access)
    return Submission.objects.get()


def remove(client: Client, draft: Submission, role: str = "PART") -> Any:
    document = draft.documents.filter(role=role)[0]
    return client.post(url("submission-file-remove", draft, document=document.pk), follow=True)


def test_a_removed_file_comes_back_and_is_checked_again(client: Client, full: Submission) -> None:
    files = sorted(full.documents.values_list("pk", "sha256", "role"))

    removed = remove(client, full)
    client.post(address_of_undo(removed, "files/restore"))

    full.refresh_from_db()
    assert sorted(full.documents.values_list("pk", "sha256", "role")) == files
    assert (full.status, full.is_checked) == (S.READY, True)
    trail = AuditEvent.objects.filter(target=f"submissions.Submission:{full.pk}", what__startswith="file")
    out, back = list(trail.order_by("pk"))[-2:]
    assert (out.what, back.what, back.detail) == ("file-removed", "files-added", out.detail)


def test_a_file_is_put_back_once_and_only_by_the_one_who_removed_it(
    client: Client, full: Submission, administrator: User
) -> None:
    button = address_of_undo(remove(client, full), "files/restore")
    client.force_login(administrator)
    others: Any = client.post(button, follow=True)
    client.force_login(User.objects.get(email__startswith="case_worker"))
    client.post(button)
    again: Any = client.post(button, follow=True)

    assert "Filen kan ikke hentes tilbake lenger" in others.text
    assert "Filen kan ikke hentes tilbake lenger" in again.text
    assert full.documents.filter(role="PART").count() == 2


def test_a_file_that_came_meanwhile_makes_room_for_the_one_that_is_put_back(client: Client, full: Submission) -> None:
    button = address_of_undo(remove(client, full, "MAIN"), "files/restore")
    same = uploads()[0]
    newer = SimpleUploadedFile("nyere.xml", same.read() + b"\n")
    drafts.add_files(submission=full, files=[newer], by="user:x", at=timezone.now())

    client.post(button)

    full.refresh_from_db()
    assert full.documents.filter(role="MAIN").count() == 1
    assert full.documents.get(role="MAIN").filename != newer.name
    assert full.status == S.READY


def test_a_file_whose_bytes_are_gone_is_not_put_back(client: Client, full: Submission) -> None:
    sha256 = full.documents.filter(role="PART")[0].sha256
    button = address_of_undo(remove(client, full), "files/restore")
    documents.storage().delete(documents.storage_path(sha256))

    page: Any = client.post(button, follow=True)

    assert "Legg den til på nytt" in page.text
    assert full.documents.filter(role="PART").count() == 1


def test_nothing_is_put_back_into_what_was_sent(client: Client, full: Submission) -> None:
    button = address_of_undo(remove(client, full), "files/restore")
    Submission.objects.filter(pk=full.pk).update(status=S.QUEUED)

    page: Any = client.post(button, follow=True)

    assert "gått videre i mellomtiden" in page.text
    assert full.documents.filter(role="PART").count() == 1
