"""What takes two persons is told by mail to those who may approve it, and its end to whoever proposed it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Notice, NotificationPlan, Proposal, Role, User
from accounts.services import proposals
from accounts.services.staff import save_user
from portal.core.outbox.message import OutboxMessage
from tests.desk.second.test_proposals import make
from tests.fixtures import AT, make_user
from tests.systemusers.world import World


def mails(user: User) -> list[str]:
    return [row.payload["subject"] for row in OutboxMessage.objects.order_by("pk") if row.address == user.email]


def test_those_who_may_approve_are_told_and_nobody_else(
    world: World, administrator: User, second: User, case_worker: User
) -> None:
    opened = make_user(Role.ADMINISTRATOR, "opened@vendor.example")
    opened.email = "opened.new@vendor.example"
    save_user(user=opened, by=administrator.actor, at=AT)
    OutboxMessage.objects.all().delete()

    row = make(administrator)

    [told] = OutboxMessage.objects.all()
    assert told.address == second.email
    assert f"/sandbox/proposals/{row.pk}/" in told.payload["text"]
    assert administrator.name in told.payload["text"]


def test_whoever_has_chosen_otherwise_is_not(world: World, administrator: User, second: User) -> None:
    NotificationPlan.objects.create(user=second, at_once=[Notice.KEY.value])

    make(administrator)

    assert mails(second) == []


def approve(row: Proposal, second: User) -> None:
    proposals.approve(proposal=row, user=second, ground="g", at=AT)
    proposals.note_done(proposal=row, at=AT)


def change(row: Proposal, second: User) -> None:
    with pytest.raises(proposals.HasChanged):
        proposals.approve(proposal=row, user=second, ground="another", at=AT)


ENDS: dict[str, Callable[[Proposal, User], Any]] = {
    "Godkjent og gjort": approve,
    "Ikke godkjent": lambda row, second: proposals.refuse(proposal=row, user=second, reason="Nei", at=AT),
    "Falt bort: noe var endret": change,
    "Gikk ut uten svar": lambda row, second: proposals.end_old(at=row.expires_at + timedelta(seconds=1)),
}


@pytest.mark.parametrize("end", ENDS)
def test_whoever_proposed_it_learns_how_it_ended(world: World, administrator: User, second: User, end: str) -> None:
    row = make(administrator)

    ENDS[end](row, second)

    assert mails(administrator) == [f"Forslaget ditt: {end}"]
    assert not any("Nei" in each.payload["text"] for each in OutboxMessage.objects.all())


def test_who_takes_it_back_is_told_nothing(world: World, administrator: User, second: User) -> None:
    row = make(administrator)

    proposals.withdraw(proposal=row, user=administrator, at=AT)

    assert mails(administrator) == []
