"""From the order to the answer: which mails a customer gets, when, and when they stop."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Customer, Vendor
from portal.core.audit import AuditEvent
from portal.core.outbox.message import OutboxMessage
from systemusers.models import Access, CustomerMail, Invitation, MailPlan
from systemusers.services import access, invitations
from tests.core.outbox.smtp import MailServer
from tests.systemusers.invitations.rig import ADDRESS, body, days, kinds, parsed, plan_of, work
from tests.systemusers.world import BY, World, fresh

S, Why = Access.Status, Invitation.Why
FULL = [("INVITATION", 1), ("REMINDER", 1), ("REMINDER", 2), ("REMINDER", 3)]
pytestmark = pytest.mark.usefixtures("reachable", "vendor")


@pytest.fixture
def invited(sent: Access, world: World) -> Access:
    invitations.order(accesses=[sent.pk], by=BY, at=world.at)
    work(world.at)
    return fresh(sent)


def test_a_customer_is_mailed_once_and_is_told(invited: Access, smtp: MailServer, world: World) -> None:
    for _ in range(3):
        work(world.at)

    [mail] = parsed(smtp)
    assert smtp.receivers == [ADDRESS]
    assert f"/l/{invited.link_token}/" in body(mail)
    assert plan_of(invited).told_how == "MAIL"
    assert plan_of(invited).told_at == invited.mails.get().status_at >= world.at
    assert invited.status == S.SENT


def test_nobody_is_told_before_the_mail_server_has_the_mail(sent: Access, smtp: MailServer, world: World) -> None:
    smtp.answers["RCPT"] = "450 later"
    invitations.order(accesses=[sent.pk], by=BY, at=world.at)
    work(world.at)
    before = plan_of(sent).told_at

    smtp.answers.clear()
    work(world.at + timedelta(minutes=1))

    assert (before, plan_of(sent).told_how) == (None, "MAIL")


def test_a_question_that_is_not_at_altinn_yet_is_mailed_when_it_is(
    asked: Access, smtp: MailServer, world: World
) -> None:
    invitations.order(accesses=[asked.pk], by=BY, at=world.at)
    work(world.at)
    before = list(smtp.mails)

    world.send(asked)
    work(world.at)

    assert (before, len(smtp.mails)) == ([], 1)


def test_reminders_go_by_the_plan_and_no_further(invited: Access, smtp: MailServer, world: World) -> None:
    for number in range(60):
        work(world.at + days(number))

    assert kinds(invited) == FULL
    assert len(smtp.mails) == 4
    assert (plan_of(invited).stopped_at, plan_of(invited).next_attempt_at) == (None, None)


@pytest.mark.parametrize("status", [*sorted(Access.USABLE), *sorted(Access.ENDED)])
def test_every_final_state_stops_the_mails(invited: Access, smtp: MailServer, world: World, status: str) -> None:
    why, receipt = (Why.APPROVED, True) if status in Access.USABLE else (Why.ENDED, False)
    Access.objects.filter(pk=invited.pk).update(status=status)
    for number in range(30):
        work(world.at + days(number))

    assert kinds(invited) == [("INVITATION", 1), *([("RECEIPT", 1)] if receipt else [])]
    assert (plan_of(invited).stopped_why, len(smtp.mails)) == (why, 1 + receipt)


@pytest.mark.parametrize("status", [S.OPENED, S.FORWARDED])
def test_a_customer_who_has_looked_is_still_reminded(invited: Access, world: World, status: str) -> None:
    Access.objects.filter(pk=invited.pk).update(status=status)
    work(world.at + days(4))

    assert kinds(invited) == FULL[:2]


def test_an_access_under_investigation_is_left_alone(invited: Access, world: World) -> None:
    Access.objects.filter(pk=invited.pk).update(status=S.UNKNOWN)
    work(world.at + days(4))

    assert (kinds(invited), plan_of(invited).stopped_at) == (FULL[:1], None)


def test_a_reminder_that_waits_for_the_mail_server_is_withdrawn_by_the_answer(
    invited: Access, smtp: MailServer, world: World
) -> None:
    smtp.answers["RCPT"] = "450 later"
    at = world.at + days(4)
    work(at)
    Access.objects.filter(pk=invited.pk).update(status=S.REJECTED, status_at=at)
    work(at + timedelta(minutes=5))
    smtp.answers.clear()
    work(at + timedelta(hours=1))

    assert len(smtp.mails) == 1
    assert list(invited.mails.values_list("kind", "status").order_by("pk")) == [
        ("INVITATION", "SENT"),
        ("REMINDER", "CLOSED"),
    ]


def test_nobody_is_mailed_at_night_unless_a_person_presses(sent: Access, smtp: MailServer, world: World) -> None:
    evening = world.at + timedelta(hours=11)
    invitations.order(accesses=[sent.pk], by=BY, at=evening)
    work(evening)
    before = len(smtp.mails)

    invitations.send_now(access=sent, by=BY, at=evening)
    work(evening)

    assert (before, len(smtp.mails)) == (0, 1)


def test_a_second_press_within_the_hour_is_a_mistake(invited: Access, smtp: MailServer, world: World) -> None:
    with pytest.raises(invitations.CannotMail, match="JUST_SENT"):
        invitations.send_now(access=invited, by=BY, at=world.at + timedelta(minutes=59))

    invitations.send_now(access=invited, by=BY, at=world.at + timedelta(minutes=61))
    invitations.send_now(access=invited, by=BY, at=world.at + timedelta(minutes=61))
    work(world.at + timedelta(minutes=61))

    assert kinds(invited) == FULL[:2]


def test_an_order_given_twice_is_one_plan(sent: Access, smtp: MailServer, world: World) -> None:
    results = [invitations.order(accesses=[sent.pk, sent.pk], by=BY, at=world.at) for _ in range(2)]
    work(world.at)

    assert results[0].ordered == [sent.pk]
    assert results[1].excluded == {"RUNNING": [sent.pk]}
    assert len(smtp.mails) == 1


def test_who_cannot_be_mailed_is_named_with_the_reason(sent: Access, world: World) -> None:
    def reason(**changes: Any) -> str:
        Access.objects.filter(pk=sent.pk).update(**changes)
        [code] = invitations.order(accesses=[sent.pk], by=BY, at=world.at).excluded
        return code

    assert reason(status=S.REJECTED) == "ANSWERED"
    assert reason(status=S.SENT, link_revoked_at=world.at) == "LINK_CLOSED"
    Customer.objects.update(contact_email="")
    assert reason(link_revoked_at=None) == "NO_ADDRESS"
    assert not Invitation.objects.exists()


def test_renewing_begins_anew_with_another_text(invited: Access, smtp: MailServer, world: World) -> None:
    Access.objects.filter(pk=invited.pk).update(status=S.EXPIRED)
    work(world.at)
    access.renew_access(access=fresh(invited), by=BY, at=world.at)
    untold = plan_of(invited).told_at
    world.send(invited)
    invitations.order(accesses=[invited.pk], by=BY, at=world.at)
    work(world.at)
    work(world.at + days(4))

    assert untold is None
    assert kinds(invited) == [("INVITATION", 1), ("RENEWAL", 1), ("REMINDER", 1)]
    assert plan_of(invited).told_how == "MAIL"


def test_a_renewal_by_the_customer_needs_no_mail(invited: Access, world: World) -> None:
    Access.objects.filter(pk=invited.pk).update(status=S.EXPIRED)
    work(world.at)

    access.renew_access(access=fresh(invited), by="customer:link", at=world.at)

    assert plan_of(invited).told_how == "MAIL"


def test_a_new_link_is_mailed_in_place_of_the_old(invited: Access, smtp: MailServer, world: World) -> None:
    access.reopen_link(access=invited, by=BY, at=world.at)
    work(world.at)

    assert kinds(invited) == [("INVITATION", 1), ("RENEWAL", 1)]
    assert f"/l/{fresh(invited).link_token}/" in body(parsed(smtp)[1])


def test_a_closed_link_is_not_mailed(invited: Access, world: World) -> None:
    access.revoke_link(access=invited, by=BY, at=world.at)
    work(world.at + days(4))

    assert (kinds(invited), plan_of(invited).stopped_why) == (FULL[:1], "LINK_CLOSED")


def test_told_another_way_stops_the_mails(invited: Access, asked: Access, world: World) -> None:
    assert invitations.mark_told(accesses=[invited.pk], by=BY, at=world.at) == 1
    work(world.at + days(4))

    assert (kinds(invited), plan_of(invited).told_how) == (FULL[:1], "OTHER_WAY")
    assert AuditEvent.objects.filter(what="told-other-way").count() == 1


def test_a_customer_can_be_told_another_way_without_any_mail(sent: Access, world: World) -> None:
    invitations.mark_told(accesses=[sent.pk], by=BY, at=world.at)

    assert (plan_of(sent).told_how, plan_of(sent).stopped_why) == ("OTHER_WAY", "OTHER_WAY")


def test_staff_stop_and_begin_again(invited: Access, world: World) -> None:
    invitations.stop(access=invited, by=BY, at=world.at)
    work(world.at + days(4))
    stopped = kinds(invited)
    invitations.send_now(access=invited, by=BY, at=world.at + days(5))
    work(world.at + days(5))

    assert (stopped, kinds(invited)) == (FULL[:1], [("INVITATION", 1), ("RENEWAL", 1)])


def test_nobody_is_mailed_in_the_name_of_nobody(sent: Access, smtp: MailServer, world: World) -> None:
    Vendor.objects.all().delete()
    invitations.order(accesses=[sent.pk], by=BY, at=world.at)
    work(world.at)

    assert (smtp.mails, plan_of(sent).problem_code, kinds(sent)) == ([], "NO_VENDOR", [])


def test_receipts_can_be_switched_off(invited: Access, world: World) -> None:
    MailPlan.objects.create(pk=1, sends_receipts=False)
    Access.objects.filter(pk=invited.pk).update(status=S.APPROVED)
    work(world.at)

    assert kinds(invited) == FULL[:1]


def test_an_answer_that_nobody_noticed_in_days_is_found_by_the_daily_look(invited: Access, world: World) -> None:
    Access.objects.filter(pk=invited.pk).update(status=S.APPROVED, status_at=world.at - days(10))
    work(world.at)
    before = plan_of(invited).stopped_at
    found = invitations.wake_ended(at=world.at, everything=True)
    work(world.at)

    assert (before, found, plan_of(invited).stopped_why) == (None, 1, "APPROVED")


def test_a_thousand_orders_take_few_statements(sent: Access, world: World, django_assert_max_num_queries: Any) -> None:
    rows = Access.objects.bulk_create(
        Access(
            environment=sent.environment, customer=sent.customer, profile=sent.profile, status_at=sent.status_at,
            external_ref=f"many-{number}", requested_by=BY, next_attempt_at=world.at, status=S.SENT, altinn_id=str(number),
        )
        for number in range(1000)
    )  # fmt: skip

    with django_assert_max_num_queries(20):
        ordered = invitations.order(accesses=[row.pk for row in rows], by=BY, at=world.at)
    with django_assert_max_num_queries(40):
        invitations.work_due(at=world.at)

    assert len(ordered.ordered) == 1000
    assert CustomerMail.objects.count() == OutboxMessage.objects.count() == invitations.BATCH
    assert AuditEvent.objects.filter(what="mail-put").count() == invitations.BATCH
