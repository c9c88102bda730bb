"""The life of subscriptions at Altinn: compared each day, mended, made for an accountant's clients, and removed in time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Customer
from portal.core.audit import AuditEvent
from portal.gateways import urns
from portal.local.demo import orgnrs
from portal.sandbox import webhooks
from submissions.models import EventSubscription, PollCursor, RefusedResource, SubscriptionRound
from submissions.services import archiving, catalogue
from submissions.services.inbox.subscriptions import asking, closed, comparing, wanted
from systemusers.models import Access, ClientRelation
from systemusers.services import ending
from tests.submissions.accountant import Firm, firm
from tests.submissions.inbox.reading import Reading
from tests.submissions.inbox.test_events import SUBSCRIPTIONS, event, post
from tests.submissions.world import BY, World

__all__ = ["firm"]


class Altinn:
    """The sandbox's Altinn Events, and the workers that talk to it."""

    def __init__(self, world: World, client: Client) -> None:
        self.world, self.client = world, client
        for one in world.app.state.clients.values():
            one.scopes = [*one.scopes, "altinn:events.subscribe"]

    @property
    def held(self) -> dict[int, Any]:
        return self.world.app.state.subscriptions

    def calls_us(self) -> None:
        def deliver(url: str, body: bytes, headers: dict[str, str]) -> int:
            return self.client.post(urlsplit(url).path, body, content_type=headers["Content-Type"]).status_code

        webhooks.pump(self.world.app, deliver=deliver)

    def work(self) -> None:
        """What the sweeps do until nothing is due, and what Altinn answers."""
        wanted.make_subscriptions(at=self.world.at, everything=True)
        comparing.make_rounds(at=self.world.at, everything=True)
        comparing.compare_due(at=self.world.at)
        asking.end_unwanted(at=self.world.at)
        while asking.remove_due(at=self.world.at) + asking.subscribe_due(at=self.world.at) >= asking.BATCH:
            pass
        self.calls_us()

    def days(self, number: float = 1.3) -> None:
        self.world.let_pass(days=number)
        self.work()
        self.world.let_pass(seconds=20)  # what the comparison found out is due a moment later
        self.work()


@pytest.fixture
def altinn(world: World, client: Client, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Altinn:
    monkeypatch.setattr(timezone, "now", lambda: world.at)
    settings.PORTAL_URL = "https://portal.example"
    made = Altinn(world, client)
    made.work()
    return made


def leave(altinn: Altinn) -> None:
    """The relation ends, and nothing is under way."""
    ending.end_relation(customer=Customer.objects.get(), by=BY, at=altinn.world.at)
    assert archiving.archive_ended(at=altinn.world.at) == 1


def confirmed() -> int:
    return EventSubscription.objects.filter(validated_at__isnull=False).count()


def test_what_altinn_has_lost_is_made_anew_within_a_day(reading: Reading, altinn: Altinn) -> None:
    before = EventSubscription.objects.get().altinn_id
    altinn.held.clear()

    altinn.days()

    row = EventSubscription.objects.get()
    assert row.altinn_id != before
    assert list(altinn.held) == [row.altinn_id]
    assert (row.validated_at, row.next_attempt_at) == (altinn.world.at, None)


def test_what_altinn_no_longer_holds_for_confirmed_is_asked_for_again(reading: Reading, altinn: Altinn) -> None:
    next(iter(altinn.held.values())).validated = False

    altinn.days()

    assert [one.validated for one in altinn.held.values()] == [True]
    assert confirmed() == 1


def test_what_is_as_it_should_be_is_looked_at_once_a_day_and_left_alone(reading: Reading, altinn: Altinn) -> None:
    altinn.days()
    before = len(reading.calls(SUBSCRIPTIONS))

    for _ in range(20):
        altinn.days(0.01)
    few = len(reading.calls(SUBSCRIPTIONS)) - before
    altinn.days()

    assert few == 0
    assert reading.calls(SUBSCRIPTIONS)[before:] == [f"GET {SUBSCRIPTIONS}"]
    compared_at = SubscriptionRound.objects.get().compared_at
    assert compared_at is not None
    assert altinn.world.at - compared_at < timedelta(minutes=1)


@pytest.mark.parametrize(("days", "is_read"), [(1.3, False), (3, True)])
def test_after_an_outage_of_ours_everything_is_read_once(
    reading: Reading, altinn: Altinn, days: float, is_read: bool
) -> None:
    reading.poll()
    altinn.days()
    far = altinn.world.at + timedelta(days=6)
    PollCursor.objects.update(full_at=far, overlap_at=far, next_attempt_at=far)

    altinn.days(days)

    row = reading.cursor
    assert row.full_at is not None
    assert row.next_attempt_at is not None
    assert (row.full_at < altinn.world.at, row.next_attempt_at < altinn.world.at) == (is_read, is_read)


def test_one_of_ours_that_nobody_knows_is_removed_and_others_are_not(reading: Reading, altinn: Altinn) -> None:
    state = altinn.world.app.state
    known = next(iter(altinn.held.values()))
    stray = type(known)(**{name: getattr(known, name) for name in known.__struct_fields__})
    stray.id, stray.endpoint = 90_001, "https://portal.example/hooks/events/forgotten"
    others = type(known)(**{name: getattr(known, name) for name in known.__struct_fields__})
    others.id, others.endpoint = 90_002, "https://elsewhere.example/hook"
    state.subscriptions |= {stray.id: stray, others.id: others}

    altinn.days()

    assert sorted(altinn.held) == [known.id, others.id]


def test_a_right_that_is_taken_out_ends_its_subscription(reading: Reading, altinn: Altinn) -> None:
    Access.objects.update(rights=[], packages=[])

    altinn.days()
    altinn.work()

    assert (EventSubscription.objects.count(), altinn.held) == (0, {})
    assert AuditEvent.objects.filter(what="unsubscribe").count() == 1


def test_when_a_relation_ends_the_subscription_goes_while_the_system_user_is_there(
    reading: Reading, altinn: Altinn
) -> None:
    leave(altinn)

    altinn.work()

    assert (EventSubscription.objects.count(), altinn.held) == (0, {})


def test_when_the_relation_goes_on_there_is_a_subscription_again(reading: Reading, altinn: Altinn) -> None:
    leave(altinn)
    altinn.work()
    ending.reactivate(customer=Customer.objects.get(), by=BY, at=altinn.world.at)

    altinn.work()

    assert (confirmed(), len(altinn.held)) == (1, 1)


@pytest.mark.parametrize("is_told", [True, False], ids=["we know", "we do not know yet"])
def test_of_a_system_user_that_is_gone_only_our_row_is_left_to_remove(
    reading: Reading, altinn: Altinn, is_told: bool
) -> None:
    for user in altinn.world.app.state.system_users.values():
        user.deleted = True
    if is_told:
        Access.objects.update(status="REMOVED")
    else:
        leave(altinn)
    altinn.world.let_pass(hours=1)  # no token is kept

    altinn.work()

    assert EventSubscription.objects.count() == 0


def test_a_worker_that_dies_between_altinn_and_our_row_removes_it_the_next_time(
    reading: Reading, altinn: Altinn, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        pass

    def die(**_given: Any) -> None:
        raise Died

    leave(altinn)
    with monkeypatch.context() as dying, pytest.raises(Died):
        dying.setattr(asking, "record", die)
        altinn.work()
    left = EventSubscription.objects.count()
    EventSubscription.objects.update(lease_until=None)  # as when its lease has ended
    altinn.work()

    assert (left, altinn.held, EventSubscription.objects.count()) == (1, {}, 0)


def test_a_subscription_whose_answer_was_lost_is_removed_by_its_address(reading: Reading, altinn: Altinn) -> None:
    EventSubscription.objects.update(altinn_id=None)
    leave(altinn)

    altinn.work()

    assert altinn.held == {}


def test_altinn_that_does_not_answer_is_asked_to_remove_it_later(reading: Reading, altinn: Altinn) -> None:
    leave(altinn)
    reading.fault("events", path=SUBSCRIPTIONS, status=500)

    altinn.work()
    left = (EventSubscription.objects.count(), len(altinn.held))
    altinn.days(0.3)

    assert left == (1, 1)
    assert (EventSubscription.objects.count(), altinn.held) == (0, {})


def test_an_accountants_clients_get_theirs_one_for_each_client_and_resource(
    firm: Firm, client: Client, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: firm.world.at)
    settings.PORTAL_URL = "https://portal.example"
    customers = firm.customers(3)
    altinn = Altinn(firm.world, client)
    altinn.work()
    altinn.days(0.1)

    rows = EventSubscription.objects.filter(access=firm.access)
    resources = set(catalogue.resources_of(firm.access))
    subjects = {row.subject for row in altinn.held.values()}
    assert set(rows.values_list("client", flat=True)) == {one.pk for one in customers}
    assert set(rows.values_list("resource", flat=True)) <= resources
    assert {urns.organisation(one.orgnr) for one in customers} <= subjects
    assert rows.filter(validated_at__isnull=False).exists()


def test_a_client_that_the_accountant_takes_away_loses_them(
    firm: Firm, client: Client, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: firm.world.at)
    settings.PORTAL_URL = "https://portal.example"
    customers = firm.customers(2)
    altinn = Altinn(firm.world, client)
    altinn.work()
    altinn.days(0.1)
    ClientRelation.objects.filter(customer=customers[0]).update(gone_at=firm.world.at)

    altinn.days()
    altinn.work()

    left = set(EventSubscription.objects.filter(access=firm.access).values_list("client", flat=True))
    assert left == {customers[1].pk}
    assert urns.organisation(customers[0].orgnr) not in {row.subject for row in altinn.held.values()}


def test_what_the_policy_of_a_resource_refuses_is_not_asked_for_each_client(
    firm: Firm, client: Client, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: firm.world.at)
    monkeypatch.setattr(comparing, "AT_A_TIME", 3)
    settings.PORTAL_URL = "https://portal.example"
    firm.customers(12)
    for user in firm.world.app.state.system_users.values():
        user.packages, user.rights, user.client_packages = [], [], {}
    altinn = Altinn(firm.world, client)
    for _ in range(12):
        altinn.days(0.01)

    rows = EventSubscription.objects.filter(access=firm.access)
    resources = len(catalogue.resources_of(firm.access))
    assert rows.filter(problem_code="HTTP-403").exists()
    assert rows.count() <= 3 * resources


def asked(altinn: Altinn) -> int:
    return sum(call["method"] == "POST" and call["path"] == SUBSCRIPTIONS for call in altinn.world.app.calls)


def test_a_resource_that_nobody_may_subscribe_to_is_learnt_once_and_asked_again_after_some_days(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: world.at)
    settings.PORTAL_URL = "https://portal.example"
    altinn = Altinn(world, client)
    for number in orgnrs(7):
        world.another_access(world.new_customer(number, f"{number} AS"))
    rights = {user.id: list(user.rights) for user in world.app.state.system_users.values()}
    for user in world.app.state.system_users.values():
        user.rights = []

    with caplog.at_level("WARNING", "submissions"):
        altinn.work()
        altinn.days(1)
    first = asked(altinn)
    altinn.days(closed.PROBE.days)
    second = asked(altinn)

    told = [each for each in caplog.records if "nobody may subscribe" in each.getMessage()]
    rows = EventSubscription.objects.filter(problem_code=closed.POLICY)
    assert (first, second, len(told), rows.count()) == (closed.SEVERAL, closed.SEVERAL + 1, 1, 8)
    assert not [each for each in caplog.records if "was refused" in each.getMessage()]
    for user in world.app.state.system_users.values():
        user.rights = rights[user.id]
    altinn.days(closed.PROBE.days)
    altinn.work()
    assert (confirmed(), RefusedResource.objects.count()) == (8, 0)


def test_refusals_of_one_customer_close_nothing(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: world.at)
    settings.PORTAL_URL = "https://portal.example"
    altinn = Altinn(world, client)
    for _ in range(4):
        world.another_access()
    for user in world.app.state.system_users.values():
        user.rights = []

    altinn.work()

    assert asked(altinn) == 5
    assert not RefusedResource.objects.filter(closed_at__isnull=False).exists()


def test_refusals_of_accesses_beside_a_confirmed_one_close_nothing(reading: Reading, altinn: Altinn) -> None:
    for number in orgnrs(4):
        access = reading.world.another_access(reading.world.new_customer(number, f"{number} AS"))
        reading.world.app.state.system_users[str(access.system_user.altinn_id)].rights = []

    altinn.work()

    assert (confirmed(), asked(altinn)) == (1, 4)
    assert not RefusedResource.objects.filter(closed_at__isnull=False).exists()


def test_an_event_of_a_client_wakes_the_accountants_cursor(
    firm: Firm, client: Client, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    (customer,) = firm.customers(1)
    secret = wanted.new_secret()
    far = firm.world.at + timedelta(hours=5)
    PollCursor.objects.create(access=firm.access, since=firm.world.at, next_attempt_at=far)
    EventSubscription.objects.create(
        access=firm.access, client=customer, resource="urn:altinn:resource:x", secret_hash=wanted.hashed(secret),
        created_at=firm.world.at, validated_at=firm.world.at,
    )  # fmt: skip
    monkeypatch.setattr(timezone, "now", lambda: firm.world.at)
    body = event(subject=urns.organisation(customer.orgnr))
    others = event(subject=urns.organisation(firm.access.customer.orgnr), id="another")

    foreign = post(client, f"/hooks/events/{secret}", others)
    before = PollCursor.objects.filter(next_attempt_at__lt=far).exists()
    answer = post(client, f"/hooks/events/{secret}", body)

    assert (foreign, before, answer) == (204, False, 204)
    assert PollCursor.objects.get(access=firm.access).next_attempt_at == firm.world.at
