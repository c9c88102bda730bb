"""What the page of an access shows of the mails to its customer, and what can be done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import ContactMail
from accounts.services.contacts import reach
from portal.core.formats import spelled_time
from portal.explain import explain
from portal.explain.explanation import Explanation
from systemusers.models import Access, CustomerMail, Invitation, MailKind
from systemusers.services.invitations.order import ASKING, PAUSE, asked_change

Status = CustomerMail.Status
COLOURS = {
    Status.SENT: "success", Status.DEAD: "danger", Status.RETURNED: "danger", Status.UNCERTAIN: "warning",
    Status.CLOSED: "neutral", Status.WAITING: "info", Status.SENDING: "info",
}  # fmt: skip


@dataclass(frozen=True)
class MailRow:
    """`problem`: why it was not accepted, or waits. `may_return`: staff can say that this one came back."""

    pk: int
    may_return: bool

    title: str
    receiver: str
    at: datetime
    label: str
    colour: str
    problem: Explanation | None


@dataclass(frozen=True)
class Telling:
    """`state`: whether the customer has been told, in a sentence, and its colour. `next_at`: when the next mail is sent.

    `button`: what pressing for a mail sends now; "" when no mail can be sent, for the reason in `obstacle`.
    """

    state: str
    colour: str
    next_at: datetime | None
    stopped: str
    mails: list[MailRow]
    button: str
    obstacle: str
    can_mark: bool
    can_stop: bool
    can_be_returned: bool
    is_moving: bool
    stamp: str


def telling(access: Access, *, at: datetime) -> Telling:
    """`access` has its customer loaded."""
    plan: Invitation | None = getattr(access, "invitation", None)
    mails = list(access.mails.order_by("-pk")[:20])
    is_asking = (access.status in ASKING or asked_change(access) is not None) and access.link_revoked_at is None
    is_running = plan is not None and plan.stopped_at is None
    state, colour = _state(access, plan, mails, at)
    obstacle = _obstacle(access, plan, mails, at) if is_asking else ""
    sent_to = {mail.address_id for mail in mails if mail.status in (Status.SENT, Status.UNCERTAIN)}
    return Telling(
        state=state,
        colour=colour,
        next_at=plan.next_attempt_at if plan is not None and is_running and is_asking else None,
        stopped=plan.get_stopped_why_display() if plan is not None and plan.stopped_at else "",
        mails=[_row(mail, may_return=is_asking and len(sent_to) > 1) for mail in mails],
        button="" if obstacle or not is_asking else _button(plan),
        obstacle=obstacle,
        can_mark=is_asking and (plan is None or plan.told_at is None or plan.stopped_why in Invitation.FAILED),
        can_stop=is_running and is_asking,
        can_be_returned=is_asking and len(sent_to) == 1,
        is_moving=any(mail.status in (Status.WAITING, Status.SENDING) for mail in mails)
        or (is_running and plan is not None and plan.is_at_once),
        stamp=_stamp(plan, mails),
    )


def told_text(access: Access) -> str:
    """For a list: whether the customer knows of a question that waits; "" when that is past. `invitation` is loaded."""
    plan: Invitation | None = getattr(access, "invitation", None)
    if access.status != Access.Status.SENT:
        return ""
    if plan is None or plan.told_at is None:
        is_coming = plan is not None and plan.stopped_at is None and plan.next_attempt_at is not None
        return _("Varsles") if is_coming else _("Ikke varslet")
    return _("Varslet")


def _state(access: Access, plan: Invitation | None, mails: list[CustomerMail], at: datetime) -> tuple[str, str]:
    if plan is not None and (planned := _planned(access, plan, at)):
        return planned
    if any(mail.status in (Status.WAITING, Status.SENDING) for mail in mails):
        return _("E-posten er på vei."), "info"
    if access.status in {Access.Status.OPENED, Access.Status.FORWARDED}:
        return _("Kunden har åpnet lenken."), "success"
    return _("Kunden er ikke varslet av portalen."), "warning"


def _planned(access: Access, plan: Invitation, at: datetime) -> tuple[str, str] | None:
    """What the plan knows of it; None when it has nothing to say."""
    if plan.told_at is not None:
        by_mail, other = (
            _("Kunden er varslet med e-post herfra %(at)s."),
            _("Kunden er varslet på en annen måte %(at)s."),
        )
        clock = spelled_time(plan.told_at)
        return (by_mail if plan.told_how == Invitation.Told.MAIL else other) % {"at": clock}, "success"
    if plan.stopped_why in Invitation.FAILED:
        return _("E-posten kom ikke fram. Kunden er ikke varslet."), "danger"
    if plan.stopped_at is None and plan.next_attempt_at is not None and plan.began_at is None:
        if access.status == Access.Status.DRAFT:
            return _("E-posten sendes når Altinn har forespørselen."), "info"
        if plan.next_attempt_at > at:
            return _("E-posten sendes %(at)s.") % {"at": spelled_time(plan.next_attempt_at)}, "info"
        return _("E-posten er bestilt."), "info"
    return None


def _obstacle(access: Access, plan: Invitation | None, mails: list[CustomerMail], at: datetime) -> str:
    if plan is not None and plan.muted_at is not None:
        return _("Kunden har bedt om å slippe e-post om dette. Ring, eller send et brev.")
    its = reach(access.customer, mail=ContactMail.ASKS)
    if its.has_address and not its.receivers:
        return _("Alle kontaktene har bedt om å slippe e-post. Ring, eller send et brev.")
    if not its.has_address:
        return _("Kunden har ingen e-postadresse her. Legg den inn på kunden, eller varsle på en annen måte.")
    if mails and mails[0].put_at > at - PAUSE:
        return _("En e-post er sendt den siste timen. Vent litt før du sender en til.")
    return ""


def _button(plan: Invitation | None) -> str:
    if plan is not None and plan.began_at is not None and plan.stopped_at is None:
        return _("Send påminnelse nå")
    return _("Send lenken på e-post")


def _row(mail: CustomerMail, *, may_return: bool) -> MailRow:
    return MailRow(
        pk=mail.pk,
        may_return=may_return and mail.status in (Status.SENT, Status.UNCERTAIN),
        title=str(MailKind(mail.kind).label),
        receiver=mail.receiver,
        at=mail.put_at,
        label=mail.get_status_display(),
        colour=COLOURS[Status(mail.status)],
        problem=explain(mail.problem_code) if mail.problem_code else None,
    )


def _stamp(plan: Invitation | None, mails: list[CustomerMail]) -> str:
    parts: list[Any] = [(mail.pk, mail.status) for mail in mails]
    if plan is not None:
        parts += [plan.told_at, plan.stopped_at, plan.next_attempt_at, plan.is_at_once]
    return repr(parts)
