"""Answers of Skatteetaten that disagree: the first decides, a person is told, and says which of them stands."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import User
from portal.core.audit import AuditEvent, target_of
from portal.core.environments import Environment
from portal.core.states import IllegalTransition, LostRace
from portal.desk.attention import attention
from submissions.models import Dialog, Submission, Transmission
from submissions.services import versions
from submissions.services.inbox import two_answers, verdict
from tests.submissions.inbox.reading import Reading
from tests.submissions.world import BY

S = Submission.Status
OTHER = {S.ACCEPTED: "Rejection", S.REJECTED: "Acceptance"}
OPPOSITE = {S.ACCEPTED: S.REJECTED, S.REJECTED: S.ACCEPTED}
both_orders = pytest.mark.parametrize("first", [S.ACCEPTED, S.REJECTED], ids=["accepted-first", "rejected-first"])


def answered(reading: Reading, first: str) -> Submission:
    return reading.settle(reading.delivered(wrong_sum=first == S.REJECTED), rounds=6)


def says(reading: Reading, submission: Submission, type: str, *, back: timedelta = timedelta()) -> None:
    """Skatteetaten answers the same delivery once more."""
    path = f"/control/dialogs/{submission.dialog_id}/transmissions"
    made = reading.world.control(
        path, {"type": type, "title": {"nb": "Nytt svar"}, "related_id": str(submission.transmission_id)}
    )
    if back:
        remote = reading.world.app.state.dialogs[str(submission.dialog_id)]
        next(one for one in remote.transmissions if one.id == made["id"]).created_at -= back


def contradicted(reading: Reading, first: str, **more: Any) -> Submission:
    submission = answered(reading, first)
    says(reading, submission, OTHER[S(first)], **more)
    return reading.settle(submission, seconds=300, rounds=6)


def told(submission: Submission) -> list[tuple[str, str]]:
    rows = AuditEvent.objects.filter(target=target_of(submission), what__in=["contradicted", "answer-chosen"])
    return [(row.what, row.detail["outcome"]) for row in rows.order_by("id")]


def lines(user: User, reading: Reading) -> list[str]:
    found = attention(user=user, environment=Environment.SANDBOX, at=reading.world.at)
    return [line.key for line in found if line.key == "contradicted" and line.is_urgent]


def address(name: str, submission: Submission) -> str:
    return reverse(name, kwargs={"environment": "sandbox", "pk": submission.pk})


@both_orders
def test_the_first_answer_decides_and_a_person_is_told_of_the_other(
    reading: Reading, client: Client, case_worker: User, first: str
) -> None:
    submission = contradicted(reading, first)
    client.force_login(case_worker)

    page = client.get(address("submission", submission)).content.decode()
    listed = client.get("/sandbox/submissions/?state=contradicted").content.decode()

    assert submission.status == first
    assert told(submission) == [("contradicted", OPPOSITE[S(first)])]
    assert lines(case_worker, reading) == ["contradicted"]
    note = page.partition('id="two-title"')[2].partition("</ul>")[0]
    assert ("Godkjent" in note, "Avvist" in note, "Nytt svar" in note) == (True, True, True)
    assert "Skatteetaten har gitt et svar som sier det motsatte" in page
    assert "Ingenting mer å gjøre" not in page
    assert "Svarene motsier hverandre. Si hvilket som gjelder" in listed


@both_orders
def test_an_older_answer_that_comes_late_is_told_too(reading: Reading, first: str) -> None:
    submission = contradicted(reading, first, back=timedelta(hours=2))

    assert submission.status == first
    assert told(submission) == [("contradicted", OPPOSITE[S(first)])]


@both_orders
def test_the_same_answers_once_more_tell_nothing_new(reading: Reading, first: str) -> None:
    submission = contradicted(reading, first)
    since = submission.contradicted_at

    says(reading, submission, OTHER[OPPOSITE[S(first)]])  # as the first answer said
    for _round in range(3):
        Dialog.objects.update(next_attempt_at=reading.world.at)
        reading.settle(submission, seconds=300, rounds=6)

    assert (submission.status, submission.contradicted_at) == (first, since)
    assert len(told(submission)) == 1


def test_two_answers_that_agree_are_no_question(reading: Reading, case_worker: User) -> None:
    submission = answered(reading, S.ACCEPTED)

    says(reading, submission, "Acceptance")
    says(reading, submission, "Information")
    reading.settle(submission, seconds=300, rounds=6)

    assert (submission.status, submission.contradicted_at, told(submission)) == (S.ACCEPTED, None, [])
    assert lines(case_worker, reading) == []


@both_orders
@pytest.mark.parametrize("stands", [S.ACCEPTED, S.REJECTED])
def test_a_person_says_which_stands(
    reading: Reading, client: Client, case_worker: User, first: str, stands: str
) -> None:
    submission = contradicted(reading, first)
    client.force_login(case_worker)
    answer = {"shown": two_answers.token(submission), "stands": stands, "reason": "Kari hos Skatteetaten, 12058012345"}

    client.post(address("submission-two-answers", submission), answer)

    submission = Submission.objects.defer(None).get(pk=submission.pk)
    assert (submission.status, submission.contradicted_at) == (stands, None)
    assert told(submission)[-1] == ("answer-chosen", stands)
    assert "12058012345" not in str(AuditEvent.objects.get(what="answer-chosen").detail)
    assert lines(case_worker, reading) == []
    assert [one.stands for one in versions.versions_of(submission)] == [stands == S.ACCEPTED]
    assert Submission.objects.needing_correction().exists() == (stands == S.REJECTED)
    assert bool(submission.reasons) == (stands == first == S.REJECTED)

    reading.settle(submission, seconds=300, rounds=6)
    assert (submission.status, submission.contradicted_at) == (stands, None)


def test_a_later_answer_asks_again(reading: Reading) -> None:
    submission = contradicted(reading, S.ACCEPTED)
    shown = two_answers.token(submission)
    two_answers.settle(submission=submission, stands=S.REJECTED, shown=shown, reason="x", by=BY, at=reading.world.at)

    says(reading, submission, "Acceptance")
    reading.settle(submission, seconds=300, rounds=6)

    assert submission.status == S.REJECTED
    assert submission.contradicted_at is not None
    assert told(submission) == [
        ("contradicted", "REJECTED"),
        ("answer-chosen", "REJECTED"),
        ("contradicted", "ACCEPTED"),
    ]


def test_what_was_not_shown_or_not_said_is_not_chosen(reading: Reading) -> None:
    submission = contradicted(reading, S.ACCEPTED)
    given = {"submission": submission, "reason": "x", "by": BY, "at": reading.world.at}
    shown = two_answers.token(submission)

    with pytest.raises(LostRace):
        two_answers.settle(stands=S.REJECTED, shown="", **given)
    with pytest.raises(IllegalTransition):
        two_answers.settle(stands=S.DELIVERED, shown=shown, **given)
    two_answers.settle(stands=S.ACCEPTED, shown=shown, **given)
    with pytest.raises(LostRace):
        two_answers.settle(stands=S.REJECTED, shown=shown, **given)

    assert Submission.objects.get(pk=submission.pk).status == S.ACCEPTED


def test_bad_input_gets_an_error_and_readers_only_see(
    reading: Reading, client: Client, case_worker: User, reader: User
) -> None:
    submission = contradicted(reading, S.ACCEPTED)
    client.force_login(case_worker)
    reply = client.post(address("submission-two-answers", submission), {"shown": "x"})
    client.force_login(reader)
    page = client.get(address("submission", submission)).content.decode()

    assert reply.status_code == 422
    assert "Velg hvilket svar som gjelder." in reply.content.decode()
    assert ('id="two-title"' in page, "Lagre hvilket svar" in page) == (True, False)
    assert client.post(address("submission-two-answers", submission), {"stands": "REJECTED"}).status_code == 403
    assert Submission.objects.get(pk=submission.pk).contradicted_at is not None


@pytest.mark.django_db(transaction=True)
def test_two_workers_with_one_answer_each_lose_none(reading: Reading) -> None:
    """Both have loaded the report while it was delivered."""
    submission = answered(reading, S.ACCEPTED)
    says(reading, submission, "Rejection")
    reading.settle(submission, seconds=300, rounds=6)
    Submission.objects.filter(pk=submission.pk).update(status=S.DELIVERED, contradicted_at=None, decided_at=None)
    Transmission.objects.update(verdict="")
    rows = list(Transmission.objects.filter(type__in=["Acceptance", "Rejection"]).select_related("submission__access"))
    barrier = threading.Barrier(2)

    def work(row: Transmission) -> None:
        barrier.wait()
        try:
            assert row.submission is not None
            verdict.decide(row, row.submission, reading.world.at)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(row,)) for row in rows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    submission.refresh_from_db()
    assert len(rows) == 2
    assert submission.status in Submission.DECIDED
    assert submission.contradicted_at is not None


def test_a_worker_that_dies_between_answer_and_note_tells_it_in_the_next_round(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission = answered(reading, S.ACCEPTED)
    says(reading, submission, "Rejection")
    with monkeypatch.context() as dying:
        dying.setattr(verdict, "record", lambda **_event: (_ for _ in ()).throw(MemoryError))
        reading.settle(submission, seconds=300, rounds=6)
    assert told(submission) == []

    reading.world.let_pass(3600)
    reading.settle(submission, seconds=300, rounds=6)

    assert told(submission) == [("contradicted", "REJECTED")]
