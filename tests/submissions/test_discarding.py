"""A draft is discarded at once, and can be taken back; its files are deleted later where the operator says when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from portal.core.audit import AuditEvent
from submissions.models import Document, Submission
from submissions.services.documents import storage, storage_path
from submissions.services.sending.queue import cancel
from systemusers.models import Access
from tests.core.purging import purged
from tests.fixtures import AT
from tests.submissions.world import BY, World, make_draft, store_package

pytestmark = pytest.mark.django_db
S = Submission.Status
KEPT = timedelta(days=30)


@pytest.fixture
def kept(settings: Any) -> None:
    settings.KEPT = {**settings.KEPT, "discarded-drafts": KEPT.days}


def discarded(access: Access) -> Submission:
    draft = make_draft(access)
    store_package(draft)
    draft.refresh_from_db()
    cancel(submission=draft, by=BY, at=AT)
    return draft


def url(row: Submission) -> str:
    return reverse("submission-discard", kwargs={"environment": "sandbox", "pk": row.pk})


def test_a_draft_is_discarded_by_one_button_and_offered_back(client: Client, access: Access, case_worker: User) -> None:
    draft = make_draft(access)
    client.force_login(case_worker)
    page = client.get(reverse("submission", kwargs={"environment": "sandbox", "pk": draft.pk})).text

    read = client.get(url(draft))
    draft.refresh_from_db()
    before = draft.status
    after = client.post(url(draft), follow=True).text

    draft.refresh_from_db()
    assert f'action="{url(draft)}"' in page
    assert read.status_code == 405
    assert (before, draft.status) == (S.DRAFT, S.CANCELLED)
    assert reverse("submission-restore", kwargs={"environment": "sandbox", "pk": draft.pk}) in after


def test_stopping_a_sending_leaves_a_draft_alone(client: Client, access: Access, case_worker: User) -> None:
    draft = make_draft(access)
    client.force_login(case_worker)

    page = client.post(reverse("submission-cancel", kwargs={"environment": "sandbox", "pk": draft.pk}), follow=True)

    draft.refresh_from_db()
    assert draft.status == S.DRAFT
    assert "har gått videre i mellomtiden" in page.text


def test_what_was_queued_meanwhile_is_not_discarded(client: Client, access: Access, case_worker: User) -> None:
    draft = make_draft(access, status="QUEUED")
    client.force_login(case_worker)

    page = client.post(url(draft), follow=True).text

    draft.refresh_from_db()
    assert draft.status == S.QUEUED
    assert "har gått videre i mellomtiden" in page


def test_the_files_of_a_discarded_draft_stay_to_their_last_day_and_go_once(access: Access, kept: None) -> None:
    row = discarded(access)
    paths = [storage_path(one.sha256) for one in Document.objects.filter(submission=row)]

    assert purged("discarded-drafts", at=AT + KEPT) == 0
    assert all(storage().exists(path) for path in paths)
    assert purged("discarded-drafts", at=AT + KEPT + timedelta(seconds=1)) == 1
    assert purged("discarded-drafts", at=AT + KEPT + timedelta(days=1)) == 0

    assert paths
    assert not [path for path in paths if storage().exists(path)]
    assert Submission.objects.get(pk=row.pk).status == S.CANCELLED
    assert AuditEvent.objects.filter(target=f"submissions.Submission:{row.pk}", what="files-deleted").count() == 1


def test_where_they_are_kept_without_end_nothing_is_deleted(access: Access, settings: Any) -> None:
    settings.KEPT = {**settings.KEPT, "discarded-drafts": 0}
    discarded(access)

    assert purged("discarded-drafts", at=AT + timedelta(days=10_000)) == 0


def test_what_was_sent_or_was_to_be_sent_is_evidence_and_stays(world: World, kept: None) -> None:
    delivered = world.send(world.queued())
    given_up = world.queued()
    cancel(submission=given_up, by=BY, at=world.at)
    before = Document.objects.count()

    assert (delivered.status, given_up.status) == (S.DELIVERED, S.CANCELLED)
    assert purged("discarded-drafts", at=world.at + timedelta(days=10_000)) == 0
    assert Document.objects.count() == before
