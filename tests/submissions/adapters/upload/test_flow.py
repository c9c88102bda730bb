"""From a file to the verdict by upload, with the sandbox behind it: the control takes time, finds faults, or fails."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import User
from portal.core.environments import Environment
from portal.core.states import LostRace
from portal.desk.attention import attention
from portal.explain import explain
from portal.sandbox.skatteetaten.records import Upload
from submissions.adapters.base import NamedFile
from submissions.adapters.upload.adapter import ANEW_PATIENCE, PATIENCE
from submissions.models import Submission
from submissions.services.pages.next_step import next_step
from submissions.services.sending import again
from submissions.services.sending.queue import cancel
from tests.submissions.adapters.rig import Rig
from tests.submissions.inbox.reading import Reading
from tests.submissions.world import BY, World

S = Submission.Status
VIRUS = "EICAR-STANDARD-ANTIVIRUS-TEST-FILE"
WAYS = ["upload_xml", "upload_json"]


@pytest.fixture(params=WAYS)
def rig(world: World, request: pytest.FixtureRequest) -> Rig:
    made = Rig(world, request.param)
    world.app.state.settings.upload_control_seconds = 60
    return made


@pytest.fixture
def xml(world: World) -> Rig:
    made = Rig(world, "upload_xml")
    world.app.state.settings.upload_control_seconds = 60
    return made


def made(rig: Rig, method: str, ending: str = "") -> list[str]:
    """The paths of our calls to the service."""
    ours = [r for r in rig.world.transport.requests if r.url.path.startswith(rig.path) and r.method == method]
    return [r.url.path for r in ours if r.url.path.endswith(ending)]


def uploads(rig: Rig) -> dict[str, Any]:
    """What the sandbox has that is not submitted."""
    return rig.world.app.state.skatteetaten.uploads


def step_of(rig: Rig, submission: Submission) -> str:
    submission.refresh_from_db()
    with translation.override("nb"):
        return next_step(submission, at=rig.world.at, working=True).text


def until(rig: Rig, submission: Submission, passed: timedelta) -> Submission:
    """The worker's sweeps, a minute apart at first, then as often as the row wants it."""
    end = rig.world.at + passed
    while rig.world.at < end and submission.status == S.SENDING and submission.next_attempt_at:
        rig.world.let_pass(max(60.0, (submission.next_attempt_at - rig.world.at).total_seconds()))
        rig.world.send(submission)
    return submission


def with_text(rig: Rig, text: str) -> Submission:
    """An example with `text` where nobody looks at it before the control."""
    (file,) = rig.files()
    content = file.content.replace(b"Eksempelfiler", text.encode())
    return rig._queue([NamedFile(file.name, content)])


# accepted, rejected, with warnings


@pytest.mark.parametrize(("wrong", "status"), [(False, S.ACCEPTED), (True, S.REJECTED)])
def test_a_file_goes_from_upload_to_verdict(rig: Rig, wrong: bool, status: str) -> None:
    submission = rig.world.settle(rig.world.send(rig.queued_example(wrong=wrong)))
    assert submission.status == S.DELIVERED
    assert [(call.step, call.status) for call in submission.calls.all()] == [
        ("UPLOAD", "DONE"), ("CONTROL", "DONE"), ("SUBMIT", "DONE"),
    ]  # fmt: skip
    assert submission.receipt_reference

    Reading(rig.world).settle(submission)

    assert (submission.status, bool(submission.reasons)) == (status, wrong)
    assert not uploads(rig)


def test_an_accepted_file_may_have_warnings(rig: Rig) -> None:
    body = {"verdict": "warning", "service": rig.service.id, "reasons": ["Se over kontonummeret"]}
    rig.world.control("/control/verdicts", body)
    submission = rig.world.settle(rig.world.send(rig.queued()))

    Reading(rig.world).settle(submission)

    assert submission.status == S.ACCEPTED
    assert submission.reasons[0]["text"] == "Se over kontonummeret"


# the control takes its time


def test_while_the_control_goes_on_the_row_is_free_and_the_page_says_whom_it_waits_for(rig: Rig) -> None:
    rig.world.app.state.settings.upload_control_seconds = 3600

    submission = rig.world.send(rig.queued())

    assert (submission.status, submission.lease_until, submission.problem_code) == (S.SENDING, None, "")
    assert "Skatteetaten kontrollerer filen" in step_of(rig, submission)
    assert submission.next_attempt_at is not None
    assert submission.next_attempt_at > rig.world.at
    rig.world.send(submission)
    assert len(made(rig, "GET")) == 1, "it is not asked before its time"


def test_a_control_of_hours_is_asked_after_more_rarely_and_ends_in_one_delivery(rig: Rig) -> None:
    rig.world.app.state.settings.upload_control_seconds = 6 * 3600

    submission = until(rig, rig.world.send(rig.queued()), timedelta(hours=8))

    assert submission.status == S.DELIVERED
    assert rig.delivered_ids() == [str(submission.transmission_id)]
    assert len(made(rig, "POST", "/opplastinger")) == 1
    assert 20 < len(made(rig, "GET")) < 50


def test_a_control_of_hours_is_no_alarm(xml: Rig, case_worker: Any) -> None:
    xml.world.app.state.settings.upload_control_seconds = 6 * 3600
    until(xml, xml.world.send(xml.queued()), timedelta(hours=3))

    with translation.override("nb"):
        told = [todo.text for todo in attention(user=case_worker, environment=Environment.SANDBOX, at=xml.world.at)]

    assert not [text for text in told if "stoppet under sending" in text]


def test_a_control_that_never_ends_becomes_a_persons_and_nothing_is_left_behind(rig: Rig) -> None:
    rig.world.app.state.settings.upload_control_seconds = 10**6

    submission = until(rig, rig.world.send(rig.queued()), PATIENCE + timedelta(hours=2))

    assert (submission.status, submission.problem_code) == (S.FAILED, "NOT_READY_IN_TIME")
    rig.world.let_pass(60)
    rig.world.send(submission)
    assert (uploads(rig), submission.next_attempt_at) == ({}, None)
    assert again.may_try_again(submission)
    assert rig.delivered_ids() == []


def test_an_answer_that_fails_in_between_does_not_stay_as_a_problem(rig: Rig) -> None:
    rig.order(call=1, kind="status", status=503)
    submission = rig.world.send(rig.queued())
    assert (submission.status, submission.problem_code) == (S.QUEUED, "UNAVAILABLE")

    rig.world.let_pass(10)
    rig.world.send(submission)

    assert (submission.status, submission.problem_code, submission.failures) == (S.SENDING, "", 0)


# the file is refused


def test_a_virus_ends_failed_with_what_to_do_and_the_upload_is_deleted(rig: Rig) -> None:
    submission = rig.world.settle(rig.world.send(with_text(rig, VIRUS)))

    assert submission.status == S.FAILED
    assert submission.problem_code.endswith("_1070")
    with translation.override("nb"):
        one = explain(submission.problem_code)
        assert "virus" in f"{one.cause} {one.how}"
        assert "Send ikke den samme filen igjen" in str(one.how)
    rig.world.let_pass(60)
    rig.world.send(submission)
    assert not uploads(rig)
    assert submission.reasons[0]["text"]
    assert rig.delivered_ids() == []


@pytest.mark.parametrize("code", ["GLD_1001", "GLD_1069", "GLD_1102", "GLD_1201"])
def test_what_the_control_finds_ends_failed_with_its_reason(xml: Rig, code: str) -> None:
    """Our own check finds these before: they are put into what was uploaded."""
    submission = xml.world.send(xml.queued())
    (upload,) = uploads(xml).values()
    upload.content = wrong_content(upload.content, code)

    xml.world.settle(submission)

    assert (submission.status, submission.problem_code) == (S.FAILED, code)
    assert submission.reasons
    with translation.override("nb"):
        assert explain(code).title


def wrong_content(content: str, code: str) -> str:
    end, delivery = "</melding>", "<leveranse>" + content.partition("<leveranse>")[2].partition("</leveranse>")[0]
    orgnr = content.partition("<organisasjonsnummer>")[2][:9]
    return {
        "GLD_1001": content.replace("</melding>", ""),
        "GLD_1069": content.replace(end, f"{delivery}</leveranse>{end}".replace(">2025<", ">2024<")),
        "GLD_1102": content.replace(end, f"{delivery}</leveranse>{end}".replace(orgnr, "213456784")),
        "GLD_1201": content.replace(orgnr, "12345"),
    }[code]


def test_a_control_that_fails_at_skatteetaten_is_made_again_with_a_new_upload(rig: Rig) -> None:
    rig.world.app.state.settings.upload_control_failures = 1
    submission = rig.queued()
    keys = list(submission.calls.values_list("key", flat=True))

    rig.world.settle(rig.world.send(submission))

    assert submission.status == S.DELIVERED
    assert len(made(rig, "POST", "/opplastinger")) == 2
    assert len(made(rig, "DELETE")) == 1
    assert not set(filter(None, submission.calls.values_list("key", flat=True))) & set(keys)
    assert rig.delivered_ids() == [str(submission.transmission_id)]


def test_a_control_that_fails_again_and_again_becomes_a_persons(rig: Rig) -> None:
    rig.world.app.state.settings.upload_control_failures = 10**6

    submission = until(rig, rig.world.send(rig.queued()), ANEW_PATIENCE * 3)

    assert (submission.status, submission.problem_code) == (S.FAILED, "NOT_READY_IN_TIME")
    assert len(made(rig, "POST", "/opplastinger")) < 60


def test_an_upload_that_skatteetaten_has_lost_is_made_again(rig: Rig) -> None:
    submission = rig.world.send(rig.queued())
    uploads(rig).clear()

    rig.world.settle(submission)

    assert submission.status == S.DELIVERED
    assert len(made(rig, "POST", "/opplastinger")) == 2


def test_an_upload_that_is_gone_when_it_is_to_be_submitted_fails_and_can_be_tried_again(rig: Rig) -> None:
    submission = rig.world.send(rig.queued())
    rig.world.let_pass(60)
    rig.order(call=1, kind="status", status=429, retry_after="300")
    rig.world.send(submission)
    assert submission.status == S.QUEUED
    uploads(rig).clear()

    rig.world.let_pass(310)
    rig.world.send(submission)

    assert (submission.status, submission.problem_code[-5:]) == (S.FAILED, "_1067")
    assert again.may_try_again(submission)


def test_a_right_that_is_lacking_lets_the_validated_file_wait(xml: Rig) -> None:
    submission = xml.world.send(xml.queued())
    users = xml.world.app.state.system_users
    kept = {ident: user.rights for ident, user in users.items()}
    for user in users.values():
        user.rights = []

    until(xml, submission, timedelta(minutes=5))
    assert (submission.status, submission.problem_code) == (S.QUEUED, "GLD_1015")

    for ident, rights in kept.items():
        users[ident].rights = rights
    xml.world.settle(submission)
    assert submission.status == S.DELIVERED


# given up


def test_a_person_may_stop_it_while_the_control_goes_on(rig: Rig) -> None:
    submission = rig.world.send(rig.queued())

    cancel(submission=submission, by=BY, at=rig.world.at)
    rig.world.send(submission)

    assert (submission.status, submission.next_attempt_at) == (S.CANCELLED, None)
    assert (uploads(rig), rig.delivered_ids()) == ({}, [])


def test_the_page_has_the_button_that_stops_it_only_while_nothing_is_submitted(
    rig: Rig, client: Client, case_worker: User
) -> None:
    """The page reads the real clock: the row is as it is while the control goes on, an hour from now."""
    client.force_login(case_worker)
    submission = rig.world.send(rig.queued())
    Submission.objects.filter(pk=submission.pk).update(next_attempt_at=timezone.now() + timedelta(hours=1))
    address = {"environment": "sandbox", "pk": submission.pk}

    page = client.get(reverse("submission", kwargs=address))
    assert "Skatteetaten kontrollerer filen" in page.text
    assert reverse("submission-cancel", kwargs=address) in page.text
    client.post(reverse("submission-cancel", kwargs=address))

    submission.refresh_from_db()
    assert submission.status == S.CANCELLED
    assert reverse("submission-cancel", kwargs=address) not in client.get(reverse("submission", kwargs=address)).text


def test_it_cannot_be_stopped_while_a_worker_has_it(rig: Rig) -> None:
    submission = rig.world.send(rig.queued())
    Submission.objects.filter(pk=submission.pk).update(lease_until=rig.world.at + timedelta(minutes=1))

    with pytest.raises(LostRace):
        cancel(submission=submission, by=BY, at=rig.world.at)


@pytest.mark.parametrize("fault", [{"status": 503}, {"kind": "timeout"}, {"kind": "lost"}, {"status": 401}], ids=str)
def test_removing_an_upload_is_tried_again_and_keeps_the_state(rig: Rig, fault: dict[str, Any]) -> None:
    submission = rig.world.send(rig.queued())
    cancel(submission=submission, by=BY, at=rig.world.at)
    rig.order(call=0, **fault)

    rig.world.send(submission)
    rig.world.let_pass(120)
    rig.world.send(submission)

    assert (submission.status, submission.problem_code, submission.next_attempt_at) == (S.CANCELLED, "", None)
    assert not uploads(rig)


def test_removing_an_upload_is_given_up_after_a_day(rig: Rig) -> None:
    submission = rig.world.send(rig.queued())
    cancel(submission=submission, by=BY, at=rig.world.at)
    rig.order(call=0, status=503, times=1000)

    rig.world.send(submission)
    assert submission.next_attempt_at is not None
    rig.world.let_pass(days=1, minutes=1)
    rig.world.send(submission)

    assert submission.next_attempt_at is None


# the answer to the submission is lost


def lost_submission(rig: Rig, kind: str) -> Submission:
    rig.world.app.state.settings.upload_control_seconds = 0
    rig.order(call=2, kind=kind)
    submission = rig.world.send(rig.queued())
    assert submission.status == S.UNCERTAIN
    return submission


def test_a_lost_answer_is_found_in_dialogporten_and_nothing_is_sent_again(rig: Rig) -> None:
    submission = lost_submission(rig, "lost")

    rig.world.settle(submission)

    assert submission.status == S.DELIVERED
    assert len(made(rig, "PUT")) == 1


def test_a_submission_that_never_arrived_is_repeated_only_when_the_lists_must_show_it(rig: Rig) -> None:
    submission = lost_submission(rig, "timeout")

    rig.world.settle(submission, rounds=25)
    assert (submission.status, len(made(rig, "PUT"))) == (S.UNCERTAIN, 1)

    rig.world.settle(submission, rounds=10)
    assert (submission.status, len(made(rig, "PUT"))) == (S.DELIVERED, 2)


def test_a_delivery_of_somebody_else_is_not_taken_for_ours_and_a_person_is_asked(rig: Rig) -> None:
    """The upload still waits to be submitted, and there is a new delivery that nobody claims."""
    submission = lost_submission(rig, "lost")
    (received,) = rig.world.received
    assert not uploads(rig), "the sandbox took it"
    put_back(rig, submission, received)

    rig.world.settle(submission)

    assert (submission.status, submission.problem_code) == (S.NEEDS_PERSON, "ALREADY_THERE")
    assert len(made(rig, "PUT")) == 1


def put_back(rig: Rig, submission: Submission, received: Any) -> None:
    """As if the delivery in Dialogporten was another program's: our upload is there, ready."""
    ident = submission.calls.get(step="UPLOAD").remote_id
    uploads(rig)[ident] = Upload(
        id=ident, service=rig.service.id, orgnr=received.orgnr, vendor=received.vendor, status="KLAR_TIL_INNSENDING",
        content=received.content[0], updated=rig.world.app.clock.now(), year=received.period,
    )  # fmt: skip


def test_a_worker_killed_between_upload_and_submission_goes_on_with_the_same_upload(rig: Rig) -> None:
    submission = rig.world.send(rig.queued())
    Submission.objects.filter(pk=submission.pk).update(
        lease_until=rig.world.at - timedelta(seconds=1), attempts=submission.attempts + 1, next_attempt_at=rig.world.at
    )
    submission.refresh_from_db()

    rig.world.settle(submission)

    assert submission.status == S.DELIVERED
    assert len(made(rig, "POST", "/opplastinger")) == 1
