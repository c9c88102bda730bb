"""A worker that dies before any statement of its work: the next one goes on, and every customer is asked and mailed once."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import Customer, User, Vendor
from portal.core import lease
from portal.core.audit import AuditEvent
from portal.core.states import LostRace
from systemusers.models import Access, AccessProfile, Campaign, CampaignRow, ChangeRequest, Invitation
from systemusers.services.campaigns import asking, judging, ordering, work
from tests.systemusers.campaigns.rig import judged, make, make_customers, started, states, verdicts, work_to_the_end
from tests.systemusers.world import World

S, R = Campaign.Status, CampaignRow.State
LATER = timedelta(minutes=4)
"""When the lease of the dead has run out."""


class Died(BaseException):
    """The worker was killed: no `except Exception` sees it."""


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch, vendor: Vendor) -> None:
    monkeypatch.setattr(asking, "CHUNK", 2)
    monkeypatch.setattr(judging, "BATCH", 2)


def dies(at_statement: int, world: World) -> bool:
    """Whether a worker met its death before the statement with this number; what its transaction had not committed is gone."""
    left = at_statement

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0 and not sql.startswith(("ROLLBACK", "RELEASE")):
            raise Died
        return execute(sql, params, many, context)

    try:
        with connection.execute_wrapper(count):
            work.run(at=world.at)
    except Died:
        return True
    return False


def each_death(prepare: Callable[[], Campaign], world: World) -> Iterator[Campaign]:
    """The campaign after a worker died, once for every statement, and after the next worker has done the rest."""
    for number in itertools.count():
        with transaction.atomic():
            row = prepare()
            has_died = dies(number, world)
            work_to_the_end(at=world.at + LATER)
            row.refresh_from_db()
            yield row
            transaction.set_rollback(True)
        if not has_died:
            break
    assert number > 12


def test_judging_is_done_to_its_end(profile: AccessProfile, administrator: User, world: World) -> None:
    make_customers(3)

    for row in each_death(lambda: make(profile, administrator, at=world.at), world):
        assert (row.status, verdicts(row)) == (S.READY, ["READY"] * 3)


def test_every_customer_is_asked_and_mailed_once(profile: AccessProfile, administrator: User, world: World) -> None:
    make_customers(5)

    def prepare() -> Campaign:
        return started(judged(profile, administrator, at=world.at), administrator, at=world.at)

    for row in each_death(prepare, world):
        assert (row.status, states(row)) == (S.DONE, [R.ASKED] * 5)
        assert (Access.objects.count(), Invitation.objects.count()) == (5, 5)
        assert set(row.rows.values_list("access", flat=True)) == set(Access.objects.values_list("pk", flat=True))
        for what in ("requested", "mail-ordered"):
            assert AuditEvent.objects.filter(what=what).count() == 5


def test_every_customer_is_asked_for_a_change_once(approved: Access, administrator: User, world: World) -> None:
    Customer.objects.update(contact_email="post@nordlys.example")
    AccessProfile.objects.update(rights=[*approved.rights, "ske-noe-nytt"])

    def prepare() -> Campaign:
        ready = judged(AccessProfile.objects.get(), administrator, at=world.at, purpose=Campaign.Purpose.CHANGE)
        return started(ready, administrator, at=world.at)

    for row in each_death(prepare, world):
        assert (row.status, states(row)) == (S.DONE, [R.ASKED])
        assert ChangeRequest.objects.get().access == approved == row.rows.get().access
        assert Invitation.objects.get().change == ChangeRequest.objects.get()
        assert AuditEvent.objects.filter(what="mail-ordered").count() == 1


def test_a_slow_worker_does_not_ask_again(profile: AccessProfile, administrator: User, world: World) -> None:
    make_customers(3)
    started(judged(profile, administrator, at=world.at), administrator, at=world.at)
    [slow] = lease.claim(Campaign.objects.filter(status=S.RUNNING), at=world.at)
    work_to_the_end(at=world.at + LATER)

    with pytest.raises(LostRace):
        asking.step(slow)

    assert (Campaign.objects.get().status, Access.objects.count()) == (S.DONE, 3)


def test_a_worker_asks_nobody_after_a_person_has_paused(
    profile: AccessProfile, administrator: User, world: World
) -> None:
    make_customers(5)
    row = started(judged(profile, administrator, at=world.at), administrator, at=world.at)
    [hold] = lease.claim(Campaign.objects.filter(status=S.RUNNING).select_related("owner", "ordered_by"), at=world.at)
    asking.step(hold)
    ordering.pause(campaign=row, by=administrator.actor, at=world.at)

    with pytest.raises(LostRace):
        asking.step(hold)
    work_to_the_end(at=world.at + LATER)
    paused = Access.objects.count()
    ordering.resume(campaign=row, user=administrator, at=world.at)
    work_to_the_end(at=world.at + LATER)

    assert (paused, Access.objects.count()) == (2, 5)
    assert Campaign.objects.get().status == S.DONE
