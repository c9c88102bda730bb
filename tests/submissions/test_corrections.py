"""Mending what was turned down: the reasons are at hand, and the very same is not sent again."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from submissions.adapters.rf1086.samples import example
from submissions.models import Document, Submission
from submissions.services.drafting import drafts
from submissions.services.drafting.preflight import preflight
from submissions.services.pages.timeline import timeline
from submissions.services.sending.queue import queue
from submissions.views.examples import Example
from systemusers.models import Access
from tests.fixtures import AT, CUSTOMER_ORGNR
from tests.submissions.world import make_draft

pytestmark = pytest.mark.django_db
BY = "user:ida@vendor.example"
SAME = "Filene er de samme som ble avvist. Last opp en rettet fil."


def files(*, wrong_sum: bool = False) -> list[Example]:
    made = example(CUSTOMER_ORGNR, "Nordlys Eiendom AS", 2025, shareholders=2, wrong_sum=wrong_sum)
    return [Example(file.name, file.content) for file in made]


@pytest.fixture
def rejected(access: Access) -> Submission:
    row = make_draft(access)
    drafts.add_files(submission=row, files=files(wrong_sum=True), by=BY, at=AT)
    reasons = [{"text": "Summen stemmer ikke", "description": "", "guidance": "", "file": "", "where": ""}]
    Submission.objects.filter(pk=row.pk).update(status="REJECTED", delivered_at=AT, reasons=reasons)
    row.refresh_from_db()
    return row


def test_the_very_same_files_are_not_sent_again(rejected: Submission) -> None:
    draft = drafts.copy_for_correction(submission=rejected, by=BY, at=AT)
    before = preflight(draft).problems
    was = (draft.status, [finding["code"] for finding in draft.findings if finding["level"] == "ERROR"])

    drafts.add_files(submission=draft, files=files(), by=BY, at=AT)

    assert SAME in before
    assert was == ("DRAFT", ["SAME_AS_REJECTED"])
    assert (draft.status, draft.errors) == ("READY", 0)
    assert preflight(draft).problems == []


def test_the_very_same_files_are_not_sent_again_as_a_new_report(access: Access, rejected: Submission) -> None:
    """As from a heap: nobody said that it is a correction."""
    draft = make_draft(access)

    drafts.add_files(submission=draft, files=files(wrong_sum=True), by=BY, at=AT)

    draft.refresh_from_db()
    assert SAME in preflight(draft).problems
    assert (draft.status, draft.findings[0]["code"]) == ("DRAFT", "SAME_AS_REJECTED")


def test_a_new_report_for_the_year_corrects_the_rejected_one_when_it_is_sent(
    access: Access, rejected: Submission
) -> None:
    draft = make_draft(access)
    drafts.add_files(submission=draft, files=files(), by=BY, at=AT)

    queue(submission=draft, by=BY, at=AT)

    assert draft.corrects == rejected
    assert not Submission.objects.needing_correction().exists()


def test_of_two_rejected_ones_nothing_says_which_is_corrected(access: Access, rejected: Submission) -> None:
    make_draft(access, status="REJECTED", delivered_at=AT)
    draft = make_draft(access)
    drafts.add_files(submission=draft, files=files(), by=BY, at=AT)

    queue(submission=draft, by=BY, at=AT)

    assert draft.corrects is None


def test_the_same_files_may_be_sent_when_they_never_got_through(rejected: Submission) -> None:
    Submission.objects.filter(pk=rejected.pk).update(status="FAILED")
    rejected.refresh_from_db()

    draft = drafts.copy_for_correction(submission=rejected, by=BY, at=AT)

    assert SAME not in preflight(draft).problems


def test_the_reasons_stand_on_the_corrections_page(client: Client, rejected: Submission, case_worker: Any) -> None:
    draft = drafts.copy_for_correction(submission=rejected, by=BY, at=AT)
    client.force_login(case_worker)

    text = client.get(f"/sandbox/submissions/{draft.pk}/").content.decode()

    assert "Dette skal rettes" in text
    assert "Summen stemmer ikke" in text


def test_a_correction_that_was_given_up_can_be_begun_again(
    client: Client, rejected: Submission, case_worker: Any
) -> None:
    draft = drafts.copy_for_correction(submission=rejected, by=BY, at=AT)
    client.force_login(case_worker)

    client.post(f"/sandbox/submissions/{draft.pk}/discard/")

    assert (
        f"/sandbox/submissions/{rejected.pk}/correct/"
        in client.get(f"/sandbox/submissions/{rejected.pk}/").content.decode()
    )
    assert drafts.copy_for_correction(submission=rejected, by=BY, at=AT).pk != draft.pk


def test_the_history_says_sending_begun_and_names_no_call_before_one_was_made(access: Access) -> None:
    row = make_draft(access, status="READY")
    row.move_to("QUEUED", by=BY, at=AT, what={"confirmed": ["warnings"]})
    row.move_to("SENDING", by="task:send", at=AT)

    lines = [(str(event.title), event.text, event.colour) for event in timeline(row)]

    assert lines[0] == ("Sendingen startet", "", "info")
    assert lines[1][0] == "Lagt i kø"
    assert "sendte til tross for advarsler" in lines[1][1]


def test_a_correction_and_its_files_exist_together_or_not_at_all(
    rejected: Submission, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Document.objects.bulk_create
    monkeypatch.setattr(Document.objects, "bulk_create", lambda *_args, **_options: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        drafts.copy_for_correction(submission=rejected, by=BY, at=AT)
    assert not rejected.corrections.exists()

    monkeypatch.setattr(Document.objects, "bulk_create", made)
    draft = drafts.copy_for_correction(submission=rejected, by=BY, at=AT)
    assert draft.documents.count() == rejected.documents.count()
