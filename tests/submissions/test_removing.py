"""A file is taken out of a draft and put back: once, for a while, and never over another file."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from portal.core.audit import AuditEvent, target_of
from portal.core.lease import LEASE
from portal.core.undo import UNDO_FOR
from submissions.models import Approval, Document, RemovedFile, Submission
from submissions.services import documents
from submissions.services.drafting import drafts, package_check, removing
from submissions.services.sending import approvals
from submissions.tasks import sweep_documents
from systemusers.models import Access
from tests.fixtures import AT
from tests.submissions.deaths import each_death
from tests.submissions.test_approvals import asked
from tests.submissions.test_pages import create, url
from tests.submissions.world import BY, World, make_draft, package, queue_package, store, store_package

S = Submission.Status


def taken_out(draft: Submission, role: str = "PART") -> Document:
    """A file that was taken out of a checked draft."""
    store_package(draft, parts=2)
    document = draft.documents.filter(role=role).earliest("pk")
    pk = document.pk
    removing.remove(submission=draft, document=document, by=BY, at=AT)
    document.pk = pk
    return document


def put_back(draft: Submission, document: Document, **when: Any) -> None:
    removing.put_back(submission=draft, document_id=document.pk, by=BY, at=AT + timedelta(**when))


def test_it_comes_back_as_it_was_and_the_whole_is_checked_again(draft: Submission) -> None:
    document = taken_out(draft, "MAIN")
    assert (draft.status, draft.is_checked) == (S.DRAFT, True)

    put_back(draft, document, minutes=14)

    back = draft.documents.get(pk=document.pk)
    names = ("role", "filename", "sha256", "size", "upload", "stored_at")
    assert [getattr(back, name) for name in names] == [getattr(document, name) for name in names]
    assert (draft.status, draft.errors, RemovedFile.objects.count()) == (S.READY, 0, 0)
    trail = AuditEvent.objects.filter(target=target_of(draft), what="file-put-back")
    assert [event.detail["documents"] for event in trail] == [[document.pk]]


def test_asked_for_twice_it_is_put_back_once(draft: Submission) -> None:
    document = taken_out(draft)

    put_back(draft, document)
    put_back(draft, document)

    assert draft.documents.filter(sha256=document.sha256).count() == 1


def test_taken_out_twice_it_is_taken_out_once(draft: Submission) -> None:
    document = taken_out(draft)

    assert not removing.remove(submission=draft, document=document, by=BY, at=AT)
    assert AuditEvent.objects.filter(target=target_of(draft), what="file-removed").count() == 1


def test_after_a_while_it_stays_out_and_its_bytes_go(draft: Submission, settings: Any) -> None:
    document = taken_out(draft)

    with pytest.raises(removing.TooLate):
        put_back(draft, document, seconds=UNDO_FOR.total_seconds() + 1)
    assert documents.forget({document.sha256}) == 0, "the bytes stay while it can be put back"
    sweep_documents()

    assert not RemovedFile.objects.exists()
    assert documents.forget({document.sha256}) == 1


@pytest.mark.parametrize("role", ["MAIN", "PART"])
def test_it_never_takes_the_place_of_another_file(draft: Submission, role: str) -> None:
    document = taken_out(draft, role)
    other = document.filename if role == "PART" else "nytt-hovedskjema.xml"
    content = next(content for name, content in package(draft, parts=2) if name == document.filename)
    store(draft, [(other, content + b"\n")], at=AT)
    before = set(draft.documents.values_list("pk", flat=True))

    with pytest.raises(removing.Replaced) as raised:
        put_back(draft, document)

    assert raised.value.filename == other
    assert set(draft.documents.values_list("pk", flat=True)) == before


def test_nothing_is_put_back_into_what_was_sent(draft: Submission, access: Access) -> None:
    document = taken_out(draft)
    queue_package(draft, [], at=AT)

    with pytest.raises(drafts.NotOpen):
        put_back(draft, document)
    assert not draft.documents.filter(pk=document.pk).exists()


def test_a_file_of_another_draft_is_not_put_back_here(draft: Submission, access: Access) -> None:
    document = taken_out(draft)
    other = Submission.objects.create(
        environment=draft.environment, customer=draft.customer, access=access, service=draft.service,
        status_at=AT, created_at=AT, created_by=BY, **draft.period.columns(),
    )  # fmt: skip

    with pytest.raises(removing.TooLate):
        put_back(other, document)


def test_a_question_for_approval_does_not_survive_it(access: Access, case_worker: User) -> None:
    submission = asked(access)
    document = submission.documents.filter(role="PART").earliest("pk")
    pk = document.pk
    removing.remove(submission=submission, document=document, by=case_worker.actor, at=AT)
    removing.put_back(submission=submission, document_id=pk, by=case_worker.actor, at=AT)

    assert not Approval.objects.exists()
    with pytest.raises(Exception, match="approval"):
        approvals.approve(submission=submission, user=case_worker, at=AT, shown="")


def test_the_page_offers_the_way_back_and_tells_a_second_person(
    client: Client, access: Access, case_worker: User, administrator: User
) -> None:
    client.force_login(case_worker)
    create(client, access)
    draft = Submission.objects.get()
    document = draft.documents.filter(role="PART").earliest("pk")
    out, back = (url(f"submission-file-{act}", draft, document=document.pk) for act in ("remove", "put-back"))

    first: Any = client.post(out, follow=True)
    second: Any = client.post(out, follow=True)
    undone: Any = client.post(back, follow=True)

    assert f'action="{back}"' in first.text
    assert "Filen var tatt ut fra før." in second.text
    assert "Filen er lagt tilbake." in undone.text
    assert draft.documents.filter(pk=document.pk).exists()

    client.post(out)
    RemovedFile.objects.update(removed_at=timezone.now() - UNDO_FOR - timedelta(seconds=1))
    late: Any = client.post(back, follow=True)
    assert "Filen kan ikke legges tilbake lenger." in late.text


@pytest.mark.django_db(transaction=True)
def test_whatever_process_dies_the_file_is_in_the_draft_or_can_be_put_back(world: World) -> None:
    draft = make_draft(world.access, at=world.at)
    store(draft, package(draft, parts=2), at=world.at)
    document = draft.documents.filter(role="PART").earliest("pk")

    def remove() -> None:
        row = Submission.objects.get(pk=draft.pk)
        removing.remove(submission=row, document=row.documents.get(pk=document.pk), by=BY, at=world.at)

    for where in each_death(world, remove, at_least=6):
        is_in, is_out = (
            draft.documents.filter(pk=document.pk).exists(),
            removing.is_removed(submission=draft, document_id=document.pk),
        )
        assert is_in != is_out, where
        if is_out:
            removing.put_back(submission=draft, document_id=document.pk, by=BY, at=world.at)
        while package_check.run(at=world.at + 2 * LEASE):
            pass
        draft.refresh_from_db()
        assert (draft.status, draft.documents.count()) == (S.READY, 3), where
