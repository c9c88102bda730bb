"""Every access has one next step, and says whose it is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.core.lease import LEASE
from systemusers.models import Access, System
from systemusers.services.next_step import next_step, step_of
from tests.systemusers.world import World

S = Access.Status


@pytest.mark.parametrize(
    ("status", "text", "who"),
    [
        (S.DRAFT, "Sendes til Altinn nå", ""),
        (S.SENT, "Send lenken til kunden", "Dere"),
        (S.OPENED, "Kunden må godkjenne", "Kunden"),
        (S.FORWARDED, "Tilgangsstyrer", "Kunden"),
        (S.APPROVED, "Klar til bruk", "Dere"),
        (S.IN_USE, "Alt i orden", ""),
        (S.REJECTED, "Ring kunden", "Dere"),
        (S.EXPIRED, "Spør på nytt", "Dere"),
        (S.WITHDRAWN, "Spør på nytt hvis kunden likevel vil", ""),
        (S.REMOVED, "Snakk med kunden", "Dere"),
        (S.NEEDS_UPDATE, "ber om mer", "Dere"),
        (S.UNKNOWN, "ikke det samme", ""),
    ],
)
def test_every_state_has_its_step(sent: Access, world: World, status: str, text: str, who: str) -> None:
    sent.status, sent.attempts = status, 0

    step = next_step(sent, at=world.at, working=True)

    assert text in step.text
    assert step.who == who
    assert bool(step.url) or not who


def test_an_unopened_link_is_told_by_its_age(sent: Access, world: World) -> None:
    step = next_step(sent, at=world.at + timedelta(days=11, minutes=1), working=True)

    assert step.text == "Lenken er ikke åpnet på 11 dager"


def test_a_refused_draft_says_what_altinn_said_and_who_mends_it(asked: Access, world: World) -> None:
    asked.problem_code, asked.next_attempt_at = "AUTH-00000", None

    step = next_step(asked, at=world.at, working=True)

    assert (step.text, step.who) == ("Altinn kjenner ikke organisasjonsnummeret", "Dere")


def test_a_draft_that_waits_for_altinn_says_until_when(asked: Access, world: World) -> None:
    asked.problem_code, asked.next_attempt_at = "UNAVAILABLE", world.at + timedelta(minutes=1)

    step = next_step(asked, at=world.at, working=True)

    assert (step.text, step.who) == ("Tjenesten svarer ikke. Prøver igjen kl. 10.01.00", "")


def test_a_draft_that_waits_for_us_says_who_mends_it(asked: Access, world: World) -> None:
    asked.problem_code, asked.next_attempt_at = "NO_KEY", world.at + timedelta(minutes=15)

    step = next_step(asked, at=world.at, working=True)

    assert (step.text, step.who) == ("Klienten har ingen gyldig nøkkel. Prøver igjen kl. 10.15.00", "Dere")


@pytest.mark.parametrize(("failures", "text"), [(2, "Send lenken til kunden"), (3, "Klienten har ingen gyldig nøkkel")])
def test_an_open_access_that_cannot_be_asked_about_says_so_after_three_rounds(
    sent: Access, world: World, failures: int, text: str
) -> None:
    sent.problem_code, sent.failures, sent.next_attempt_at = "NO_KEY", failures, world.at + timedelta(hours=1)

    assert text in next_step(sent, at=world.at, working=True).text


def test_a_first_sign_of_loss_is_told_with_care(approved: Access, world: World) -> None:
    approved.missing_since = world.at

    assert "undersøker en gang til" in next_step(approved, at=world.at, working=True).text


def test_a_deleted_system_is_the_first_thing_to_know(approved: Access, world: World) -> None:
    approved.profile.system.status = System.Status.DELETED

    assert "Systemet er slettet" in next_step(approved, at=world.at, working=True).text


@pytest.mark.parametrize(("status", "text"), [(S.DRAFT, "Sendes til Altinn når"), (S.UNKNOWN, "Vi undersøker når")])
def test_nothing_is_promised_while_no_work_is_done(sent: Access, world: World, status: str, text: str) -> None:
    sent.status, sent.attempts = status, 0

    step = next_step(sent, at=world.at, working=False)

    assert text in step.text
    assert step.text.endswith("portalen arbeider igjen")


def test_while_no_work_is_done_no_time_of_a_retry_is_named(asked: Access, world: World) -> None:
    asked.attempts, asked.next_attempt_at = 1, world.at + timedelta(minutes=1)

    assert next_step(asked, at=world.at, working=False).text == "Sendes til Altinn når portalen arbeider igjen"


def test_a_refused_draft_waits_for_a_person_also_while_no_work_is_done(asked: Access, world: World) -> None:
    asked.problem_code, asked.next_attempt_at = "AUTH-00000", None

    assert next_step(asked, at=world.at, working=False).who == "Dere"


@pytest.mark.parametrize("status", [S.DRAFT, S.UNKNOWN])
def test_after_a_worker_died_the_page_says_when_it_is_tried_again(sent: Access, world: World, status: str) -> None:
    sent.status, sent.attempts, sent.lease_until = status, 1, world.at + LEASE

    shortly = next_step(sent, at=world.at + timedelta(seconds=70), working=True).text
    later = next_step(sent, at=world.at + timedelta(seconds=80), working=True).text

    ends = f"{timezone.localtime(world.at + LEASE):%H.%M.%S}"
    assert "Arbeideren" not in shortly
    assert later.startswith("Arbeideren har ikke svart siden")
    assert later.endswith(f"Prøves igjen kl. {ends}")


@pytest.mark.parametrize(
    ("status", "text", "who"),
    [
        (S.SENT, "Trekkes tilbake i Altinn", ""),
        (S.IN_USE, "Bare kunden kan fjerne tilgangen", "Kunden"),
        (S.UNKNOWN, "Bare kunden kan fjerne tilgangen", "Kunden"),
        (S.WITHDRAWN, "Ingenting å gjøre", ""),
    ],
)
def test_of_a_customer_that_has_left_nobody_here_does_anything(sent: Access, status: str, text: str, who: str) -> None:
    sent.status, sent.customer.end_asked_at = status, timezone.now()

    step = step_of(sent, at=timezone.now(), working=True)

    assert text in step.text
    assert step.who == who
