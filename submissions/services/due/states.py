"""How far each expected report has come. One rule, from which numbers, lists and files are made.

A customer counts by the report that stands: an accepted one whatever came after it, else a delivered one, else one that is on its
way, else the newest. Cancelled reports and answers to what an authority asked for do not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from accounts.models import CustomerQuerySet
from portal.core.database import has_row
from submissions.models import Submission
from submissions.models.expectation import of_period
from submissions.services.catalogue import Service
from submissions.services.due.calendar import Item
from submissions.services.readiness import covering
from systemusers.models import Access, ClientRelation, Kind

S = Submission.Status


class DueState(StrEnum):
    """Each expected report is in one of these."""

    NO_ACCESS = "NO_ACCESS"
    NO_REPORT = "NO_REPORT"
    DRAFT = "DRAFT"
    ON_ITS_WAY = "ON_ITS_WAY"
    DELIVERED = "DELIVERED"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    NEEDS_PERSON = "NEEDS_PERSON"


LABELS = {
    DueState.NO_ACCESS: _("Mangler tilgang"),
    DueState.NO_REPORT: _("Mangler rapport"),
    DueState.DRAFT: _("Kladd"),
    DueState.ON_ITS_WAY: _("På vei"),
    DueState.DELIVERED: _("Levert"),
    DueState.ACCEPTED: _("Godkjent"),
    DueState.REJECTED: _("Avvist"),
    DueState.NEEDS_PERSON: _("Trenger en person"),
}
DONE = (DueState.DELIVERED, DueState.ACCEPTED)
"""The authority has the report, and has not refused it."""
MISSING = tuple(state for state in DueState if state not in DONE)
WITHOUT_REPORT = (DueState.NO_ACCESS, DueState.NO_REPORT)

BY_STATUS = {
    S.QUEUED: DueState.ON_ITS_WAY,
    S.SENDING: DueState.ON_ITS_WAY,
    S.UNCERTAIN: DueState.ON_ITS_WAY,
    S.DELIVERED: DueState.DELIVERED,
    S.ACCEPTED: DueState.ACCEPTED,
    S.REJECTED: DueState.REJECTED,
    S.NEEDS_PERSON: DueState.NEEDS_PERSON,
    S.FAILED: DueState.NEEDS_PERSON,
}
"""Of the others, DRAFT and READY, it depends on the access."""
RANKS = {S.ACCEPTED: 0, S.DELIVERED: 1, S.QUEUED: 2, S.SENDING: 2, S.UNCERTAIN: 2}
LAST = 3


def expected(customers: CustomerQuerySet, item: Item) -> CustomerQuerySet:
    """Those of `customers` from which a report is expected, each with its `due_state`."""
    mine = of_period(item.period, "expectations__") & Q(expectations__service=item.service.id)
    return customers.filter(mine).annotate(due_state=_state(item))


def with_report(customers: CustomerQuerySet, item: Item) -> CustomerQuerySet:
    """Annotates `report`: the key of the report that stands, None without one."""
    return customers.annotate(report=Subquery(_standing(item).values("pk")[:1]))


def in_states(customers: CustomerQuerySet, item: Item, states: Sequence[DueState]) -> CustomerQuerySet:
    """Of those that `expected` gives. Where the state needs a report, only those with such a report are looked at.

    What is missing is all that is not done: PostgreSQL asks for the done reports at once, and for no customer's state.
    """
    if set(states) == set(MISSING):
        return customers.filter(~Exists(_reports(item).filter(status__in=[S.DELIVERED, S.ACCEPTED])))
    if not any(state in WITHOUT_REPORT for state in states):
        wanted = [status for status, state in BY_STATUS.items() if state in states]
        wanted += [S.DRAFT, S.READY] if DueState.DRAFT in states else []
        reports = Submission.objects.filter(status__in=wanted, service__in=item.services, **item.period.columns())
        customers = customers.filter(pk__in=reports.values("customer"))
    return customers.filter(Q(due_state__in=[str(state) for state in states]))


def _reports(item: Item) -> QuerySet[Submission]:
    """Those of the customer of the outer query about the item."""
    own = Submission.objects.filter(customer=OuterRef("pk"), service__in=item.services, answers__isnull=True)
    return own.filter(**item.period.columns()).exclude(status=S.CANCELLED)


def _standing(item: Item) -> QuerySet[Submission]:
    """The same, the one that stands first."""
    ranks = [When(status=status, then=Value(rank)) for status, rank in RANKS.items()]
    return _reports(item).order_by(Case(*ranks, default=Value(LAST)), "-pk")


def _state(item: Item) -> Coalesce:
    """PostgreSQL looks at the access and for a draft only where no sent report stands."""
    whens = [When(status=status, then=Value(str(state))) for status, state in BY_STATUS.items()]
    sent = _standing(item).annotate(state=Case(*whens, output_field=CharField())).values("state")
    unsent = Case(
        When(~has_access(item.service), then=Value(str(DueState.NO_ACCESS))),
        When(Exists(_reports(item).filter(status__in=[S.DRAFT, S.READY])), then=Value(str(DueState.DRAFT))),
        default=Value(str(DueState.NO_REPORT)),
    )
    return Coalesce(Subquery(sent[:1]), unsent, output_field=CharField())


def has_access(service: Service) -> Q:
    """Customers that can be reported for: by an access of their own, or by that of an accountant who has them as a client."""
    own = Access.objects.filter(customer=OuterRef("pk"), status__in=Access.USABLE).exclude(profile__kind=Kind.AGENT)
    given = Q(packages__has_any_keys=list(service.packages)) | Q(resources__has_any_keys=list(service.resources))
    untold = Q(seen_at__isnull=True) & (Q(access__rights_known_at__isnull=True) | covering(service, "access__"))
    relations = ClientRelation.objects.usable().filter(customer=OuterRef("pk"))
    return has_row(own.filter(Q(rights_known_at__isnull=True) | covering(service))) | has_row(
        relations.filter(given | untold)
    )
