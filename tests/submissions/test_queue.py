"""From READY to QUEUED: what stands in the way, what must be answered first, and the plan of calls."""

from __future__ import annotations

import threading
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from portal.core import upstream
from portal.core.audit import AuditEvent
from portal.core.states import IllegalTransition, LostRace
from portal.gateways.http import CallStats
from submissions.models import Call, Submission
from submissions.services.documents import store_document
from submissions.services.drafting.preflight import preflight, token
from submissions.services.sending.queue import HasChanged, NotReady, cancel, queue
from systemusers.models import Access
from tests.fixtures import AT
from tests.submissions.world import make_draft

BY = "user:ida@vendor.example"
S = Submission.Status


def make_ready(access: Access, *, parts: int = 2, **fields: Any) -> Submission:
    """A checked package of one main form and some sub-forms, always the same bytes."""
    submission = make_draft(access, status=S.READY, **fields)
    forms = [("MAIN", "hoved.xml", b"<main/>")]
    forms += [("PART", f"under{n}.xml", f"<part n='{n}'/>".encode()) for n in range(parts)]
    for role, filename, content in forms:
        store_document(
            content=content, filename=filename, media_type="application/xml", role=role,
            customer=submission.customer, submission=submission, at=AT,
        )  # fmt: skip
    return submission


def refusal_of(submission: Submission, confirmed: frozenset[str] = frozenset()) -> NotReady:
    with pytest.raises(NotReady) as caught:
        queue(submission=submission, by=BY, at=AT, confirmed=confirmed)
    return caught.value


def test_a_ready_package_is_queued_with_who_and_when(access: Access) -> None:
    submission = make_ready(access)

    queue(submission=submission, by=BY, at=AT)

    submission.refresh_from_db()
    assert (submission.status, submission.queued_by, submission.queued_at) == (S.QUEUED, BY, AT)
    assert submission.next_attempt_at == AT
    assert AuditEvent.objects.get(what="READY->QUEUED").by == BY


def test_every_call_is_planned_with_its_key_before_anything_is_sent(access: Access) -> None:
    submission = make_ready(access, parts=2)

    queue(submission=submission, by=BY, at=AT)

    calls = list(submission.calls.all())
    assert [call.step for call in calls] == ["MAIN", "PART", "PART", "CONFIRM"]
    assert len({call.key for call in calls[:3]} - {None}) == 3
    assert calls[3].key is None
    assert {call.status for call in calls} == {Call.Status.PLANNED}


def test_a_draft_with_errors_is_not_queued(access: Access) -> None:
    submission = make_draft(access)

    refused = refusal_of(submission)

    assert "Legg til filer først" in refused.preflight.problems[0]
    assert submission.calls.count() == 0


def test_an_access_that_went_away_stops_the_queueing(access: Access) -> None:
    submission = make_ready(access)
    Access.objects.filter(pk=access.pk).update(status="REMOVED")

    refused = refusal_of(Submission.objects.get(pk=submission.pk))

    assert "fjernet av kunden" in refused.preflight.problems[0]


def test_warnings_must_be_overridden_on_purpose(access: Access) -> None:
    submission = make_ready(access, warnings=1)

    assert [code for code, _ in refusal_of(submission).preflight.questions] == ["warnings"]

    queue(submission=submission, by=BY, at=AT, confirmed=frozenset({"warnings"}))
    assert AuditEvent.objects.get(what="READY->QUEUED").detail["confirmed"] == ["warnings"]


@pytest.mark.parametrize("status", ["QUEUED", "UNCERTAIN", "ACCEPTED"])
def test_the_same_files_twice_need_a_yes(access: Access, status: str) -> None:
    make_ready(access)
    Submission.objects.update(status=status, delivered_at=AT, queued_at=AT)
    again = make_ready(access)

    assert [code for code, _ in refusal_of(again).preflight.questions] == ["duplicate"]

    queue(submission=again, by=BY, at=AT, confirmed=frozenset({"duplicate"}))
    assert again.status == S.QUEUED


@pytest.mark.parametrize("changes", [{"status": "FAILED"}, {"period_start": date(2024, 1, 1)}])
def test_what_did_not_arrive_or_is_of_another_year_is_no_duplicate(access: Access, changes: dict[str, Any]) -> None:
    make_ready(access)
    Submission.objects.update(**{"status": "ACCEPTED", "delivered_at": AT, **changes})

    queue(submission=make_ready(access), by=BY, at=AT)

    assert Submission.objects.filter(status=S.QUEUED).count() == 1


def test_a_second_press_of_the_button_loses_the_race(access: Access) -> None:
    submission = make_ready(access)
    seen_earlier = Submission.objects.get(pk=submission.pk)
    queue(submission=submission, by=BY, at=AT)

    with pytest.raises(LostRace):
        queue(submission=seen_earlier, by=BY, at=AT)

    assert submission.calls.count() == 4


@pytest.mark.django_db(transaction=True)
def test_two_twins_queued_at_once_become_one(access: Access) -> None:
    twins = [make_ready(access), make_ready(access)]
    gate, outcomes = threading.Barrier(2), []

    def press(submission: Submission) -> None:
        gate.wait()
        try:
            queue(submission=submission, by=BY, at=AT)
            outcomes.append("queued")
        except NotReady:
            outcomes.append("asked")
        finally:
            connection.close()

    threads = [threading.Thread(target=press, args=(twin,)) for twin in twins]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]

    assert sorted(outcomes) == ["asked", "queued"]


def test_what_waits_in_the_queue_can_be_cancelled(access: Access) -> None:
    submission = make_ready(access)
    queue(submission=submission, by=BY, at=AT)

    cancel(submission=submission, by=BY, at=AT)

    assert (submission.status, submission.next_attempt_at) == (S.CANCELLED, None)


def test_what_was_delivered_cannot_be_cancelled(access: Access) -> None:
    submission = make_draft(access, status=S.DELIVERED, delivered_at=AT)

    with pytest.raises(IllegalTransition):
        cancel(submission=submission, by=BY, at=AT)


def accepted(access: Access) -> Submission:
    earlier = make_ready(access)
    earlier.documents.update(sha256="0" * 64)
    Submission.objects.filter(pk=earlier.pk).update(status="ACCEPTED", delivered_at=AT, queued_at=AT)
    return earlier


def test_a_report_over_an_accepted_one_is_asked_about(access: Access) -> None:
    accepted(access)
    submission = make_ready(access)

    [(code, text)] = preflight(submission).questions

    assert code == "replaces"
    assert text.startswith("2025 er levert og godkjent 23. november 2026. Denne erstatter den.")
    with pytest.raises(NotReady):
        queue(submission=submission, by=BY, at=AT)
    queue(submission=submission, by=BY, at=AT, confirmed=frozenset({"replaces"}))


def test_the_answer_holds_only_for_what_was_shown(access: Access) -> None:
    submission = make_ready(access)
    shown = token(submission, preflight(submission))
    accepted(access)

    with pytest.raises(HasChanged):
        queue(submission=submission, by=BY, at=AT, confirmed=frozenset({"replaces"}), shown=shown)
    now = token(submission, preflight(submission))
    queue(submission=submission, by=BY, at=AT, confirmed=frozenset({"replaces"}), shown=now)


def test_a_file_that_came_meanwhile_makes_the_question_another(access: Access) -> None:
    submission = make_ready(access)
    shown = token(submission, preflight(submission))
    submission.documents.update(sha256="1" * 64)

    with pytest.raises(HasChanged):
        queue(submission=submission, by=BY, at=AT, shown=shown)


def test_a_sub_unit_is_stopped_with_the_number_of_its_main_unit(access: Access) -> None:
    access.customer.business_register = {"main_unit": "310200009"}
    access.customer.save(update_fields=["business_register"])

    problems = refusal_of(make_ready(access)).preflight.problems

    assert [problem for problem in problems if "310200009" in problem]


def test_the_page_says_that_skatteetaten_does_not_answer_now(client: Client, access: Access, case_worker: User) -> None:
    client.force_login(case_worker)
    address = f"/sandbox/submissions/{make_ready(access).pk}/"
    told = "Innsendingen legges i kø, og går av seg selv når tjenesten svarer igjen."

    before = client.get(address).text
    for _ in range(5):
        upstream.note(CallStats("skatteetaten", "sandbox.test", "POST", "/x", 503, 0.1, 0, 0))

    assert (told in before, told in client.get(address).text) == (False, True)
