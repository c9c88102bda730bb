"""From a file to the verdict by upload, with the sandbox behind it: the control takes time, finds faults, or fails."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import translation

from portal.core.environments import Environment
from portal.desk.attention import attention
from portal.explain import explain
from submissions.adapters.upload.adapter import ANEW_PATIENCE, PATIENCE
from submissions.models import Submission
from submissions.services.pages.timeline import timeline
from submissions.services.sending import again
from tests.submissions.adapters.rig import Rig
from tests.submissions.adapters.upload.flow import VIRUS, made, rig, step_of, until, uploads, with_text, xml
from tests.submissions.inbox.reading import Reading

S = Submission.Status
__all__ = ["rig", "xml"]


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


def test_looking_again_at_the_control_is_not_told_as_a_file_that_was_sent_again(rig: Rig) -> None:
    submission = until(rig, rig.world.send(rig.queued()), timedelta(minutes=5))
    assert submission.calls.get(step="CONTROL").attempts > 1

    with translation.override("nb"):
        told = [line.text for line in timeline(submission)]

    assert [text for text in told if text.startswith("3 kall")]
    assert not [text for text in told if "på nytt" in text]


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
    rig.order(call=1, kind="status", status=403)
    rig.world.send(submission)
    assert submission.status == S.QUEUED
    uploads(rig).clear()

    rig.world.let_pass(16 * 60)
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
