"""What the mail server says of a mail is seen on the access, and ends the plan when it is a refusal."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.core.audit import AuditEvent
from portal.core.outbox.message import OutboxMessage
from portal.core.outbox.settle import send_again
from systemusers.models import Access
from systemusers.services import invitations
from systemusers.services.invitations.selections import MAIL_FAILED, UNTOLD
from tests.core.outbox.smtp import MailServer
from tests.systemusers.invitations.rig import days, kinds, plan_of, work
from tests.systemusers.world import BY, World

pytestmark = pytest.mark.usefixtures("reachable", "vendor")


def chosen(row: Access) -> tuple[bool, bool]:
    """Whether the lists of untold customers, and of mails that failed, have the access."""
    rows = Access.objects.filter(pk=row.pk)
    return rows.filter(UNTOLD).exists(), rows.filter(MAIL_FAILED).exists()


def test_a_refused_mail_leaves_the_customer_untold(sent: Access, smtp: MailServer, world: World) -> None:
    smtp.answers["RCPT"] = "550 no such user"
    invitations.order(accesses=[sent.pk], by=BY, at=world.at)
    work(world.at)
    work(world.at + days(10))

    plan = plan_of(sent)
    assert (plan.told_at, plan.stopped_why) == (None, "REFUSED")
    assert list(sent.mails.values_list("kind", "status", "problem_code")) == [("INVITATION", "DEAD", "MAIL_REFUSED")]
    assert chosen(sent) == (True, True)
    assert AuditEvent.objects.filter(what="mail-refused").count() == 1


def test_a_refused_reminder_does_not_undo_what_was_told(sent: Access, smtp: MailServer, world: World) -> None:
    invitations.order(accesses=[sent.pk], by=BY, at=world.at)
    work(world.at)
    smtp.answers["RCPT"] = "550 mailbox closed"
    work(world.at + days(4))
    work(world.at + days(20))

    assert (plan_of(sent).told_how, plan_of(sent).stopped_why) == ("MAIL", "REFUSED")
    assert kinds(sent) == [("INVITATION", 1), ("REMINDER", 1)]
    assert chosen(sent) == (False, True)

    invitations.mark_told(accesses=[sent.pk], by=BY, at=world.at + days(21))

    assert chosen(sent) == (False, False)


def test_a_mail_that_may_have_arrived_is_shown_and_not_repeated(sent: Access, smtp: MailServer, world: World) -> None:
    smtp.answers["END"] = ""
    invitations.order(accesses=[sent.pk], by=BY, at=world.at)
    work(world.at)
    smtp.answers.clear()
    work(world.at + timedelta(hours=1))

    assert list(sent.mails.values_list("status", flat=True)) == ["UNCERTAIN"]
    assert (plan_of(sent).told_at, chosen(sent)[1]) == (None, True)
    assert len(smtp.mails) == 1


def test_what_a_person_sends_again_in_the_outbox_tells_the_customer(
    sent: Access, smtp: MailServer, world: World
) -> None:
    smtp.answers["END"] = ""
    invitations.order(accesses=[sent.pk], by=BY, at=world.at)
    work(world.at)
    smtp.answers.clear()
    send_again(OutboxMessage.objects.get(), by=BY, at=world.at + timedelta(minutes=5))
    work(world.at + timedelta(minutes=5))

    assert list(sent.mails.values_list("status", flat=True)) == ["SENT"]
    assert plan_of(sent).told_how == "MAIL"


def test_a_mail_that_came_back_has_told_nobody(sent: Access, smtp: MailServer, world: World) -> None:
    invitations.order(accesses=[sent.pk], by=BY, at=world.at)
    work(world.at)
    invitations.mark_returned(access=sent, by=BY, at=world.at + days(1))
    work(world.at + days(10))

    assert (plan_of(sent).told_at, plan_of(sent).stopped_why, kinds(sent)) == (None, "RETURNED", [("INVITATION", 1)])
    assert chosen(sent) == (True, True)
    with pytest.raises(invitations.CannotMail):
        invitations.mark_returned(access=sent, by=BY, at=world.at)


def test_who_is_counted_as_untold(sent: Access, world: World) -> None:
    before = chosen(sent)
    invitations.order(accesses=[sent.pk], by=BY, at=world.at)
    ordered = chosen(sent)
    work(world.at)
    mailed = chosen(sent)

    assert (before, ordered, mailed) == ((True, False), (False, False), (False, False))
