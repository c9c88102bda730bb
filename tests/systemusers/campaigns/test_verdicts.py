"""Who is asked, who is not, and why."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Customer, Portfolio, User
from systemusers.models import (
    Access,
    AccessProfile,
    Campaign,
    CampaignRow,
    ChangeRequest,
    FoundSystemUser,
    Invitation,
    System,
)
from systemusers.services import access, ending, invitations
from systemusers.services.campaigns import gathering, ordering
from tests.systemusers.campaigns.rig import finished, judged, make_customers, started, states, verdicts, work_to_the_end
from tests.systemusers.world import BY, World

pytestmark = pytest.mark.usefixtures("vendor")
V = CampaignRow.Verdict


def verdict(row: Campaign, customer: Customer) -> str:
    return str(row.rows.get(customer=customer).verdict)


def test_each_access_that_there_is_keeps_its_customer_out(
    sent: Access, profile: AccessProfile, administrator: User, world: World
) -> None:
    waiting, (free,) = sent.customer, make_customers(1)

    row = judged(profile, administrator, at=world.at)
    first = verdict(row, waiting), verdict(row, free)
    world.decide(sent, "approve")
    world.poll(sent)

    assert first == (V.UNDERWAY, V.READY)
    assert verdict(judged(profile, administrator, at=world.at), waiting) == V.HAS_ACCESS


def test_one_who_said_no_is_asked_again_only_when_a_person_says_so(
    sent: Access, profile: AccessProfile, administrator: User, world: World
) -> None:
    Customer.objects.update(contact_email="post@nordlys.example")
    world.decide(sent, "reject")
    world.poll(sent)
    row = judged(profile, administrator, at=world.at)
    before = ordering.number_of(row)

    ordering.take_extra(campaign=row, remarks=[V.ENDED], at=world.at)
    row.refresh_from_db()
    finished(row, administrator, at=world.at)

    sent.refresh_from_db()
    assert (before, verdicts(row), states(row), sent.status) == (0, [V.ENDED], ["ASKED"], Access.Status.DRAFT)
    assert Access.objects.count() == 1
    assert Invitation.objects.get().access == sent


def test_an_approval_that_waits_in_altinn_is_not_asked_for(
    profile: AccessProfile, administrator: User, world: World
) -> None:
    [customer] = make_customers(1)
    FoundSystemUser.objects.create(
        system=profile.system, altinn_id="00000000-0000-4000-8000-000000000001", orgnr=customer.orgnr,
        external_ref="x", kind=profile.kind, found_at=world.at,
    )  # fmt: skip

    assert verdicts(judged(profile, administrator, at=world.at)) == [V.APPROVED]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"contact_email": ""}, V.NO_ADDRESS),
        ({"business_register": {"is_deleted": True}}, V.DELETED),
        ({"business_register": {"is_bankrupt": True}}, V.BANKRUPT),
        ({"business_register": {"main_unit": "310200018"}}, V.SUB_UNIT),
        ({}, V.READY),
    ],
)
def test_what_we_know_of_the_customer_decides(
    fields: dict[str, Any], expected: str, profile: AccessProfile, administrator: User, world: World
) -> None:
    make_customers(1, **fields)

    assert verdicts(judged(profile, administrator, at=world.at)) == [expected]


def test_every_remark_must_be_set_aside(profile: AccessProfile, administrator: User, world: World) -> None:
    make_customers(1, contact_email="", business_register={"is_bankrupt": True})
    row = judged(profile, administrator, at=world.at)
    numbers = []

    for extra in ([V.BANKRUPT], [V.NO_ADDRESS], [V.BANKRUPT, V.NO_ADDRESS]):
        ordering.take_extra(campaign=row, remarks=extra, at=world.at)
        row.refresh_from_db()
        numbers.append(ordering.number_of(row))

    assert numbers == [0, 0, 1]


def test_a_customer_without_an_address_can_be_asked_without_mail(
    profile: AccessProfile, administrator: User, world: World
) -> None:
    make_customers(1, contact_email="")

    row = finished(judged(profile, administrator, at=world.at, mails=False), administrator, at=world.at)

    assert (verdicts(row), states(row), Invitation.objects.count()) == ([V.READY], ["ASKED"], 0)


def test_one_who_wants_no_mail_is_left_out(profile: AccessProfile, administrator: User, world: World) -> None:
    [customer] = make_customers(1)
    other = AccessProfile.objects.create(system=profile.system, name="Annen", rights=["x"])
    own = access.ask_access(customer=customer, profile=other, by=BY, at=world.at)
    invitations.stop(access=own, by="customer:link", at=world.at, why=Invitation.Why.BY_CUSTOMER)

    assert verdicts(judged(profile, administrator, at=world.at)) == [V.MUTED]


def test_a_list_says_what_is_wrong_with_each_number(
    profile: AccessProfile, case_worker: User, portfolio: Portfolio, world: World
) -> None:
    mine, other = make_customers(2)
    Customer.objects.filter(pk=mine.pk).update(portfolio=portfolio)
    lines = [mine.orgnr, mine.orgnr, other.orgnr, "310123447", "974760673", "12", "3101234567", "13857699912"]

    row = judged(profile, case_worker, at=world.at, listed="Orgnr\n" + "\n".join(lines))

    assert verdicts(row) == [V.READY, V.TWICE, V.NOT_YOURS, V.UNKNOWN, V.REAL, V.INVALID, V.INVALID, V.IDENTITY]
    assert "13857699912" not in str(list(row.rows.values_list("shown", flat=True)))


def test_a_list_without_numbers_is_refused(profile: AccessProfile, administrator: User) -> None:
    with pytest.raises(gathering.NoNumbers):
        gathering.of_list(b"Navn;By\nBakeriet;Oslo", environment="SANDBOX", user=administrator)


def test_a_customer_that_changes_hands_before_its_turn_is_not_asked(
    profile: AccessProfile, case_worker: User, portfolio: Portfolio, world: World
) -> None:
    customers = make_customers(2, portfolio=portfolio)
    row = started(judged(profile, case_worker, at=world.at), case_worker, at=world.at)
    Customer.objects.filter(pk=customers[0].pk).update(portfolio=None)

    work_to_the_end(at=world.at)

    assert (verdicts(row), states(row)) == ([V.NOT_YOURS, V.READY], ["LEFT", "ASKED"])


def test_a_customer_that_was_asked_meanwhile_is_not_asked_twice(
    profile: AccessProfile, administrator: User, world: World
) -> None:
    first, _second = make_customers(2)
    rows = [judged(profile, administrator, at=world.at, name=name) for name in ("a", "b")]
    for row in rows:
        started(row, administrator, at=world.at)

    work_to_the_end(at=world.at)

    assert sorted(map(states, rows)) == [["ASKED", "ASKED"], ["LEFT", "LEFT"]]
    assert Access.objects.filter(customer=first).count() == 1


def test_what_was_shown_is_what_is_asked(profile: AccessProfile, administrator: User, world: World) -> None:
    make_customers(1, contact_email="")
    row = judged(profile, administrator, at=world.at)
    ordering.take_extra(campaign=row, remarks=[V.NO_ADDRESS], at=world.at)
    row.refresh_from_db()
    shown = ordering.token_of(row, 1)
    ordering.judge_again(campaign=row, by=BY, at=world.at + timedelta(minutes=1))
    work_to_the_end(at=world.at + timedelta(minutes=1))
    row.refresh_from_db()

    with pytest.raises(ordering.HasChanged):
        ordering.start(campaign=row, user=administrator, shown=shown, at=world.at)


def test_a_pace_is_kept(profile: AccessProfile, administrator: User, world: World) -> None:
    make_customers(5)
    started(judged(profile, administrator, at=world.at, per_hour=24), administrator, at=world.at)
    asked = []

    for minutes in (0, 4, 6, 12):
        work_to_the_end(at=world.at + timedelta(minutes=minutes))
        asked.append(Access.objects.count())

    assert asked == [2, 2, 4, 5]


def test_a_campaign_waits_with_the_reason_while_the_system_is_gone(
    profile: AccessProfile, administrator: User, world: World
) -> None:
    make_customers(1)
    row = started(judged(profile, administrator, at=world.at), administrator, at=world.at)
    System.objects.update(status=System.Status.DELETED)

    work_to_the_end(at=world.at)
    waiting = Campaign.objects.get()
    System.objects.update(status=System.Status.REGISTERED)
    work_to_the_end(at=world.at + timedelta(minutes=1))

    assert (waiting.status, waiting.problem_code) == (Campaign.Status.RUNNING, "NOT_POSSIBLE")
    assert (Campaign.objects.get().status, states(row)) == (Campaign.Status.DONE, ["ASKED"])


def test_a_customer_whose_relation_has_ended_is_left_out_for_good(
    profile: AccessProfile, administrator: User, world: World
) -> None:
    ended, _current = make_customers(2, business_register={"is_bankrupt": True})
    ending.end_relation(customer=ended, by=BY, at=world.at)

    row = judged(profile, administrator, at=world.at)
    ordering.take_extra(campaign=row, remarks=CampaignRow.OPTIONAL, at=world.at)
    row.refresh_from_db()

    assert (verdict(row, ended), ordering.number_of(row)) == (V.CLOSED, 1)


def test_a_relation_that_ends_before_the_turn_of_its_customer_is_not_asked(
    profile: AccessProfile, administrator: User, world: World
) -> None:
    customers = make_customers(2)
    row = started(judged(profile, administrator, at=world.at), administrator, at=world.at)
    ending.end_relation(customer=customers[0], by=BY, at=world.at)

    work_to_the_end(at=world.at)

    assert (verdicts(row), states(row)) == ([V.CLOSED, V.READY], ["LEFT", "ASKED"])
    assert Access.objects.get().customer == customers[1]
    assert Invitation.objects.get().access.customer == customers[1]


def test_one_who_said_no_and_then_left_is_not_asked_again(
    sent: Access, profile: AccessProfile, administrator: User, world: World
) -> None:
    Customer.objects.update(contact_email="post@nordlys.example")
    world.decide(sent, "reject")
    world.poll(sent)
    row = judged(profile, administrator, at=world.at)
    ordering.take_extra(campaign=row, remarks=[V.ENDED], at=world.at)
    row.refresh_from_db()
    started(row, administrator, at=world.at)
    ending.end_relation(customer=sent.customer, by=BY, at=world.at)

    work_to_the_end(at=world.at)

    sent.refresh_from_db()
    assert (verdicts(row), states(row), sent.status) == ([V.CLOSED], ["LEFT"], Access.Status.REJECTED)


def test_a_relation_that_ended_is_asked_for_no_change(approved: Access, administrator: User, world: World) -> None:
    Customer.objects.update(contact_email="post@nordlys.example")
    AccessProfile.objects.update(rights=[*approved.rights, "ske-noe-nytt"])
    row = judged(approved.profile, administrator, at=world.at, purpose=Campaign.Purpose.CHANGE)
    before = verdicts(row)
    started(row, administrator, at=world.at)
    ending.end_relation(customer=approved.customer, by=BY, at=world.at)

    work_to_the_end(at=world.at)

    assert (before, verdicts(row), states(row)) == ([V.READY], [V.CLOSED], ["LEFT"])
    assert not ChangeRequest.objects.exists()
