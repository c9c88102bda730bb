"""A relation that ends: questions are taken back in Altinn by the worker, and nothing new begins."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import Customer
from systemusers.models import Access, Invitation
from systemusers.services import access, ending, invitations
from systemusers.services.access import NotPossible
from tests.systemusers.world import BY, REQUESTS, World, fresh

S = Access.Status


def end(row: Access, world: World) -> Customer:
    ending.end_relation(customer=row.customer, by=BY, at=world.at)
    return Customer.objects.get(pk=row.customer_id)


def test_an_open_question_is_withdrawn_in_altinn_by_the_worker(sent: Access, world: World) -> None:
    end(sent, world)
    assert fresh(sent).status == S.SENT

    ending.withdraw_due(at=world.at)

    assert (fresh(sent).status, world.app.state.requests) == (S.WITHDRAWN, {})


def test_altinn_being_away_leaves_the_question_to_the_next_round(sent: Access, world: World) -> None:
    end(sent, world)
    world.fault(kind="status", path=REQUESTS, status=503)

    ending.withdraw_due(at=world.at)
    first = fresh(sent).status
    world.app.faults.clear()
    ending.withdraw_due(at=world.at + timedelta(hours=2))

    assert (first, fresh(sent).status) == (S.SENT, S.WITHDRAWN)


def test_a_draft_is_not_sent_any_more(asked: Access, world: World) -> None:
    end(asked, world)
    world.transport.requests.clear()

    access.send_due(at=world.at)
    ending.withdraw_due(at=world.at)

    assert (fresh(asked).status, world.transport.requests) == (S.WITHDRAWN, [])


def test_an_approval_that_came_first_stays(sent: Access, world: World) -> None:
    end(sent, world)
    world.decide(sent, "approve")

    ending.withdraw_due(at=world.at)

    assert fresh(sent).status == S.APPROVED


def test_the_plan_of_mails_stops_and_none_begins(sent: Access, world: World) -> None:
    Customer.objects.update(contact_email="post@nordlys.example")
    invitations.order(accesses=[sent.pk], by=BY, at=world.at)

    end(sent, world)

    plan = Invitation.objects.get(access=sent)
    assert (plan.stopped_at, plan.stopped_why) == (world.at, Invitation.Why.ENDED)
    assert invitations.order(accesses=[sent.pk], by=BY, at=world.at).ordered == []


def test_an_ended_customer_is_asked_again_only_after_the_relation_goes_on(sent: Access, world: World) -> None:
    customer = end(sent, world)
    ending.withdraw_due(at=world.at)

    with pytest.raises(NotPossible):
        access.renew_access(access=fresh(sent), by=BY, at=world.at)
    ending.reactivate(customer=customer, by=BY, at=world.at)
    access.renew_access(access=fresh(sent), by=BY, at=world.at)

    assert fresh(sent).status == S.DRAFT


def test_ending_twice_is_ending_once(sent: Access, world: World) -> None:
    customer = end(sent, world)

    assert not ending.end_relation(customer=customer, by="user:other", at=world.at + timedelta(days=1))
    assert Customer.objects.get(pk=customer.pk).end_asked_by == BY
