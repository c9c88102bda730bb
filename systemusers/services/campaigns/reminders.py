"""What has been mailed to the customers of a campaign, and which mails come next, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, Count, F, IntegerField, Min, Q, Value, When
from django.utils.translation import gettext as _

from portal.core import counting
from systemusers.models import Campaign, CustomerMail, Invitation, MailKind, MailPlan
from systemusers.services.invitations.hours import hours_of

FIRST = (MailKind.INVITATION, MailKind.RENEWAL, MailKind.CHANGE)
AGAIN = (MailKind.REMINDER, MailKind.CHANGE_AGAIN)


@dataclass(frozen=True)
class Line:
    """One mail of the plan: to how many customers it went, how many wait for it, and when the first of them gets it."""

    label: str
    sent: int
    waiting: int
    next_at: datetime | None


def lines(campaign: Campaign, *, plan: MailPlan, at: datetime) -> list[Line]:
    """The first mail, and each reminder of the plan. Two queries."""
    sent, waiting = _sent(campaign), _waiting(campaign)
    made = []
    for stage in range(min(len(plan.reminder_days), plan.most_mails - 1) + 1):
        number, earliest = waiting.get(stage, (0, None))
        next_at = hours_of(plan).earliest(max(earliest, at)) if earliest else None
        label = _("%(number)s. påminnelse") % {"number": stage} if stage else _("Invitasjon")
        made.append(Line(label, sent.get(stage, 0), number, next_at))
    return made


def _sent(campaign: Campaign) -> dict[int, int]:
    """Customers by the number of the mail: 0 for the first one. Mails from before the campaign are not its own."""
    mails = CustomerMail.objects.filter(
        access__campaign_rows__campaign=campaign,
        put_at__gte=campaign.started_at,
        status=CustomerMail.Status.SENT,
        kind__in=[*FIRST, *AGAIN],
    )
    stage = Case(When(kind__in=FIRST, then=Value(0)), default=F("number"), output_field=IntegerField())
    return dict(counting.whole(mails.order_by().values_list(stage).annotate(n=Count("access", distinct=True)), of=1))


def _waiting(campaign: Campaign) -> dict[int, tuple[int, datetime]]:
    plans = Invitation.objects.running().filter(access__campaign_rows__campaign=campaign, next_attempt_at__isnull=False)
    stage = Case(When(Q(began_at__isnull=True), then=Value(0)), default=F("reminders") + 1, output_field=IntegerField())
    rows = plans.order_by().values_list(stage).annotate(n=Count("access", distinct=True), first=Min("next_attempt_at"))
    return {number: (count, first) for number, count, first in counting.whole(rows, of=1)}
