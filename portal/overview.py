"""What the first page tells: figures, what waits for somebody, the way from invited to in use, and the lights outside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from accounts.models import Customer, User
from portal import upstream
from portal.environments import Environment
from submissions.models import Submission
from submissions.services import catalogue
from systemusers.models import SigningKey, SystemUserRequest

STUCK = timedelta(days=7)
KEY_WARNING = timedelta(days=60)
RECENT = timedelta(days=30)
IN_SIGHT = timedelta(days=120)


@dataclass(frozen=True)
class Figure:
    number: int
    label: str
    url: str
    is_bad: bool = False


@dataclass(frozen=True)
class Todo:
    """One line of the attention list: how many, what, more about it, and the one thing to do."""

    count: int
    title: str
    text: str
    action: str
    url: str
    is_urgent: bool = False


def greeting(*, at: datetime) -> str:
    hour = timezone.localtime(at).hour
    if hour < 10:
        return _("God morgen")
    return _("God kveld") if hour >= 18 else _("Hei")


def facts(*, user: User, environment: Environment, at: datetime) -> list[str]:
    """What stands beside the date: how many customers, and the next deadline when it is in sight."""
    number = Customer.objects.visible_to(user).filter(environment=environment).count()
    shown = f"{number:,}".replace(",", "\N{NO-BREAK SPACE}")
    if user.sees_all_customers:
        customers = ngettext("%(n)s kunde", "%(n)s kunder", number)
    else:
        customers = ngettext("%(n)s kunde i porteføljen din", "%(n)s kunder i porteføljen din", number)
    return [customers % {"n": shown}, *_next_deadline(at)]


def _next_deadline(at: datetime) -> list[str]:
    today = timezone.localdate(at)
    coming = [
        (service.deadline(year), service.name)
        for service in catalogue.services()
        if service.enabled
        for year in (today.year - 1, today.year)
        if today <= service.deadline(year) <= today + IN_SIGHT
    ]
    if not coming:
        return []
    day, name = min(coming)
    days = (day - today).days
    text = ngettext("%(n)s dag til fristen for %(service)s", "%(n)s dager til fristen for %(service)s", days)
    return [text % {"n": days, "service": name[:1].lower() + name[1:]}]


def _requests(user: User, environment: Environment) -> Any:
    return SystemUserRequest.objects.visible_to(user).filter(environment=environment)


def _submissions(user: User, environment: Environment) -> Any:
    return Submission.objects.visible_to(user).filter(environment=environment)


def _url(environment: Environment, name: str, query: str = "") -> str:
    return reverse(name, kwargs={"environment": environment}) + (f"?{query}" if query else "")


def figures(*, user: User, environment: Environment, at: datetime) -> list[Figure]:
    """The four big numbers, in two queries."""
    R, S = SystemUserRequest.Status, Submission.Status
    access = _requests(user, environment).aggregate(
        in_use=Count("pk", filter=Q(status__in=[R.IN_USE, R.NEEDS_UPDATE])),
        waiting=Count("pk", filter=Q(status__in=SystemUserRequest.OPEN)),
    )
    sent = _submissions(user, environment).aggregate(
        delivered=Count("pk", filter=Q(delivered_at__gte=at - RECENT)),
        rejected=Count("pk", filter=Q(status=S.REJECTED, corrections__isnull=True)),
    )
    return [
        Figure(access["in_use"], _("tilganger i bruk"), _url(environment, "requests", "status=IN_USE")),
        Figure(access["waiting"], _("venter på godkjenning"), _url(environment, "requests", "status=OPEN")),
        Figure(sent["delivered"], _("levert siste 30 dager"), _url(environment, "submissions")),
        Figure(
            sent["rejected"],
            _("avvist, må rettes"),
            _url(environment, "submissions", "status=REJECTED"),
            sent["rejected"] > 0,
        ),
    ]


def attention(*, user: User, environment: Environment, at: datetime) -> list[Todo]:
    """What waits for a person, the most urgent first; lines with nothing in them are left out."""
    lines = [*_about_submissions(user, environment), *_about_access(user, environment, at)]
    if user.may_configure:
        lines += _about_keys(environment, at)
    return [line for line in lines if line.count]


REJECTED = ngettext_lazy("Innsending er avvist av Skatteetaten", "Innsendinger er avvist av Skatteetaten", "n")
FAILED = ngettext_lazy("Innsending ble ikke tatt imot", "Innsendinger ble ikke tatt imot", "n")
UNCERTAIN = ngettext_lazy("Innsending er uavklart, vi undersøker", "Innsendinger er uavklart, vi undersøker", "n")
NEEDS_PERSON = ngettext_lazy("Innsending må fullføres av en person", "Innsendinger må fullføres av en person", "n")


def _about_submissions(user: User, environment: Environment) -> list[Todo]:
    S = Submission.Status
    found = (
        _submissions(user, environment)
        .filter(corrections__isnull=True)
        .values("status")
        .annotate(n=Count("pk"), oldest=Min("status_at"))
    )
    by = {row["status"]: row for row in found}

    def line(status: str, title: Any, action: str, *, urgent: bool = False) -> Todo:
        row = by.get(status, {"n": 0, "oldest": None})
        oldest = timezone.localtime(row["oldest"]) if row["oldest"] else None
        text = _("Den eldste er fra %(date)s.") % {"date": f"{oldest:%d.%m.%Y}"} if oldest else ""
        url = _url(environment, "submissions", f"status={status}")
        return Todo(row["n"], str(title % {"n": row["n"]}), text, action, url, urgent)

    return [
        line(S.REJECTED, REJECTED, _("Rett"), urgent=True),
        line(S.FAILED, FAILED, _("Se feilen"), urgent=True),
        line(S.UNCERTAIN, UNCERTAIN, _("Vis")),
        line(S.NEEDS_PERSON, NEEDS_PERSON, _("Vis")),
    ]


ABOUT_ACCESS = [  # key, title, text, action, state in the list's filter
    (
        "failed",
        ngettext_lazy("Forespørsel kom ikke fram til Altinn", "Forespørsler kom ikke fram til Altinn", "n"),
        gettext_lazy("Altinn sa nei, og sa hvorfor."),
        gettext_lazy("Rett"),
        "DRAFT",
    ),
    (
        "removed",
        ngettext_lazy("Kunde har fjernet tilgangen", "Kunder har fjernet tilgangen", "n"),
        gettext_lazy("Vi kan ikke lenger sende for dem."),
        gettext_lazy("Se kundene"),
        "REMOVED",
    ),
    (
        "rejected",
        ngettext_lazy("Kunde har avvist forespørselen", "Kunder har avvist forespørselen", "n"),
        gettext_lazy("Ring dem før du spør på nytt."),
        gettext_lazy("Følg opp"),
        "REJECTED",
    ),
    (
        "expired",
        ngettext_lazy("Forespørsel er utløpt", "Forespørsler er utløpt", "n"),
        gettext_lazy("Når du fornyer, virker lenken igjen."),
        gettext_lazy("Forny"),
        "EXPIRED",
    ),
    (
        "unopened",
        ngettext_lazy(
            "Kunde har ikke åpnet lenken på over sju dager", "Kunder har ikke åpnet lenken på over sju dager", "n"
        ),
        gettext_lazy("Send lenken på nytt, eller ring."),
        gettext_lazy("Følg opp"),
        "SENT",
    ),
    (
        "forwarded",
        gettext_lazy("Er videresendt til tilgangsstyrer i virksomheten"),
        gettext_lazy("Ingenting å gjøre nå."),
        gettext_lazy("Vis"),
        "FORWARDED",
    ),
]


def _about_access(user: User, environment: Environment, at: datetime) -> list[Todo]:
    R = SystemUserRequest.Status
    counted = _requests(user, environment).aggregate(
        removed=Count("pk", filter=Q(status=R.REMOVED)),
        rejected=Count("pk", filter=Q(status=R.REJECTED)),
        expired=Count("pk", filter=Q(status=R.EXPIRED)),
        failed=Count("pk", filter=Q(status=R.DRAFT) & ~Q(problem_code="")),
        unopened=Count("pk", filter=Q(status=R.SENT, sent_at__lte=at - STUCK)),
        forwarded=Count("pk", filter=Q(status=R.FORWARDED)),
    )
    return [
        Todo(
            counted[key],
            str(title % {"n": counted[key]}),
            str(text),
            str(action),
            _url(environment, "requests", f"status={state}"),
        )
        for key, title, text, action, state in ABOUT_ACCESS
    ]


def _about_keys(environment: Environment, at: datetime) -> list[Todo]:
    ending = SigningKey.objects.filter(
        client__environment=environment, status="ACTIVE", expires_at__lte=at + KEY_WARNING
    )
    rows = list(ending.select_related("client").order_by("expires_at"))
    if not rows:
        return []
    days = max(0, (rows[0].expires_at - at).days)
    title = _("Maskinporten-nøkkel utløper om %(days)s dager") % {"days": days}
    return [Todo(len(rows), title, str(rows[0].client), _("Bytt nøkkel"), _url(environment, "settings"), days < 14)]


def funnel(*, user: User, environment: Environment) -> list[tuple[str, int]]:
    """Invited, opened, approved, in use: how many got at least so far."""
    R = SystemUserRequest.Status
    counted = _requests(user, environment).aggregate(
        invited=Count("pk", filter=Q(sent_at__isnull=False)),
        opened=Count("pk", filter=Q(opened_at__isnull=False) | Q(status__in=SystemUserRequest.USABLE)),
        approved=Count("pk", filter=Q(status__in=SystemUserRequest.USABLE)),
        in_use=Count("pk", filter=Q(status=R.IN_USE)),
    )
    labels = {"invited": _("Invitert"), "opened": _("Åpnet lenken"), "approved": _("Godkjent"), "in_use": _("I bruk")}
    return [(label, counted[key]) for key, label in labels.items()]


def lights(*, environment: Environment, at: datetime) -> list[upstream.Light]:
    return upstream.lights(environment=environment, at=at)
