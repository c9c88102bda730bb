"""What the vendor's own systems are told about accesses, campaigns and keys: each once, however often workers run."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import Customer, User, Vendor
from portal.core.feed.event import FeedEvent
from systemusers.models import Access, AccessProfile, FoundSystemUser, SigningKey
from systemusers.services import access as accesses
from systemusers.services import adoption
from systemusers.services.keys import ending
from tests.systemusers.campaigns import rig as campaigns
from tests.systemusers.test_changes import answered, widen
from tests.systemusers.test_changes import sent as change_sent
from tests.systemusers.world import BY, World, fresh

S = Access.Status


@pytest.fixture(autouse=True)
def known_vendor(vendor: Vendor) -> Vendor:
    return vendor


def told(row: Access | None = None) -> list[tuple[str, str]]:
    """Type and state of each event, the oldest first; with `row` those about it."""
    events = FeedEvent.objects.order_by("pk")
    events = events.filter(subject=f"accesses/{row.reference}") if row else events
    return [(event.type, event.data.get("status", "")) for event in events]


def work(row: Access, world: World) -> None:
    """More rounds of the workers than are needed."""
    for _ in range(3):
        world.poll(row)
        world.check(row)


@pytest.mark.parametrize(
    ("act", "expected"),
    [("approve", ("access.approved", "APPROVED")), ("reject", ("access.rejected", "REJECTED"))],
)
def test_the_customers_answer_is_told(sent: Access, world: World, act: str, expected: tuple[str, str]) -> None:
    world.decide(sent, act)
    work(sent, world)

    [event] = FeedEvent.objects.all()
    assert told(sent) == [expected]
    assert (event.environment, event.customer_id_ref) == ("SANDBOX", sent.customer_id)
    assert set(event.data) == {"status"}


def test_a_question_that_ran_out_is_told(sent: Access, world: World) -> None:
    world.let_pass(days=181)
    work(sent, world)

    assert told(sent) == [("access.expired", "EXPIRED")]


def test_an_access_that_the_customer_took_back_is_told(approved: Access, world: World) -> None:
    FeedEvent.objects.all().delete()
    world.remove(approved)
    world.let_pass(minutes=11)
    accesses.reconcile_system(system=approved.profile.system, at=world.at)
    world.let_pass(hours=1)
    work(approved, world)

    assert told(approved) == [("access.lost", "REMOVED")]


def test_what_an_access_lacks_and_gets_is_told(world: World, known_customer: Customer, profile: AccessProfile) -> None:
    row = world.new_access(known_customer, profile)
    FeedEvent.objects.all().delete()
    widen(profile, world)
    answered(change_sent(row, world), "approve", world)
    work(row, world)

    assert told(row) == [("access.changed", "NEEDS_UPDATE"), ("access.changed", "IN_USE")]


def test_one_that_was_made_elsewhere_and_is_taken_over_is_told(world: World, profile: AccessProfile) -> None:
    world.control("/control/bulk", {"organisations": 2, "system_id": profile.system.system_id})
    accesses.reconcile_system(system=profile.system, at=world.at)
    adoption.take_over(rows=FoundSystemUser.objects.all(), profile=profile, by=BY, at=world.at)
    for _ in range(3):
        adoption.take_over_due(at=world.at)

    rows = Access.objects.all()
    assert len(rows) == 2
    assert [told(row) for row in rows] == [[("access.approved", "APPROVED")]] * 2


def test_a_campaign_that_is_through_is_told(profile: AccessProfile, administrator: User) -> None:
    campaigns.make_customers(3)
    row = campaigns.finished(campaigns.judged(profile, administrator), administrator)
    campaigns.work_to_the_end()

    assert [(event.type, event.subject) for event in FeedEvent.objects.all()] == [
        ("campaign.finished", f"campaigns/{row.pk}")
    ]


def test_a_key_is_told_of_at_each_warning(world: World) -> None:
    key = SigningKey.objects.get()
    key.expires_at = world.at + timedelta(days=100)
    SigningKey.objects.update(expires_at=key.expires_at)
    for days in (61, 60, 59, 30, 29, 7, 6, 1, -1):
        ending.warn(at=key.expires_at - timedelta(days=days))

    events = FeedEvent.objects.all()
    assert [(event.type, event.subject) for event in events] == [("key.expiring", f"keys/{key.pk}")] * 3
    assert fresh(key).status == "ACTIVE"
