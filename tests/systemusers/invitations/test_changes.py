"""Mails about a change of an access in use: what is asked for on top, once, until the customer has answered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import User
from portal.core.audit import AuditEvent
from systemusers.models import Access, AccessProfile, Campaign, ChangeRequest, Invitation
from systemusers.services import access, changes, ending, invitations
from systemusers.services.system_register import save_profile
from tests.core.outbox.smtp import MailServer
from tests.systemusers.campaigns.rig import finished, judged
from tests.systemusers.invitations.rig import ADDRESS, body, days, kinds, parsed, plan_of, work
from tests.systemusers.world import BY, PACKAGE, World, fresh

pytestmark = pytest.mark.usefixtures("reachable", "vendor")
Why = Invitation.Why
A_MINUTE = timedelta(minutes=1)
"""After what a worker did: it works by a clock that goes on."""


@pytest.fixture
def wider(approved: Access, world: World) -> Access:
    """In use, and its profile has a package more by now."""
    system = approved.profile.system
    system.packages = [*system.packages, PACKAGE]
    type(system).objects.filter(pk=system.pk).update(packages=system.packages)
    world.app.state.systems[system.system_id].packages.append(PACKAGE)
    profile: AccessProfile = approved.profile
    profile.packages = [*profile.packages, PACKAGE]
    save_profile(profile=profile, by=BY, at=world.at)
    while changes.mark_due(at=world.at):
        pass
    return fresh(approved)


def campaign(row: Access, user: User, world: World) -> Campaign:
    ready = judged(AccessProfile.objects.get(pk=row.profile_id), user, at=world.at, purpose=Campaign.Purpose.CHANGE)
    return finished(ready, user, at=world.at)


@pytest.fixture
def asked_to_change(wider: Access, administrator: User, world: World) -> Access:
    campaign(wider, administrator, world)
    send_and_mail(world)
    return wider


def send_and_mail(world: World) -> None:
    while changes.send_due(at=world.at + A_MINUTE):
        pass
    work(world.at + A_MINUTE)


def answer(row: Access, act: str, world: World) -> None:
    change = ChangeRequest.objects.filter(access=row).latest("pk")
    world.control(f"/control/change-requests/{change.correlation_id}/{act}", {})
    world.let_pass(minutes=10)
    while changes.poll_due(at=world.at):
        pass
    work(world.at)


def test_the_mail_says_what_was_approved_and_what_comes_on_top(asked_to_change: Access, smtp: MailServer) -> None:
    [mail] = parsed(smtp)
    text = body(mail)

    before, after = text.split("Nå ber vi om dette i tillegg:")
    assert smtp.receivers == [ADDRESS]
    assert asked_to_change.rights[0] in before
    assert PACKAGE.removeprefix("urn:altinn:accesspackage:") in after
    assert asked_to_change.rights[0] not in after
    assert f"/l/{asked_to_change.link_token}/" in after
    assert (plan_of(asked_to_change).told_how, fresh(asked_to_change).status) == ("MAIL", "NEEDS_UPDATE")


def test_a_change_is_mailed_once_and_reminded_by_the_plan(
    asked_to_change: Access, smtp: MailServer, world: World
) -> None:
    for number in range(40):
        work(world.at + days(number))

    assert kinds(asked_to_change) == [("CHANGE", 1), *[("CHANGE_AGAIN", number) for number in (1, 2, 3)]]
    assert len(smtp.mails) == 4


def test_nothing_is_mailed_before_altinn_has_the_change(
    wider: Access, administrator: User, smtp: MailServer, world: World
) -> None:
    campaign(wider, administrator, world)
    work(world.at + A_MINUTE)
    before = len(smtp.mails)

    send_and_mail(world)

    assert (before, len(smtp.mails)) == (0, 1)


@pytest.mark.parametrize(
    ("act", "why", "mails"), [("approve", Why.APPROVED, ["CHANGE", "RECEIPT"]), ("reject", Why.ENDED, ["CHANGE"])]
)
def test_an_answer_ends_the_mails(act: str, why: str, mails: list[str], asked_to_change: Access, world: World) -> None:
    answer(asked_to_change, act, world)
    work(world.at + days(30))

    assert plan_of(asked_to_change).stopped_why == why
    assert [kind for kind, _number in kinds(asked_to_change)] == mails


def test_a_change_that_is_taken_back_is_not_reminded_of(asked_to_change: Access, world: World) -> None:
    changes.withdraw(change=asked_to_change.changes.get(), by=BY, at=world.at)
    work(world.at + days(30))

    assert kinds(asked_to_change) == [("CHANGE", 1)]
    assert plan_of(asked_to_change).stopped_why == Why.ENDED


def test_the_end_of_the_relation_ends_the_mails(asked_to_change: Access, world: World) -> None:
    ending.end_relation(customer=asked_to_change.customer, by=BY, at=world.at)
    work(world.at + days(30))

    assert kinds(asked_to_change) == [("CHANGE", 1)]


def test_the_customer_who_wants_no_mail_gets_none_about_a_change(
    wider: Access, administrator: User, world: World
) -> None:
    invitations.stop(access=wider, by="customer:link", at=world.at, why=Why.BY_CUSTOMER)

    row = judged(wider.profile, administrator, at=world.at, purpose=Campaign.Purpose.CHANGE)
    changes.ask_change(access=wider, by=BY, at=world.at)
    ordered = invitations.order(accesses=[wider.pk], by=BY, at=world.at)

    assert row.rows.get().verdict == "MUTED"
    assert (ordered.ordered, ordered.excluded) == ([], {Why.BY_CUSTOMER: [wider.pk]})


def test_a_second_change_is_told_of_anew(asked_to_change: Access, world: World, administrator: User) -> None:
    answer(asked_to_change, "reject", world)
    campaign(fresh(asked_to_change), administrator, world)
    before = plan_of(asked_to_change).told_at
    send_and_mail(world)

    plan = plan_of(asked_to_change)
    assert before is None
    assert plan.told_at is not None
    assert plan.change == ChangeRequest.objects.first()
    assert kinds(asked_to_change) == [("CHANGE", 1), ("CHANGE", 2)]


def test_an_order_that_is_repeated_changes_nothing(asked_to_change: Access, smtp: MailServer, world: World) -> None:
    again = invitations.order(accesses=[asked_to_change.pk], by=BY, at=world.at)
    work(world.at + timedelta(hours=1))

    assert (again.ordered, len(smtp.mails)) == ([], 1)
    assert AuditEvent.objects.filter(what="mail-ordered").count() == 1


def test_one_who_was_told_another_way_gets_no_mail(wider: Access, smtp: MailServer, world: World) -> None:
    changes.ask_change(access=wider, by=BY, at=world.at)
    invitations.order(accesses=[wider.pk], by=BY, at=world.at)
    while changes.send_due(at=world.at + A_MINUTE):
        pass

    told = invitations.mark_told(accesses=[wider.pk], by=BY, at=world.at)
    work(world.at + days(5))

    assert (told, smtp.mails, plan_of(wider).told_how) == (1, [], "OTHER_WAY")


def test_an_access_that_is_asked_for_again_is_about_itself(asked_to_change: Access, world: World) -> None:
    """After the customer removed it, the plan is of the access, not of the change any more."""
    world.remove(asked_to_change)
    Access.objects.filter(pk=asked_to_change.pk).update(missing_since=world.at, next_attempt_at=world.at)
    world.let_pass(hours=2)
    row = world.check(asked_to_change)
    access.renew_access(access=row, by=BY, at=world.at)
    invitations.order(accesses=[row.pk], by=BY, at=world.at)
    world.send(row)
    work(world.at + A_MINUTE)

    assert plan_of(row).change is None
    assert kinds(row)[-1] == ("RENEWAL", 1)


def test_the_page_of_the_access_offers_the_mail_for_a_change(
    wider: Access, staff: Any, world: World, smtp: MailServer
) -> None:
    changes.ask_change(access=wider, by=BY, at=world.at)
    while changes.send_due(at=world.at + A_MINUTE):
        pass

    shown = staff.get(f"/sandbox/access/{wider.pk}/").content.decode()
    staff.post(f"/sandbox/access/{wider.pk}/mail/")
    work(world.at + A_MINUTE)

    assert "Send lenken på e-post" in shown
    assert kinds(wider) == [("CHANGE", 1)]
