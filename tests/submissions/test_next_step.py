"""One next action for every state, and who must do it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from portal.core.lease import LEASE
from submissions.models import Submission
from submissions.services.pages.next_step import next_step
from submissions.services.pages.stepper import dots
from systemusers.models import Access
from tests.fixtures import AT
from tests.submissions.world import make_draft

S = Submission.Status


def make(access: Access, **fields: Any) -> Submission:
    return make_draft(access, **{"delivered_at": AT, **fields})


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (S.QUEUED, "Står i kø. Sendes når portalen arbeider igjen"),
        (S.SENDING, "Sendingen går videre når portalen arbeider igjen"),
        (S.UNCERTAIN, "Svaret ble borte. Vi undersøker om oppgaven kom fram når portalen arbeider igjen"),
        (S.DELIVERED, "Levert. Svaret hentes når portalen arbeider igjen"),
    ],
)
def test_nothing_is_promised_while_no_work_is_done(access: Access, status: str, text: str) -> None:
    step = next_step(make(access, status=status), at=AT, working=False)

    assert (step.text, step.who) == (text, "")


def test_while_no_work_is_done_no_time_of_a_retry_is_named(access: Access) -> None:
    waiting = make(access, status=S.QUEUED, problem_code="HTTP-503", next_attempt_at=AT + timedelta(seconds=90))

    assert next_step(waiting, at=AT, working=False).text.endswith(". Prøver igjen når portalen arbeider igjen")


def test_what_a_person_must_do_is_said_also_while_no_work_is_done(access: Access) -> None:
    uncertain = make(access, status=S.UNCERTAIN)

    assert next_step(uncertain, at=AT + timedelta(hours=2), working=False).who == "Dere"


@pytest.mark.parametrize("status", S.values)
def test_every_state_has_a_next_step(access: Access, status: str) -> None:
    step = next_step(make(access, status=status), at=AT, working=True)

    assert step.text
    assert step.who or not step.url, "a step that leads somewhere says who must go there"


@pytest.mark.parametrize(
    ("fields", "text", "who"),
    [
        ({"status": S.REJECTED}, "Last opp rettet fil", "Dere"),
        ({"status": S.DELIVERED}, "Venter på svar", "Skatteetaten"),
        ({"status": S.DRAFT, "errors": 1}, "Rett feilene i filene", "Dere"),
        ({"status": S.FAILED, "problem_code": "GLD_1015"}, "Be kunden godkjenne en tilgang", "Kunden"),
    ],
)
def test_the_step_says_what_and_who(access: Access, fields: dict[str, Any], text: str, who: str) -> None:
    step = next_step(make(access, **fields), at=AT, working=True)

    assert step.text.startswith(text)
    assert step.who == who


def test_a_report_that_waits_for_skatteetaten_says_when_it_is_tried_again(access: Access) -> None:
    waiting = make(access, status=S.QUEUED, problem_code="UNAVAILABLE", next_attempt_at=AT + timedelta(seconds=90))

    assert next_step(waiting, at=AT, working=True).text.endswith("kl. 10.01.30")


@pytest.mark.parametrize("status", [S.QUEUED, S.SENDING])
def test_a_report_that_waits_for_a_fault_of_ours_says_who_must_act(access: Access, status: str) -> None:
    waiting = make(access, status=status, problem_code="NO_KEY", next_attempt_at=AT + timedelta(seconds=90))

    assert next_step(waiting, at=AT, working=True).who == "Dere"
    assert next_step(waiting, at=AT + timedelta(minutes=2), working=True).who == ""


def test_an_answer_lost_for_an_hour_becomes_somebodys_task(access: Access) -> None:
    uncertain = make(access, status=S.UNCERTAIN)

    assert next_step(uncertain, at=AT, working=True).who == ""
    assert next_step(uncertain, at=AT + timedelta(hours=2), working=True).who == "Dere"


@pytest.mark.parametrize("status", S.values)
def test_the_stepper_marks_one_place(access: Access, status: str) -> None:
    shown = dots(make(access, status=status))

    assert [dot.is_current for dot in shown].count(True) == 1


def test_a_rejection_is_red_and_asks_to_be_mended(access: Access) -> None:
    shown = dots(make(access, status=S.REJECTED))

    assert [(str(dot.label), dot.colour) for dot in shown] == [
        ("Kontrollert", "success"), ("Sendt", "success"), ("Levert", "success"), ("Avvist", "danger"), ("Rettes", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("correction", "text"),
    [("DRAFT", "Gjør rettelsen ferdig"), ("CANCELLED", "Last opp rettet fil"), ("DELIVERED", "Se rettelsen")],
)
def test_a_rejected_report_knows_what_became_of_its_correction(access: Access, correction: str, text: str) -> None:
    rejected = make_draft(access, status="REJECTED", delivered_at=AT)
    made = make_draft(access, status=correction, corrects=rejected, delivered_at=AT)

    row = Submission.objects.with_correction().get(pk=rejected.pk)

    step = next_step(row, at=AT, working=True)
    assert step.text == text
    assert (str(made.pk) in step.url) == (correction != "CANCELLED")


@pytest.mark.parametrize(
    ("status", "current"),
    [("DRAFT", "Kontrolleres"), ("READY", "Kontrollert"), ("QUEUED", "I kø"), ("SENDING", "Sendes"), ("DELIVERED", "Levert"),
     ("ACCEPTED", "Godkjent"), ("NEEDS_PERSON", "Noen må gjøre noe"), ("FAILED", "Feilet")],
)  # fmt: skip
def test_the_current_place_is_what_was_reached_and_nothing_ahead_is_named_as_done(
    access: Access, status: str, current: str
) -> None:
    result = dots(make_draft(access, status=status, delivered_at=AT))

    assert [dot.label for dot in result if dot.is_current] == [current]
    assert not {"Sendt", "Levert", "Godkjent"} & {dot.label for dot in result if not dot.colour}


def test_a_report_that_waits_for_an_answer_before_it_is_sent_is_not_shown_as_delivered(access: Access) -> None:
    result = dots(make_draft(access, status="NEEDS_PERSON", problem_code="ALREADY_THERE"))

    assert [(str(dot.label), dot.colour) for dot in result] == [
        ("Kontrollert", "success"), ("Noen må gjøre noe", "warning"), ("Leveres", ""), ("Svar fra Skatteetaten", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "usual"),
    [
        (S.QUEUED, "Sendes snart"),
        (S.SENDING, "Sendes nå"),
        (S.UNCERTAIN, "Svaret ble borte. Vi undersøker om oppgaven kom fram"),
    ],
)
def test_after_a_worker_died_the_page_says_when_it_is_tried_again(access: Access, status: str, usual: str) -> None:
    row = make(access, status=status)
    row.lease_until, row.next_attempt_at = AT + LEASE, AT

    shortly = next_step(row, at=AT + timedelta(seconds=70), working=True).text
    later = next_step(row, at=AT + timedelta(seconds=80), working=True).text

    assert shortly == usual
    began, ends = (f"{timezone.localtime(moment):%H.%M.%S}" for moment in (AT, AT + LEASE))
    assert later == f"Arbeideren har ikke svart siden kl. {began}. Prøves igjen kl. {ends}"


def test_a_report_that_no_worker_takes_is_not_sent_soon(access: Access) -> None:
    row = make(access, status=S.QUEUED)
    row.next_attempt_at = AT

    steps = [next_step(row, at=AT + timedelta(minutes=minutes), working=True).text for minutes in (1, 3)]

    clock = f"{timezone.localtime(AT):%H.%M.%S}"
    assert steps == ["Sendes snart", f"Står i kø siden kl. {clock}. Ingen arbeider har tatt den ennå"]
