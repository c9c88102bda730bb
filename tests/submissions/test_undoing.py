"""A discarded draft is taken back: the same row with the same files, within a limited time, and never beside another draft."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from portal.core.audit import AuditEvent
from portal.core.undo import UNDO_FOR
from submissions.models import Submission
from submissions.services.drafting import undoing
from submissions.services.drafting.drafts import NotOpen, OpenDraft
from systemusers.models import Access
from tests.fixtures import AT
from tests.submissions.rows import make_draft
from tests.submissions.test_pages import create, url

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
        undoing.restore(submission=draft, by="user:x", at=AT + UNDO_FOR + timedelta(seconds=1))
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
