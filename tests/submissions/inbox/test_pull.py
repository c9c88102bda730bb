"""What lies in a dialog: documents that come late, hosts that are not Skatteetaten's, refusals, and doing it all twice."""

from __future__ import annotations

import errno
from datetime import timedelta

import pytest

from portal.core import lease
from portal.core.audit import AuditEvent
from portal.sandbox.dialogs import Attachment, AttachmentUrl, add_transmission
from portal.sandbox.skatteetaten import deliveries
from submissions.models import Attachment as Kept
from submissions.models import Dialog, Document, Submission
from submissions.services.inbox import attachments, pull
from tests.submissions.inbox.reading import DIALOGS, Reading
from tests.submissions.inbox.test_verdict import feedback

S = Submission.Status
DOCUMENTS = "/skatteetaten/"


def answered(reading: Reading, *, wrong_sum: bool = False) -> Submission:
    """Delivered, answered by Skatteetaten, and not yet read by us."""
    submission = reading.delivered(wrong_sum=wrong_sum)
    received = reading.world.received[-1]
    reading.world.let_pass(20)
    deliveries.deliver_feedback(reading.world.app, received, reading.world.at)
    reading.world.let_pass(20)
    return submission


def test_documents_that_are_not_there_yet_come_later_and_the_verdict_at_once(reading: Reading) -> None:
    submission = answered(reading, wrong_sum=True)
    reading.fault("skatteetaten", status=404, times=2)

    reading.round()
    submission.refresh_from_db()
    at_once = (submission.status, submission.reasons, feedback(submission))
    reading.settle(submission)

    assert at_once == (S.REJECTED, [], {})
    assert submission.reasons
    assert len(feedback(submission)) == 2


def test_skatteetaten_being_away_delays_the_documents_and_not_the_verdict(reading: Reading) -> None:
    submission = answered(reading)
    reading.fault("skatteetaten", status=503, times=1)

    reading.round()
    submission.refresh_from_db()
    at_once = (submission.status, len(feedback(submission)))
    reading.settle(submission)

    assert at_once == (S.ACCEPTED, 0)
    assert len(feedback(submission)) == 2


def test_reading_it_all_again_changes_nothing(reading: Reading) -> None:
    submission = reading.settle(reading.delivered())
    before = (list(Document.objects.values()), AuditEvent.objects.count(), list(Submission.objects.values()))
    Dialog.objects.update(next_attempt_at=reading.world.at)

    reading.pull()

    assert (list(Document.objects.values()), AuditEvent.objects.count(), list(Submission.objects.values())) == before
    assert submission.transmissions.count() == 2


def test_the_verdict_is_dated_by_skatteetatens_answer(reading: Reading) -> None:
    submission = answered(reading)
    answer = reading.world.at - timedelta(seconds=20)

    reading.settle(submission)

    assert submission.decided_at == answer


def test_a_dialog_that_is_up_to_date_is_not_asked_for(reading: Reading) -> None:
    reading.settle(reading.delivered())
    before = reading.calls()

    taken = pull.pull_due(at=reading.world.at)

    assert taken == 0
    assert reading.calls() == before


def test_a_second_worker_leaves_the_dialog_alone(reading: Reading) -> None:
    reading.opens()
    reading.poll()

    first, second = (lease.claim(pull.unfinished(), at=reading.world.at) for _ in range(2))

    assert (len(first), second) == (1, [])


def test_a_dialog_that_moves_while_it_is_read_is_read_again(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    reading.opens()
    reading.poll()
    handle = pull.copies.store_activities
    moved = reading.world.at + timedelta(milliseconds=1)

    def meanwhile(**given: object) -> None:
        lease.make_due(Dialog.objects.all(), at=moved)
        handle(**given)

    monkeypatch.setattr(pull.copies, "store_activities", meanwhile)
    reading.pull()

    assert Dialog.objects.get().next_attempt_at == moved


def test_an_attachment_on_a_foreign_host_is_never_asked_for(reading: Reading) -> None:
    submission = reading.delivered()
    remote = next(iter(reading.world.app.state.dialogs.values()))
    paper = Attachment(
        id="0198c1f2-7c1e-7b52-9a55-000000000002", urls=[AttachmentUrl(url="https://elsewhere.example/steal")]
    )
    add_transmission(
        reading.world.app, remote, type="Acceptance", title="Godkjent", now=reading.world.at,
        related_id=str(submission.transmission_id), attachments=[paper],
    )  # fmt: skip

    reading.round()

    submission.refresh_from_db()
    assert submission.status == S.ACCEPTED
    assert not [r for r in reading.world.transport.requests if r.url.host == "elsewhere.example"]
    assert Kept.objects.unfinished(reading.world.at).get().problem_code == "FOREIGN_ADDRESS"


def test_documents_we_may_not_open_are_not_asked_for_and_the_verdict_stands(reading: Reading) -> None:
    reading.world.app.state.settings.unauthorized_attachments = True
    submission = answered(reading)
    asked = len(reading.calls(DOCUMENTS))

    reading.round()

    submission.refresh_from_db()
    assert submission.status == S.ACCEPTED
    assert len(reading.calls(DOCUMENTS)) == asked
    assert Dialog.objects.get().next_attempt_at is None
    assert set(Kept.objects.exclude(status="SENT").values_list("status", flat=True)) == {"CLOSED"}


def test_a_dialog_that_cannot_be_read_is_counted_and_tried_at_least_daily_without_end(reading: Reading) -> None:
    remote = reading.opens()
    reading.poll()
    reading.fault(path=f"{DIALOGS}/{remote.id}/", status=403, times=1000)

    for _ in range(30):
        reading.pull()
        reading.world.let_pass(24 * 3600 + 60)
    reading.pull()

    row = Dialog.objects.get()
    assert (row.failures, row.next_attempt_at is None) == (31, False)
    assert row.next_attempt_at - reading.world.at < timedelta(days=1, minutes=1)  # type: ignore[operator]
    assert list(lease.lasting_problems(Dialog.objects.all())) == [row]


def test_a_remote_that_is_away_for_days_is_waited_for(reading: Reading) -> None:
    reading.opens()
    reading.poll()
    reading.fault(status=503, times=20)

    for _ in range(20):
        reading.pull()
        reading.world.let_pass(25 * 3600)
    reading.pull()

    assert Dialog.objects.get().next_attempt_at is None
    assert Dialog.objects.get().transmissions_at is not None


def test_an_answer_to_somebody_elses_submission_touches_none_of_ours(reading: Reading) -> None:
    submission = reading.delivered()
    remote = next(iter(reading.world.app.state.dialogs.values()))
    other = "0198c1f2-7c1e-7b52-9a55-0000000000ff"
    add_transmission(
        reading.world.app, remote, type="Rejection", title="Avvist", now=reading.world.at, related_id=other
    )

    reading.round()

    submission.refresh_from_db()
    assert submission.status == S.DELIVERED


def test_a_dialog_read_before_the_receipt_was_is_tied_to_the_submission_after(reading: Reading) -> None:
    reading.world.order(step="bekreft", kind="lost")
    submission = reading.delivered()
    reading.world.app.run_due()
    reading.round()
    untied = submission.transmissions.count()

    reading.world.settle(submission)
    reading.settle(submission)

    assert untied == 0
    assert submission.status == S.ACCEPTED
    assert submission.transmissions.count() == 2


def test_a_correction_gets_a_verdict_of_its_own(reading: Reading) -> None:
    first = reading.settle(reading.delivered(wrong_sum=True))

    second = reading.settle(reading.delivered())

    first.refresh_from_db()
    assert (first.status, second.status) == (S.REJECTED, S.ACCEPTED)


def test_no_reason_quotes_more_than_skatteetaten_said(reading: Reading) -> None:
    submission = reading.settle(reading.delivered(wrong_sum=True))

    sums = next(reason for reason in submission.reasons if reason["code"] == "ANTALL_AKSJER")
    assert sums["text"] == "Antall aksjer ved årets slutt stemmer ikke"
    assert "underskjemaene har til sammen" in sums["description"]


def test_a_refused_token_is_replaced_once_and_the_documents_come_at_once(reading: Reading) -> None:
    submission = answered(reading, wrong_sum=True)
    reading.fault("skatteetaten", status=401, times=1)

    reading.round()

    submission.refresh_from_db()
    assert submission.reasons
    assert len(feedback(submission)) == 2


@pytest.mark.parametrize(("status", "times"), [(400, 1), (401, 2), (403, 1), (408, 1), (500, 1)])
def test_a_document_that_was_refused_is_asked_for_again_and_the_verdict_does_not_wait(
    reading: Reading, status: int, times: int
) -> None:
    submission = answered(reading, wrong_sum=True)
    reading.fault("skatteetaten", status=status, times=times)

    reading.round()
    submission.refresh_from_db()
    at_once = (submission.status, Kept.objects.unfinished(reading.world.at).filter(failures=1).exists())
    reading.settle(submission)

    assert at_once == (S.REJECTED, True)
    assert len(feedback(submission)) == 2
    assert not Kept.objects.filter(next_attempt_at__isnull=False).exists()


def test_a_document_that_is_gone_for_good_is_not_asked_for_without_end(reading: Reading) -> None:
    submission = answered(reading)
    reading.fault("skatteetaten", status=410, times=1)

    reading.round()

    submission.refresh_from_db()
    assert (submission.status, len(feedback(submission))) == (S.ACCEPTED, 1)
    assert Kept.objects.get(status="GONE").problem_code == "HTTP-410"
    assert not Kept.objects.filter(next_attempt_at__isnull=False).exists()


def test_a_full_disk_delays_the_documents_and_not_the_verdict(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission = answered(reading)

    def full(**_: object) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(attachments, "store_document", full)
        reading.round()
    submission.refresh_from_db()
    codes = set(Kept.objects.unfinished(reading.world.at).values_list("problem_code", flat=True))
    at_once = (submission.status, codes)
    reading.settle(submission)

    assert at_once == (S.ACCEPTED, {"DISK_FULL"})
    assert len(feedback(submission)) == 2


def test_a_host_that_does_not_answer_is_asked_for_one_document_only(reading: Reading) -> None:
    submission = answered(reading)
    reading.fault("skatteetaten", status=503, times=10)
    before = len(reading.calls(DOCUMENTS))

    reading.round()

    submission.refresh_from_db()
    assert submission.status == S.ACCEPTED
    assert len(reading.calls(DOCUMENTS)) - before == 1


def test_a_worker_that_lost_the_dialog_stores_nothing_of_it(reading: Reading) -> None:
    submission = answered(reading)
    reading.poll()
    later = reading.world.at + lease.LEASE + timedelta(seconds=1)
    [slow] = lease.claim(pull.unfinished(), at=reading.world.at)
    lease.claim(pull.unfinished(), at=later)

    with lease.reporting(slow):
        pull.pull(slow)

    submission.refresh_from_db()
    assert (submission.status, submission.transmissions.count()) == (S.DELIVERED, 0)
