"""From the receipt to the verdict: the answer is found, its documents are fetched once, and the reasons are kept."""

from __future__ import annotations

from submissions.models import Document, Submission
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
