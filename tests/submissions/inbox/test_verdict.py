"""From the receipt to the verdict: the answer is found, its documents are fetched once, and the reasons are kept."""

from __future__ import annotations

import pytest

from submissions.models import Attachment, Dialog, Document, Submission
from submissions.services import documents
from tests.submissions.inbox.reading import Reading

S = Submission.Status


def feedback(submission: Submission) -> dict[str, str]:
    rows = submission.documents.filter(role=Document.Role.FEEDBACK)
    return {row.media_type: row.filename for row in rows}


def test_a_report_whose_sums_are_wrong_ends_rejected_with_reasons_and_both_documents(reading: Reading) -> None:
    submission = reading.delivered(wrong_sum=True)

    reading.settle(submission)

    assert submission.status == S.REJECTED
    assert "ANTALL_AKSJER" in {reason["code"] for reason in submission.reasons}
    assert set(feedback(submission)) == {"application/pdf", "application/xml"}


def test_the_documents_get_names_that_a_machine_can_open(reading: Reading) -> None:
    submission = reading.settle(reading.delivered())

    assert set(feedback(submission).values()) == {"tilbakemelding-2026-11-23.pdf", "tilbakemelding-2026-11-23.xml"}


def test_a_report_that_adds_up_ends_accepted(reading: Reading) -> None:
    submission = reading.delivered()

    reading.settle(submission)

    assert submission.status == S.ACCEPTED
    assert set(feedback(submission)) == {"application/pdf", "application/xml"}


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hash of every stored file that is read."""
    seen: list[str] = []
    real = documents._open
    monkeypatch.setattr(documents, "_open", lambda sha256: (seen.append(sha256), real(sha256))[1])
    return seen


@pytest.mark.parametrize("wrong_sum", [True, False], ids=["rejected", "accepted"])
def test_no_document_is_opened_when_the_dialog_of_a_decided_report_moves(
    reading: Reading, opened: list[str], *, wrong_sum: bool
) -> None:
    submission = reading.settle(reading.delivered(wrong_sum=wrong_sum))
    reasons = Submission.objects.defer(None).get().reasons
    opened.clear()

    reading.world.let_pass(60)
    Dialog.objects.update(next_attempt_at=reading.world.at)
    reading.pull()

    assert opened == []
    now = Submission.objects.defer(None).get()
    assert (now.status, now.reasons) == (submission.status, reasons)
    assert now.status in (S.ACCEPTED, S.REJECTED)


def test_reasons_that_are_missing_come_with_a_document_that_is_fetched_again(reading: Reading) -> None:
    reading.settle(reading.delivered(wrong_sum=True))
    Submission.objects.update(reasons=[])
    Attachment.objects.filter(status="FETCHED").update(status="WAITING", next_attempt_at=reading.world.at)

    reading.pull()

    assert "ANTALL_AKSJER" in {reason["code"] for reason in Submission.objects.defer(None).get().reasons}
