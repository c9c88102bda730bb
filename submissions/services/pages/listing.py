"""The list of submissions: the search, and the groups of states for the filter chips."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, Max, Min, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import ENDED, User
from accounts.services.customers import customers_found
from portal.core.environments import Environment
from portal.core.filters import Group
from portal.core.lease import LASTING, LATE, held
from portal.core.next_step import NextStep
from submissions.adapters import HAND_OVERS
from submissions.models import Approval, PackageCheck, Submission, SubmissionQuerySet
from submissions.period import Period, PeriodKind
from submissions.services import catalogue
from submissions.services.pages.approving import approvable
from submissions.services.pages.identified import keys_in, places_of_submissions
from submissions.services.pages.next_step import next_step
from submissions.services.sending import hand_over

S = Submission.Status
_PERIOD = re.compile(r"20[0-4]\d(-(0[1-9]|1[0-2])|-T[1-6])?")

_CORRECTED = Q(SubmissionQuerySet.has_sent_correction())
"""Of a rejected or failed one: nobody has anything to do with it any more."""

GROUPS = [
    Group("drafts", _("Kladder"), Q(status__in=[S.DRAFT, S.READY])),
    Group("moving", _("På vei"), Q(status__in=[S.QUEUED, S.SENDING])),
    Group("uncertain", _("Uavklart"), Q(status=S.UNCERTAIN)),
    Group("delivered", _("Levert"), Q(status=S.DELIVERED)),
    Group("accepted", _("Godkjent"), Q(status=S.ACCEPTED)),
    Group("rejected", _("Avvist"), Q(status=S.REJECTED) & ~_CORRECTED),
    Group("person", _("Noen må gjøre noe"), Q(status=S.NEEDS_PERSON)),
    Group("failed", _("Feilet"), Q(status=S.FAILED) & ~_CORRECTED),
    Group("corrected", _("Rettet"), Q(status__in=[S.REJECTED, S.FAILED]) & _CORRECTED),
    Group("cancelled", _("Avbrutt"), Q(status=S.CANCELLED)),
]
"""The codes are used in URLs, also by links from other pages."""


def unanswered(at: datetime) -> Q:
    """Delivered, and without a verdict after the service's usual time.

    Where a person reads the answer there is no verdict: such a report waits as long as its answer is looked for, and when it
    was not found.
    """
    is_open = Q(next_attempt_at__isnull=False) | Q(problem_code=hand_over.UNSEEN)
    alike: dict[tuple[int, bool], list[str]] = {}
    for service in catalogue.services():
        alike.setdefault((service.usual_hours, service.adapter in HAND_OVERS), []).append(service.id)
    late = Q(pk__in=[])
    for (hours, is_handed_over), services in alike.items():
        is_late = Q(service__in=services, delivered_at__lte=at - timedelta(hours=hours))
        late |= is_late & is_open if is_handed_over else is_late
    return Q(status=S.DELIVERED) & late


def groups(at: datetime) -> list[Group]:
    """The groups of the filter; which answers are late depends on when one asks."""
    return [
        *GROUPS,
        Group("approval", _("Venter på godkjenning"), Approval.UNANSWERED),
        Group("unanswered", _("Mangler svar"), unanswered(at)),
        Group("contradicted", _("Svar som motsier hverandre"), Q(contradicted_at__isnull=False)),
    ]


def groups_of_work(*, user: User, environment: Environment, at: datetime) -> list[Group]:
    """What the overview counts that no other group is exactly. A correction counts as the submission it corrects."""
    late = Q(problem_code__gt="") | Q(status_at__lte=at - LATE)
    ready = Q(status=S.READY, corrects__isnull=True) & ~Approval.UNANSWERED
    lacking = LASTING & Q(delivered_at__isnull=False) & ~Q(status=S.UNCERTAIN)
    failing = Q(Exists(PackageCheck.objects.filter(LASTING, submission=OuterRef("pk"))))
    return [
        Group("queued", _("Kommer ikke av gårde"), late & Q(status=S.QUEUED), is_hidden=True),
        Group("stopped", _("Stoppet under sending"), (LASTING | _left_alone(at)) & Q(status=S.SENDING), is_hidden=True),
        Group("ready", _("Klare til å sendes"), ready, is_hidden=True),
        Group("receipts", _("Mangler kvittering"), lacking, is_hidden=True),
        Group("unchecked", _("Blir ikke kontrollert"), failing, is_hidden=True),
        Group("to-approve", _("Venter på at du godkjenner"), approvable(user, environment), is_hidden=True),
    ]


def _left_alone(at: datetime) -> Q:
    """No worker has it, and none is to have it: one that the remote works on is looked at again at its time."""
    is_planned = Q(next_attempt_at__gt=at - LATE)
    return Q(status_at__lte=at - LATE) & ~held(at=at) & ~is_planned


def of_ended() -> Group:
    """Submissions of customers whose relation has ended, but for those that are owed."""
    return Group(ENDED, _("Avsluttede kunder"), SubmissionQuerySet.left_out())


def find_submissions(*, user: User, environment: Environment, text: str = "") -> SubmissionQuerySet:
    """Submissions visible to `user`, filtered by customer or a whole id, and by a year (2025), month (2025-03) or term
    (2025-T2), in any order."""
    rows = Submission.objects.visible_to(user).filter(environment=environment)
    periods = [word for word in text.split() if _PERIOD.fullmatch(word)]
    if len(periods) == 1:
        rows = rows.filter(_about(Period.read(periods[0])))
        text = " ".join(word for word in text.split() if word != periods[0])
    if not text:
        return rows
    wanted = Q(customer__in=customers_found(text, user=user, environment=environment))
    found = keys_in(places_of_submissions(text))
    return rows.filter(wanted | Q(pk__in=found)) if found else rows.filter(wanted)


def service_choices(ids: Iterable[str]) -> list[tuple[str, str]]:
    """Values of the filter by service, and their names."""
    return sorted(((one, catalogue.name_of(one)) for one in set(ids)), key=lambda named: named[1].casefold())


def year_choices(environment: Environment) -> list[tuple[str, str]]:
    """Years that submissions are about, the newest first; none when there is nothing to choose. One query."""
    ends = Submission.objects.filter(environment=environment).aggregate(Min("period_start"), Max("period_start"))
    first, last = ends["period_start__min"], ends["period_start__max"]
    if first is None or first.year == last.year:
        return []
    return [(str(year), str(year)) for year in range(last.year, first.year - 1, -1)]


def of_period(rows: SubmissionQuerySet, text: str) -> SubmissionQuerySet:
    """Of a year (2025), month (2025-03) or term (2025-T2); all rows for any other text."""
    return rows.filter(_about(Period.read(text))) if _PERIOD.fullmatch(text) else rows


def _about(period: Period) -> Q:
    """A year finds everything within it."""
    if period.kind == PeriodKind.YEAR:
        return Q(period_start__year=period.start.year)
    return Q(**period.columns())


@dataclass(frozen=True)
class Row:
    """A submission in a list: shown without further queries."""

    submission: Submission
    service_name: str
    step: NextStep


def row_of(submission: Submission, *, at: datetime, working: bool) -> Row:
    """`submission` comes from `with_correction`, with its customer where the list shows it."""
    step = next_step(submission, at=at, working=working)
    return Row(submission=submission, service_name=catalogue.name_of(submission.service), step=step)
