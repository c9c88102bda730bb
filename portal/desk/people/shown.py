"""What the page of people shows: each person with what they have, and the table of what roles may do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.capabilities import Capability, Charge, Role, enabled, role_may
from accounts.models import Customer, Grant, LogIn, Portfolio, Substitution, User
from accounts.services import log_ins, ways_in
from portal.core import counting
from portal.core.environments import Environment
from portal.core.formats import spelled_date
from submissions.models import ServiceSetting

ALL, AT_WORK, INVITED, SEE_ALL, LEFT = "", "work", "invited", "all-customers", "left"


@dataclass(frozen=True)
class Row:
    """`roles` in the order of `enabled`, "" for none. `note` is a text and a colour."""

    user: User
    state: str
    roles: list[str]
    sees_all: bool
    portfolios: str
    sees: str
    charges: list[str]
    sessions: int
    notes: list[tuple[str, str]]


@dataclass(frozen=True)
class Chip:
    query: str
    label: str
    count: int
    is_current: bool


def people(*, sizes: dict[int, int], at: datetime) -> list[Row]:
    """Five queries, however many there are. `sizes`: see `portfolio_sizes`."""
    today = timezone.localdate(at)
    ahead = list(Substitution.objects.ahead(today).select_related("absent", "substitute"))
    return [_row(user, sizes, ahead, today) for user in loaded(at)]


def row_of(user: User, *, at: datetime) -> tuple[Row, list[Substitution]]:
    """One of `loaded`, whoever else there is, and for when somebody has their place. Two queries."""
    today = timezone.localdate(at)
    about = Substitution.objects.ahead(today).filter(Q(absent=user) | Q(substitute=user))
    ahead = list(about.select_related("absent", "substitute"))
    return _row(user, portfolio_sizes(), ahead, today), [one for one in ahead if one.absent_id == user.pk]


def loaded(at: datetime) -> QuerySet[User]:
    open_now = LogIn.objects.filter(user=OuterRef("pk"), began_at__gte=log_ins.oldest(at)).order_by()
    number = Subquery(open_now.values("user").annotate(n=Count("pk")).values("n"))
    factor = Exists(Authenticator.objects.filter(user=OuterRef("pk")).exclude(type=Authenticator.Type.RECOVERY_CODES))
    rows = User.objects.annotate(sessions=Coalesce(number, 0), has_factor=factor)
    rows = rows.prefetch_related("grants", "charges", "portfolios")
    return rows.order_by("-is_active", "name", "pk")


def portfolio_sizes() -> dict[int, int]:
    """The number of current customers of each portfolio that has some; large ones are kept for a minute."""
    rows = Customer.objects.current().filter(portfolio__isnull=False).order_by().values_list("portfolio")
    return dict(counting.whole(rows.annotate(n=Count("pk")), of=1))


def state_of(user: User) -> str:
    if user.invited_at and user.is_active:
        return INVITED
    return AT_WORK if user.is_active else LEFT


def _row(user: User, sizes: dict[int, int], ahead: list[Substitution], today: date) -> Row:
    grants = {grant.environment: grant for grant in user.grants.all()}
    places = [grants[place.value] for place in enabled() if place.value in grants]
    sees_all = any(grant.sees_all_customers for grant in places)
    own = list(user.portfolios.all())
    number = sum(sizes.get(each.pk, 0) for each in own)
    sees = ngettext("%(n)s kunde", "%(n)s kunder", number) % {"n": number} if own else _("ser ingen kunder")
    return Row(
        user=user,
        state=state_of(user),
        roles=[str(Role(grants[place.value].role).label) if place.value in grants else "" for place in enabled()],
        sees_all=sees_all,
        portfolios=_("Alle kunder") if sees_all else ", ".join(each.name for each in own),
        sees=_sees_all_in(places) if sees_all else sees,
        charges=[str(Charge(each.charge).label) for each in user.charges.all()],
        sessions=user.sessions,  # type: ignore[attr-defined] # annotated
        notes=_notes(user, ahead, today),
    )


def _sees_all_in(grants: list[Grant]) -> str:
    names = [str(Environment(grant.environment).label) for grant in grants if grant.sees_all_customers]
    return _("i %(places)s") % {"places": ", ".join(names)}


def _notes(user: User, ahead: list[Substitution], today: date) -> list[tuple[str, str]]:
    notes = []
    if user.left_at:
        notes.append((_("Sluttet %(date)s") % {"date": spelled_date(user.left_at)}, "neutral"))
    elif not user.is_active:
        notes.append((_("Stengt"), "neutral"))
    elif user.invited_at:
        notes.append((_("Invitert %(date)s") % {"date": spelled_date(user.invited_at)}, "warning"))
    elif not user.has_factor and (settings.SECOND_FACTOR_IN or settings.SECOND_FACTOR_ROLES):  # type: ignore[attr-defined] # annotated
        notes.append((_("Uten totrinnsinnlogging"), "warning"))
    for row in (row for row in ahead if row.absent_id == user.pk):
        text = _("Borte til %(date)s") if row.begins <= today else _("Borte fra %(date)s")
        notes.append((text % {"date": spelled_date(row.ends if row.begins <= today else row.begins)}, "info"))
    for row in (row for row in ahead if row.substitute_id == user.pk and row.begins <= today):
        notes.append((_("Vikar for %(name)s") % {"name": row.absent}, "info"))
    return notes


CHOICES: dict[str, Callable[[Row], bool]] = {
    ALL: lambda row: True,
    AT_WORK: lambda row: row.state == AT_WORK,
    INVITED: lambda row: row.state == INVITED,
    SEE_ALL: lambda row: row.sees_all and row.state != LEFT,
    LEFT: lambda row: row.state == LEFT,
}


def chips(rows: list[Row], chosen: str) -> list[Chip]:
    labels = {
        ALL: _("Alle"), AT_WORK: _("I arbeid"), INVITED: _("Invitert"), SEE_ALL: _("Ser alle kunder"), LEFT: _("Sluttet"),
    }  # fmt: skip
    return [
        Chip(f"state={value}", text, sum(map(CHOICES[value], rows)), value == chosen) for value, text in labels.items()
    ]


@dataclass(frozen=True)
class Can:
    """One line of the table: whether each role may."""

    text: str
    roles: list[bool]


def what_roles_may(environment: Environment) -> list[Can]:
    return [Can(each.text, [role_may(role, each, environment) for role in Role]) for each in Capability]


@dataclass(frozen=True)
class PortfolioRow:
    """`n`: how many customers are in it."""

    pk: int
    name: str
    n: int
    staff: list[User]


def portfolios(sizes: dict[int, int]) -> list[PortfolioRow]:
    staff = Prefetch("staff", queryset=User.objects.filter(is_active=True).order_by("name"))
    found = Portfolio.objects.prefetch_related(staff)
    return [PortfolioRow(each.pk, each.name, sizes.get(each.pk, 0), list(each.staff.all())) for each in found]


@dataclass(frozen=True)
class OpenedBy:
    """Of an account into which colleagues have opened a way. `settles_at`: None when it is over."""

    names: str
    settles_at: datetime | None
    may_vouch: bool


def opened(user: User, *, by: User, at: datetime) -> OpenedBy | None:
    """None when nobody has, or a third person has vouched for it, or nothing takes two persons here."""
    if not settings.TWO_PERSONS and not ServiceSetting.objects.filter(needs_approval=True).exists():
        return None
    found = ways_in.opened([user.pk])[user.pk]
    if found.newest_at is None:
        return None
    names = ", ".join(map(str, User.objects.filter(pk__in=found.by).order_by("name", "pk")))
    settles_at = None if found.is_settled(at) else found.newest_at + ways_in.SETTLES
    return OpenedBy(names, settles_at, ways_in.can_vouch(user=user, by=by, at=at))
