"""From a file to what a person confirms in Altinn, with the sandbox behind it."""

from __future__ import annotations

import json
from copy import copy
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.models import User
from portal.gateways.errors import BrokenReply, Refused, Unavailable
from portal.sandbox.skatteetaten.tax_returns import current_id
from portal.sandbox.skatteetaten.upload_validation import TEST_VIRUS
from submissions.adapters.altinn_app import samples
from submissions.adapters.altinn_app.adapter import PATIENCE
from submissions.adapters.base import Meaning
from submissions.models import Submission
from submissions.services.pages.listing import unanswered
from submissions.services.pages.next_step import next_step
from submissions.services.sending import again, calls
from submissions.services.sending.hand_over import MOST_PATIENCE
from submissions.services.sending.queue import MaybeDelivered, cancel
from tests.submissions.adapters.altinn_app.flow import (
    CALLS,
    confirm,
    instances,
    look,
    order,
    rig,
    went_on,
    with_text,
)
from tests.submissions.adapters.rig import Rig
from tests.submissions.adapters.test_conformance import FAULTS
from tests.submissions.world import BY, make_draft, store

S = Submission.Status
__all__ = ["rig"]


def assert_ready_once(rig: Rig, submission: Submission, when: str) -> None:
    """One report stands at Confirmation, nobody has confirmed, and nothing is in doubt."""
    rig.world.settle(submission)
    assert (submission.status, submission.problem_code) == (S.NEEDS_PERSON, "CONFIRM_IN_ALTINN"), when
    ready = [one for one in instances(rig) if one.task == "confirmation"]
    assert len(ready) == 1, when
    assert len(ready[0].data) == 1, when
    assert not [one for one in instances(rig) if one.task in ("feedback", "")], when


# needs a person, accepted by one


def test_a_file_is_made_ready_and_a_person_is_asked(rig: Rig) -> None:
    submission = rig.world.settle(rig.world.send(rig.queued_example()))

    assert [(call.step, call.status) for call in submission.calls.all()] == [
        (step, "DONE") for step in ("FETCH", "CONTROL", "CREATE", "UPLOAD", "SCAN", "READY")
    ]
    assert_ready_once(rig, submission, "at the end")
    assert instances(rig)[0].orgnr == rig.world.access.customer.orgnr
    assert (submission.delivered_at, went_on(rig)) == (None, 1)


def test_when_the_person_has_confirmed_it_is_delivered_and_the_answer_is_kept(rig: Rig) -> None:
    submission = rig.world.settle(rig.world.send(rig.queued_example()))
    assert look(rig, submission).status == S.NEEDS_PERSON

    confirm(rig)
    look(rig, submission)
    assert (submission.status, submission.problem_code) == (S.DELIVERED, "")
    assert submission.receipt_reference == instances(rig)[0].id
    receipt = submission.documents.get(role="RECEIPT")
    assert receipt.size > 2

    look(rig, submission)
    assert submission.documents.filter(role="FEEDBACK").count() == 1
    assert (submission.status, submission.next_attempt_at, went_on(rig)) == (S.DELIVERED, None, 1)


def test_the_answer_is_for_a_person_to_read_and_waits_for_no_verdict(client: Client, rig: Rig, reader: User) -> None:
    submission = rig.world.settle(rig.world.send(rig.queued_example()))
    confirm(rig)
    client.force_login(reader)
    late = rig.world.at + timedelta(days=60)
    steps, lacking = [], []
    for _look in range(2):
        look(rig, submission)
        steps.append(str(next_step(submission, at=rig.world.at, working=True).text))
        lacking.append(Submission.objects.filter(unanswered(late)).exists())

    page = " ".join(client.get(f"/sandbox/submissions/{submission.pk}/").text.split())
    assert steps == ["Venter på svar", "Les svaret fra Skatteetaten"]
    assert lacking == [True, False]
    assert "Formen er ikke offentlig, så portalen avgjør ikke om meldingen er godkjent" in page
    assert (
        str(next_step(submission, at=rig.world.at + MOST_PATIENCE * 2, working=True).text) == "Se etter svaret i Altinn"
    )


def test_before_it_is_sent_the_page_says_that_a_person_ends_it(client: Client, rig: Rig, case_worker: User) -> None:
    draft = make_draft(rig.world.access, at=rig.world.at, service=rig.service.id, period=rig.period)
    store(draft, [(file.name, file.content) for file in rig.files()], at=rig.world.at)
    client.force_login(case_worker)

    page = client.get(f"/sandbox/submissions/{draft.pk}/").text

    assert "Ingenting er levert før en person har bekreftet der." in page
    assert "kan ikke trekkes tilbake" not in page


def test_a_person_who_deletes_it_instead_cancels_it(rig: Rig) -> None:
    submission = rig.world.settle(rig.world.send(rig.queued_example()))
    rig.world.control(f"/control/app-instances/{instances(rig)[0].id}", method="DELETE")

    look(rig, submission)

    assert (submission.status, submission.problem_code) == (S.CANCELLED, "DELETED_IN_ALTINN")
    step = next_step(submission, at=rig.world.at, working=True)
    assert str(step.text) == "Skjemaet ble slettet i Altinn før noen bekreftet"


def test_a_person_who_says_that_it_is_confirmed_need_not_wait(client: Client, rig: Rig, case_worker: User) -> None:
    submission = rig.world.settle(rig.world.send(rig.queued_example()))
    url = f"/sandbox/submissions/{submission.pk}/"
    client.force_login(case_worker)
    page = client.get(url).text
    confirm(rig)

    client.post(f"{url}look/")
    submission.refresh_from_db()
    looked_at = submission.next_attempt_at
    rig.world.let_pass(max(0.0, (looked_at - rig.world.at) / timedelta(seconds=1)))
    rig.world.send(submission)

    assert f"{url}look/" in page
    assert looked_at <= timezone.now()
    assert submission.status == S.DELIVERED
    assert f"{url}look/" not in client.get(url).text


def test_while_it_waits_it_can_not_be_cancelled_here(rig: Rig) -> None:
    submission = rig.world.settle(rig.world.send(rig.queued_example()))

    with pytest.raises(MaybeDelivered):
        cancel(submission=submission, by=BY, at=rig.world.at)


@pytest.mark.parametrize("service", ["apps", "maskinporten"])
def test_a_look_that_fails_changes_nothing_and_is_made_again(rig: Rig, service: str) -> None:
    submission = rig.world.settle(rig.world.send(rig.queued_example()))
    cache.clear()  # no token is left
    order(rig, service, 0, status=503, times=1)
    look(rig, submission)
    assert (submission.status, submission.problem_code) == (S.NEEDS_PERSON, "CONFIRM_IN_ALTINN")
    assert timedelta(0) < submission.next_attempt_at - rig.world.at < timedelta(seconds=10), "a person may wait for it"
    assert submission.failures == 1

    looked = look(rig, submission)
    assert (looked.failures, looked.problem_code) == (0, "CONFIRM_IN_ALTINN")
    confirm(rig)
    assert look(rig, submission).status == S.DELIVERED


def test_the_page_says_who_where_and_what(client: Client, rig: Rig, reader: User) -> None:
    submission = rig.world.settle(rig.world.send(rig.queued_example()))
    client.force_login(reader)

    text = client.get(f"/sandbox/submissions/{submission.pk}/").content.decode()

    assert "<strong>Kunden</strong>" in text
    assert "Bekreft i Altinn" in text
    assert "Innboksen i Altinn" in text
    assert instances(rig)[0].id in text


# rejected


def test_a_return_with_faults_ends_with_what_and_where_and_nothing_is_made(rig: Rig) -> None:
    submission = rig.world.send(rig.queued_example(wrong=True))

    assert (submission.status, submission.problem_code) == (S.FAILED, "SKATTEMELDING:validertMedFeil")
    assert submission.reasons[0]["code"] == "kontrollavvik"
    assert submission.reasons[0]["where"] == "skattemelding/inntektOgUnderskudd"
    assert instances(rig) == []


def test_a_return_that_builds_on_another_draft_is_refused_before_the_control(rig: Rig) -> None:
    (example,) = rig.files()
    current = current_id("2025", rig.about.orgnr)
    for ident, status in ((current, S.NEEDS_PERSON), ("SKI:755:1", S.FAILED)):
        file = samples.example(rig.about, current=ident, wrong=False)
        assert file.content != example.content
        submission = rig.world.settle(rig.world.send(rig._queue([file])))
        assert submission.status == status
    assert submission.problem_code == "SKATTEMELDING:OTHER_DOCUMENT"


def test_an_infected_file_ends_and_is_not_made_ready(rig: Rig) -> None:
    submission = rig.world.send(with_text(rig, "Eksempelfiler", TEST_VIRUS))

    assert (submission.status, submission.problem_code) == (S.FAILED, "ALTINN_APP:INFECTED")
    assert ([one.task for one in instances(rig)], went_on(rig)) == (["data"], 0)


def test_what_is_given_up_in_data_is_deleted_in_altinn_and_the_page_says_so(
    client: Client, rig: Rig, reader: User
) -> None:
    submission = rig.world.send(with_text(rig, "Eksempelfiler", TEST_VIRUS))
    look(rig, submission)

    assert [one.deleted for one in instances(rig)] == [True]
    assert (submission.status, submission.next_attempt_at) == (S.FAILED, None)
    client.force_login(reader)
    text = client.get(f"/sandbox/submissions/{submission.pk}/").content.decode()
    assert "Altinn fant virus i filen" in text
    assert "Portalen sletter skjemaet i Altinn" in text


@pytest.mark.parametrize("task", ["confirmation", "feedback"])
def test_what_a_person_may_have_taken_over_is_never_deleted(rig: Rig, task: str) -> None:
    """Somebody went on with it in Altinn, and then the report failed here."""
    submission = rig.world.send(with_text(rig, "Eksempelfiler", TEST_VIRUS))
    instances(rig)[0].task = task

    look(rig, submission)

    assert [one.deleted for one in instances(rig)] == [False]


def test_the_scan_is_waited_for_and_a_scan_that_never_ends_fails(rig: Rig) -> None:
    rig.world.app.state.settings.virus_scan_seconds = 40
    submission = rig.world.send(rig.queued_example())
    assert (submission.status, went_on(rig)) == (S.SENDING, 0)
    assert submission.next_attempt_at > rig.world.at
    assert_ready_once(rig, submission, "after the scan")

    rig.world.app.state.settings.virus_scan_seconds = 10**7
    other = rig.world.send(rig.queued_example())
    rig.world.let_pass((PATIENCE + timedelta(hours=1)).total_seconds())
    rig.world.send(other)
    assert (other.status, other.problem_code) == (S.FAILED, "NOT_READY_IN_TIME")


def test_the_return_of_a_person_is_never_sent(rig: Rig) -> None:
    (example,) = rig.files()
    for old, new in (
        (b"skattemeldingUpersonlig", b"skattemeldingPersonlig"),
        (rig.about.orgnr.encode(), b"13848599955"),
    ):
        file = type(example)(example.name, example.content.replace(old, new))
        report = rig.adapter.inspect(file, rig.about)

        assert [finding.code for finding in report.findings] == ["OF_PERSON"]
        assert report.has_errors
        assert "13848599955" not in json.dumps(report.facts) + rig.adapter.render(report.findings[0]) + report.orgnr


# one report whatever happens


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault['kind']}{fault.get('status', '')}")
def test_any_fault_at_any_call_ends_with_one_that_is_ready(rig: Rig, fault: dict[str, Any]) -> None:
    for step, service, number in CALLS:
        order(rig, service, number, **fault)
        submission = rig.world.send(rig.queued_example())
        assert_ready_once(rig, submission, f"{fault} at {step}, call {number} to {service}")
        rig.world.app.faults.clear()
        rig.world.app.state.apps.instances.clear()


@pytest.mark.parametrize("step", ["FETCH", "CONTROL", "CREATE", "UPLOAD", "SCAN", "READY"])
@pytest.mark.parametrize("is_made", [False, True])
def test_a_worker_that_dies_during_a_step_leaves_one_that_is_ready(rig: Rig, step: str, is_made: bool) -> None:
    """The step was made at the remote, or was not, and nobody has the answer."""
    submission = rig.world.settle(rig.world.send(rig.queued_example()))
    before = submission.calls.get(step=step)
    again = submission.calls.filter(ordinal__gte=before.ordinal)
    again.update(status="PLANNED", attempts=0, remote_id="")
    submission.calls.filter(pk=before.pk).update(status="STARTED", attempts=1)
    (instance,) = instances(rig)
    if not is_made:
        instance.task = "data"
        instance.data = instance.data if step in ("SCAN", "READY") else []
        if step in ("FETCH", "CONTROL", "CREATE"):
            rig.world.app.state.apps.instances.clear()
    elif step != "READY":
        instance.task = "data"
    rows = Submission.objects.filter(pk=submission.pk)
    rows.update(status=S.SENDING, problem_code="", lease_until=None, next_attempt_at=rig.world.at)
    submission.refresh_from_db()

    assert_ready_once(rig, submission, step)


@pytest.mark.parametrize("refused", [{}, {"status": 403}, {"status": 405}])
def test_of_two_made_at_the_same_time_the_older_counts(rig: Rig, refused: dict[str, int]) -> None:
    """The newer is deleted. Where a system user may not delete, it stays, and the report goes on all the same."""
    remote = rig.world.app.state.apps.instances

    def another_worker() -> None:
        made = rig.world.transport.requests[-1]
        if made.method == "POST" and made.url.path.endswith("/instances") and len(remote) == 1:
            (ours,) = remote.values()
            older = copy(ours)
            older.id, older.created = f"{ours.id[:-4]}0000", ours.created - timedelta(seconds=1)
            older.data = []
            remote[older.id] = older
            if refused:
                order(rig, "apps", 0, **refused)

    rig.world.transport.watch = another_worker
    submission = rig.world.settle(rig.world.send(rig.queued_example()))

    newer, older = instances(rig)
    assert (newer.deleted, newer.data, older.task) == (not refused, [], "confirmation")
    assert submission.problem_code == "CONFIRM_IN_ALTINN"
    assert submission.left_behind == (newer.id if refused else "")


def test_a_lost_answer_to_the_last_call_never_goes_on_twice(rig: Rig) -> None:
    order(rig, "apps", 5, kind="lost")
    submission = rig.world.send(rig.queued_example())
    assert submission.status == S.UNCERTAIN

    assert_ready_once(rig, submission, "after the lost answer")

    assert went_on(rig) == 1


@pytest.mark.parametrize(
    ("step", "error", "meaning"),
    [
        ("READY", Refused("no", status=409), Meaning.FINAL),
        ("READY", Refused("no", status=403), Meaning.WAIT_FOR_RIGHTS),
        ("READY", Unavailable("x", maybe_arrived=True), Meaning.MAYBE_DELIVERED),
        ("READY", Unavailable("x"), Meaning.TRY_LATER),
        ("READY", BrokenReply("x"), Meaning.MAYBE_DELIVERED),
        ("UPLOAD", BrokenReply("x"), Meaning.TRY_LATER),
        ("SCAN", Refused("gone", status=404), Meaning.FINAL),
        ("CONTROL", Refused("no", status=404), Meaning.OURS_TO_MEND),
    ],
)
def test_what_errors_say(rig: Rig, step: str, error: Any, meaning: Meaning) -> None:
    call = rig.queued().calls.get(step=step)

    assert rig.adapter.meaning(calls.step_of(call), error) == meaning


# what ends


@pytest.mark.parametrize("ends", ["process", "gone", "patience", "no look succeeds"])
def test_the_looks_for_the_answer_end_and_a_person_is_told(client: Client, rig: Rig, reader: User, ends: str) -> None:
    rig.world.app.state.settings.feedback_delay_seconds = 10**9
    submission = rig.world.settle(rig.world.send(rig.queued_example()))
    confirm(rig)
    look(rig, submission)
    assert (submission.status, submission.problem_code) == (S.DELIVERED, "")
    (instance,) = instances(rig)
    if ends == "process":
        instance.task = ""
    elif ends == "gone":
        rig.world.app.state.apps.instances.clear()
    else:
        assert look(rig, submission).next_attempt_at is not None
        rig.world.let_pass((MOST_PATIENCE + timedelta(days=1)).total_seconds())
        if ends == "no look succeeds":
            order(rig, "apps", 0, status=503, times=1000)

    look(rig, submission)

    late = rig.world.at + timedelta(days=60)
    client.force_login(reader)
    page = " ".join(client.get(f"/sandbox/submissions/{submission.pk}/").text.split())
    assert (submission.status, submission.problem_code) == (S.DELIVERED, "ANSWER_NOT_SEEN")
    assert submission.next_attempt_at is None
    assert not submission.documents.filter(role="FEEDBACK").exists()
    assert str(next_step(submission, at=rig.world.at, working=True).text) == "Se etter svaret i Altinn"
    assert Submission.objects.filter(unanswered(late), pk=submission.pk).exists()
    assert "har sluttet å se etter" in page
    assert instance.id in page
    assert 'hx-trigger="load delay:3s"' not in page


def test_a_look_that_fails_before_the_patience_ends_is_made_again(rig: Rig) -> None:
    rig.world.app.state.settings.feedback_delay_seconds = 10**9
    submission = rig.world.settle(rig.world.send(rig.queued_example()))
    confirm(rig)
    look(rig, submission)
    order(rig, "apps", 0, status=503, times=1)

    look(rig, submission)

    assert (submission.status, submission.problem_code) == (S.DELIVERED, "")
    assert submission.next_attempt_at is not None


# what may not be removed


def test_a_form_that_may_not_be_deleted_is_told_of_with_its_place(client: Client, rig: Rig, reader: User) -> None:
    rig.world.app.state.settings.system_users_delete_instances = False
    submission = rig.world.send(with_text(rig, "Eksempelfiler", TEST_VIRUS))
    client.force_login(reader)
    url = f"/sandbox/submissions/{submission.pk}/"
    look(rig, submission)
    ident = instances(rig)[0].id
    assert (submission.left_behind, submission.problem_code) == (ident, "ALTINN_APP:INFECTED")
    meanwhile = client.get(url).text

    rig.world.let_pass(days=1, minutes=1)
    look(rig, submission)

    page = client.get(url).text
    assert (submission.status, submission.next_attempt_at, submission.left_behind) == (S.FAILED, None, ident)
    assert [one.deleted for one in instances(rig)] == [False]
    for text in (meanwhile, page):
        assert "ligger igjen i kundens innboks i Altinn" in text
        assert ident in text
    assert "Portalen prøver fortsatt" in meanwhile
    assert "Portalen prøver fortsatt" not in page


def test_what_is_removed_after_all_is_told_of_no_more(client: Client, rig: Rig, reader: User) -> None:
    rig.world.app.state.settings.system_users_delete_instances = False
    submission = rig.world.send(with_text(rig, "Eksempelfiler", TEST_VIRUS))
    look(rig, submission)
    assert submission.left_behind
    rig.world.app.state.settings.system_users_delete_instances = True

    look(rig, submission)

    client.force_login(reader)
    page = client.get(f"/sandbox/submissions/{submission.pk}/").text
    assert (submission.left_behind, submission.next_attempt_at) == ("", None)
    assert [one.deleted for one in instances(rig)] == [True]
    assert "Noe ligger igjen" not in page


# another try


def test_a_conflict_at_the_confirmation_is_about_the_file(rig: Rig) -> None:
    order(rig, "apps", 5, status=409)

    submission = rig.world.send(rig.queued_example())

    assert (submission.status, submission.problem_code) == (S.FAILED, "ALTINN_APP:NOT_TAKEN")
    assert not again.may_try_again(submission)


def test_an_infected_file_is_not_offered_once_more(client: Client, rig: Rig, case_worker: User) -> None:
    submission = rig.world.send(with_text(rig, "Eksempelfiler", TEST_VIRUS))
    client.force_login(case_worker)

    page = client.get(f"/sandbox/submissions/{submission.pk}/").text

    assert not again.may_try_again(submission)
    assert f"/submissions/{submission.pk}/try-again/" not in page
    assert f"/submissions/{submission.pk}/correct/" in page
