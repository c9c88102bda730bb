"""What the pages of a campaign show: numbers, groups of its rows, each row, and what a change would change."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from accounts.models import Customer, User
from accounts.services.imports import linked
from portal.core import counting
from portal.core.environments import Environment
from portal.core.filters import Group
from portal.core.next_step import NextStep
from portal.explain import Explanation, explain
from systemusers.models import Access, Campaign, CampaignRow, ChangeRequest, Invitation
from systemusers.models.campaign import taken_of
from systemusers.services.campaigns.asking import chunk_of
from systemusers.services.invitations.selections import MAIL_FAILED
from systemusers.services.next_step import next_step

V, R, S = CampaignRow.Verdict, CampaignRow.State, Access.Status
STEPS = [lazy("Kunder og profil"), lazy("Se over"), lazy("Spør"), lazy("Følg opp")]
WHY: dict[str, Any] = {
    V.HAS_ACCESS: lazy("Ingenting å gjøre."),
    V.UNDERWAY: lazy("Venter på kunden, og spørres ikke to ganger."),
    V.APPROVED: lazy("Overta dem under Systemer, «Funnet i Altinn»."),
    V.UNCLEAR: lazy("Spør Altinn om hva tilgangen gjelder, på siden til tilgangen."),
    V.NO_ACCESS: lazy("Lag en kampanje som ber om tilgang."),
    V.ENDED: lazy("Ring kunden før du spør på nytt."),
    V.NO_ADDRESS: lazy("Legg inn en e-postadresse, eller skriv ut brev."),
    V.MUTED: lazy("Kunden har bedt om å slippe e-post. Ring, eller send et brev."),
    V.SUB_UNIT: lazy("Systemtilgang gis av hovedenheten."),
    V.BANKRUPT: lazy("Boet må godkjenne."),
    V.DELETED: lazy("Virksomheten finnes ikke lenger."),
    V.CLOSED: lazy("Gjenoppta kundeforholdet på siden til kunden før du spør."),
    V.NOT_YOURS: lazy("En annen må spørre kunden."),
    V.UNKNOWN: lazy("Importer kunden først."),
    V.SYNTHETIC: lazy("Nummeret finnes bare i test."),
    V.REAL: lazy("Ekte virksomheter spørres bare i produksjon."),
    V.TWICE: lazy("Står lenger opp i listen."),
    V.INVALID: lazy("Rett nummeret i listen."),
    V.IDENTITY: lazy("Bruk organisasjonsnummer."),
}
"""What a person does about a row that is not asked."""
COLOURS = {
    "info": {V.READY},
    "success": {V.HAS_ACCESS},
    "danger": {V.DELETED, V.INVALID, V.IDENTITY, V.SYNTHETIC, V.REAL},
    "neutral": {V.WAITING, V.UNDERWAY, V.TWICE},
}


def find_campaigns(*, user: User, environment: Environment | str, text: str = "") -> QuerySet[Campaign]:
    """Campaigns visible to `user`, with all words of `text` in their names. A vendor has few: they are read by their environment."""
    rows = Campaign.objects.visible_to(user).filter(environment=environment)
    for word in text.split():
        rows = rows.filter(name__icontains=word)
    return rows


@dataclass(frozen=True)
class Left:
    """A verdict that keeps rows out. `is_chosen`: a remark that a person has set aside."""

    code: str
    label: str
    why: str
    number: int
    is_optional: bool
    is_chosen: bool


@dataclass(frozen=True)
class Numbers:
    """`taken`: asked, or to be asked. `asked`: what a worker has done."""

    total: int
    waiting: int
    taken: int
    asked: int
    verdicts: list[Left]

    @property
    def left(self) -> int:
        return self.total - self.taken - self.waiting

    @property
    def queued(self) -> int:
        return self.taken - self.asked

    @property
    def share(self) -> int:
        """Asked, in percent of those taken."""
        return 100 * self.asked // self.taken if self.taken else 0


@dataclass(frozen=True)
class Row:
    """`access` None: not asked. `label` and `colour` are the verdict's."""

    row: CampaignRow
    access: Access | None
    change: ChangeRequest | None
    label: str
    colour: str
    why: str
    step: NextStep | None


def numbers(campaign: Campaign) -> Numbers:
    """One query."""
    taken = Count("pk", filter=taken_of(campaign))
    asked = Count("pk", filter=Q(state=R.ASKED))
    rows = campaign.rows.order_by().values("verdict").annotate(n=Count("pk"), taken=taken, asked=asked)
    is_calm = campaign.is_begun and not campaign.is_moving
    counted = {row["verdict"]: row for row in (counting.whole(rows) if is_calm else rows)}
    verdicts = [_left(code, counted[code]["n"], campaign) for code in V.values if code in counted]
    return Numbers(
        total=sum(row["n"] for row in counted.values()),
        waiting=counted.get(V.WAITING, {"n": 0})["n"],
        taken=sum(row["taken"] for row in counted.values()),
        asked=sum(row["asked"] for row in counted.values()),
        verdicts=[each for each in verdicts if each.code not in (V.WAITING, V.READY)],
    )


def _left(code: str, number: int, campaign: Campaign) -> Left:
    is_optional = code in CampaignRow.OPTIONAL
    return Left(code, str(V(code).label), str(WHY.get(code, "")), number, is_optional, code in campaign.extra)


def groups(campaign: Campaign) -> list[Group]:
    """Of the rows: before the start by verdict, afterwards by what the customer has done."""
    taken, left = taken_of(campaign), Q(state=R.LEFT) | ~taken_of(campaign) & ~Q(verdict=V.WAITING)
    if not campaign.is_begun:
        verdicts = [Group(code, V(code).label, Q(verdict=code)) for code in V.values if code != V.READY]
        return [Group("taken", lazy("Blir spurt"), taken), Group("left", lazy("Ikke med"), left), *verdicts]
    queued = Group("queued", lazy("I kø"), taken & Q(state=""))
    made = _of_changes() if campaign.is_change else _of_accesses()
    return [queued, *made, Group("left", lazy("Ikke med"), left)]


def _of_accesses() -> list[Group]:
    failed = Q(access__in=Access.objects.filter(MAIL_FAILED))
    states = (S.OPENED, S.FORWARDED, S.APPROVED, S.IN_USE, S.REJECTED, S.EXPIRED, S.WITHDRAWN, S.REMOVED)
    return [
        Group("sending", lazy("På vei til Altinn"), Q(access__status=S.DRAFT)),
        Group("untold", lazy("Spurt, ikke varslet"), Q(access__status=S.SENT) & ~TOLD),
        Group("told", lazy("Varslet"), Q(access__status=S.SENT) & TOLD),
        Group("mail", lazy("E-post kom ikke fram"), failed),
        *[Group(status, S(status).label, Q(access__status=status)) for status in states],
    ]


TOLD = Q(access__invitation__told_at__isnull=False)


def _of_changes() -> list[Group]:
    states = ChangeRequest.Status
    failed = Q(change__status__in=ChangeRequest.OPEN, access__invitation__stopped_why__in=Invitation.FAILED)
    return [
        *[Group(status, states(status).label, Q(change__status=status)) for status in states.values],
        Group("mail", lazy("E-post kom ikke fram"), failed),
    ]


@dataclass(frozen=True)
class ForUs:
    """Customers of the campaign that wait for the vendor: the group of the rows, and what to do."""

    group: Group
    number: int
    todo: str


@dataclass(frozen=True)
class FollowUp:
    """What waits for the vendor. `without_reports`: of how many of those it asks nobody has said what they shall deliver, so that no
    deadline counts them; of the customers that the user sees.
    """

    for_us: list[ForUs]
    without_reports: int


def follow_up(campaign: Campaign, *, user: User) -> FollowUp:
    """One query."""
    todo = {
        "mail": _("Rett adressen, eller varsle på en annen måte"),
        "REJECTED": _("Ring kunden"),
        "EXPIRED": _("Ring kunden, og spør på nytt"),
        "REMOVED": _("Ring kunden, og spør på nytt"),
    }
    wanted = [group for group in groups(campaign) if group.code in todo]
    counts = {group.code: Count("pk", filter=group.condition) for group in wanted}
    undecided = linked.without(Customer.objects.visible_to(user).current(), "expected").order_by().values("pk")
    unsaid = Count("pk", filter=taken_of(campaign) & Q(customer__in=undecided))
    rows = campaign.rows.order_by().values("campaign").annotate(n=Count("pk"), unsaid=unsaid, **counts)
    numbers: dict[str, int] = next(iter(counting.whole(rows)), {})
    lines = [ForUs(group, numbers[group.code], todo[group.code]) for group in wanted if numbers.get(group.code)]
    return FollowUp(lines, numbers.get("unsaid", 0))


def loaded(rows: QuerySet[CampaignRow]) -> QuerySet[CampaignRow]:
    """With all that `row_of` reads."""
    return rows.select_related(
        "customer",
        "change",
        "access__customer",
        "access__profile__system",
        "access__invitation",
        "access__client_round",
    )


def row_of(row: CampaignRow, *, at: datetime, working: bool) -> Row:
    colour = next((colour for colour, verdicts in COLOURS.items() if row.verdict in verdicts), "warning")
    step = next_step(row.access, at=at, working=working) if row.access and not row.change else None
    why = "" if row.access else str(WHY.get(row.verdict, ""))
    return Row(row, row.access, row.change, row.get_verdict_display(), colour, why, step)


def stepper(campaign: Campaign) -> list[dict[str, Any]]:
    """As `components/stepper.html` reads it."""
    at = {"DRAFT": 1, "READY": 1, "RUNNING": 2, "PAUSED": 2}.get(campaign.status, 3)
    return [
        {"label": label, "colour": "success" if n < at else "info" if n == at else "", "is_current": n == at}
        for n, label in enumerate(STEPS)
    ]


def problem(campaign: Campaign) -> Explanation | None:
    """Why the work stands still; None while it goes on."""
    return explain(campaign.problem_code) if campaign.problem_code and campaign.is_moving else None


def ends_at(campaign: Campaign, counted: Numbers, *, at: datetime) -> datetime | None:
    """About when the last customer is asked, for a campaign with a pace."""
    if campaign.status != Campaign.Status.RUNNING or not campaign.per_hour or not counted.queued:
        return None
    return at + timedelta(hours=max(0, counted.queued - chunk_of(campaign)) / campaign.per_hour)


@dataclass(frozen=True)
class Before:
    """Customers who have approved the same: how many, what they have, and what they would be asked for."""

    number: int
    has: list[str]
    lacks: list[str]

    @property
    def title(self) -> str:
        return ngettext("%(n)s kunde", "%(n)s kunder", self.number) % {"n": self.number}


def before_and_after(campaign: Campaign) -> list[Before]:
    """What is asked for in a campaign of changes that has not begun, the largest group first. One query."""
    customers = campaign.rows.filter(taken_of(campaign)).values("customer")
    rows = Access.objects.filter(profile=campaign.profile, status__in=Access.USABLE, customer__in=customers)
    found = rows.order_by().values_list("rights", "packages").annotate(n=Count("pk"))
    profile = campaign.profile
    made = [
        Before(n, [*rights, *packages], sorted({*profile.rights, *profile.packages} - {*rights, *packages}))
        for rights, packages, n in found
    ]
    return sorted((each for each in made if each.lacks), key=lambda each: -each.number)


def aged(days: tuple[int, ...], numbers: list[int]) -> list[tuple[str, int]]:
    """The ages of a funnel in words, each with its number."""
    first = _("Under ett døgn")
    middle = [_("%(a)s–%(b)s døgn") % {"a": a, "b": b} for a, b in itertools.pairwise(days)]
    last = _("Over %(n)s døgn") % {"n": days[-1]}
    return list(zip([first, *middle, last], numbers, strict=True))
