"""Many questions taken back at once: marked by a person, taken back in Altinn by the worker, followed on a page that ends itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import Customer, Role, User
from systemusers.models import Access, AccessProfile, ChangeRequest, Withdrawal
from systemusers.services import access, changes, ending
from tests.fixtures import make_user
from tests.systemusers.staff import page
from tests.systemusers.test_changes import widen
from tests.systemusers.world import BY, REQUESTS, World, fresh

S, C = Access.Status, ChangeRequest.Status
URL = "/sandbox/access/"
LATER = timedelta(minutes=1)


def press(staff: Client, number: int) -> str:
    """The page after the questions of the whole filter were taken back."""
    return str(staff.post(URL, {"act": "withdraw", "all": "1", "number": str(number)})["Location"])


@pytest.fixture
def other(world: World, profile: AccessProfile, sent: Access) -> Access:
    customer = world.new_customer("310200018", "Bakke og Dahl")
    return world.send(access.ask_access(customer=customer, profile=profile, by=BY, at=world.at))


def test_the_worker_takes_back_what_a_person_picked(staff: Client, sent: Access, other: Access, world: World) -> None:
    named = staff.post(URL, {"act": "withdraw", "all": "1"}).content.decode()
    address = press(staff, 2)
    before = staff.get(address).content.decode()
    ending.withdraw_due(at=world.at + LATER)
    after = staff.get(address).content.decode()

    assert "Trekk tilbake spørsmålene til 2 kunder" in named
    assert "0 av 2 er ferdig" in before
    assert "2 av 2 er ferdig" in after
    assert ["delay:3s" in text for text in (before, after)] == [True, False]
    assert (fresh(sent).status, fresh(other).status, world.app.state.requests) == (S.WITHDRAWN, S.WITHDRAWN, {})


def test_one_that_is_not_ticked_stays(staff: Client, sent: Access, other: Access, world: World) -> None:
    staff.post(URL, {"act": "withdraw", "pick": [sent.pk], "number": "1"})
    ending.withdraw_due(at=world.at + LATER)

    assert (fresh(sent).status, fresh(other).status) == (S.WITHDRAWN, S.SENT)


def test_an_approval_that_came_first_stays(staff: Client, sent: Access, world: World) -> None:
    address = press(staff, 1)
    world.decide(sent, "approve")
    ending.withdraw_due(at=world.at + LATER)

    assert fresh(sent).status == S.APPROVED
    assert "Kunden rakk å svare, eller spørsmålet var avsluttet: 1." in staff.get(address).content.decode()


def test_a_draft_that_is_taken_back_is_not_sent(staff: Client, asked: Access, world: World) -> None:
    press(staff, 1)
    world.transport.requests.clear()
    access.send_due(at=world.at + LATER)
    ending.withdraw_due(at=world.at + LATER)

    assert (fresh(asked).status, world.transport.requests) == (S.WITHDRAWN, [])


def test_altinn_being_away_leaves_it_to_the_next_round(staff: Client, sent: Access, world: World) -> None:
    address = press(staff, 1)
    world.fault(kind="status", path=REQUESTS, status=503)
    ending.withdraw_due(at=world.at + LATER)
    away = staff.get(address).content.decode()
    world.app.faults.clear()
    ending.withdraw_due(at=world.at + timedelta(hours=2))

    assert "0 av 1 er ferdig" in away
    assert sent.customer.name in away
    assert fresh(sent).status == S.WITHDRAWN


def test_the_open_change_of_an_access_in_use_is_taken_back(
    staff: Client, known_customer: Customer, profile: AccessProfile, world: World
) -> None:
    row = world.new_access(known_customer, profile)
    widen(profile, world)
    change = changes.ask_change(access=fresh(row), by=BY, at=world.at)
    changes.send_due(at=world.at)

    press(staff, 1)
    ending.withdraw_due(at=world.at + LATER)

    assert fresh(change).status == C.WITHDRAWN
    assert fresh(row).status == S.NEEDS_UPDATE


def test_one_that_is_asked_again_is_not_taken_back_once_more(staff: Client, sent: Access, world: World) -> None:
    press(staff, 1)
    ending.withdraw_due(at=world.at + LATER)
    access.renew_access(access=fresh(sent), by=BY, at=world.at)
    row = world.send(fresh(sent))
    ending.withdraw_due(at=world.at + timedelta(hours=1))

    assert (row.status, fresh(row).status) == (S.SENT, S.SENT)


def test_an_ended_one_cannot_be_taken_back(staff: Client, sent: Access) -> None:
    Access.objects.update(status=S.REJECTED, next_attempt_at=None)

    reply = staff.post(URL, {"act": "withdraw", "all": "1", "number": "1"}, follow=True)

    assert "Ingen av de valgte kan dette nå" in reply.content.decode()
    assert not Withdrawal.objects.exists()


def test_another_case_worker_does_not_see_it(staff: Client, sent: Access, case_worker: User, now: None) -> None:
    address = press(staff, 1)
    other = make_user(Role.CASE_WORKER, "o@vendor.example", name="O")
    client, reader = Client(), Client()
    client.force_login(other)
    reader.force_login(make_user(Role.READER))

    assert client.get(address).status_code == 404
    assert reader.post(URL, {"act": "withdraw", "all": "1", "number": "1"}).status_code == 403
    assert page(staff, address.removeprefix("/sandbox/"))
