"""Looks at the newest hour of the audit trail for what may be misuse, and tells those who keep people: on the overview and by mail.

A look reads one hour by the index of time, once in each minute, whatever day it is. An alarm is one row for a kind and a person
until somebody has seen it. It is told by mail when it is new, and again after an hour in which nothing was found. What happens
after somebody has seen it is counted anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import BigIntegerField, Count, F, Q, QuerySet, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.capabilities import enabled
from accounts.models import Alarm, Charge, InstallationGrant, IntegrationProof, Role, User
from accounts.services import staff_mails
from accounts.services.actors import INTEGRATION, STAFF, names_of, person
from portal.core.audit import AuditEvent, record
from portal.core.audit_events import AuditType
from portal.core.environments import Environment

T, Kind = AuditType, Alarm.Kind
SPAN = timedelta(hours=1)
KEY = ("kind", "environment", "about")
BY = "task:oversee"
READING = (T.READ, T.FETCHED, T.EVIDENCE_FETCHED, T.LETTER_READ, T.LINK_READ)
EXPORTS = (
    T.LIST_EXPORTED, T.LINKS_EXPORTED, T.CLIENTS_EXPORTED, T.ORDER_EXPORTED, T.HELD_EXPORTED, T.REST_FETCHED, T.EVIDENCE_FETCHED,
)  # fmt: skip
ROWS = Cast(KeyTextTransform("number", "detail"), BigIntegerField())
"""How many rows somebody took out at once, where the trail says it."""
COUNTED = {
    Kind.READING: Count("pk", filter=Q(what__in=READING)),
    Kind.EXPORTS: Count("pk", filter=Q(what__in=EXPORTS)),
    Kind.ROWS: Sum(ROWS, filter=Q(what__in=EXPORTS)),
}
"""Of what each has read and taken out."""
LOCK = 0x616C61726D
"""The key of PostgreSQL's advisory lock of the one who looks. Nothing else may use it."""
ROLE = "role "
"""How the trail names a role in one environment: `Given.as_values`."""


@dataclass(frozen=True)
class Found:
    kind: Alarm.Kind
    environment: str
    about: str
    number: int
    at: datetime


Key = tuple[str, str, str]
"""Kind, environment and about."""
Seen = Mapping[Key, datetime]
"""Up to when what was found has been seen by somebody."""


def look(*, at: datetime) -> int:
    """Call it each minute. Returns how many alarms were told. 0 while another process looks."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
        return sum(_raise(found, at=at) for found in list(_find(at, _seen(at))))


def _seen(at: datetime) -> Seen:
    rows = Alarm.objects.filter(seen_at__isnull=False, newest_at__gt=at - SPAN).order_by("newest_at", "pk")
    return {(kind, place, about): newest for kind, place, about, newest in rows.values_list(*KEY, "newest_at")}


def _find(at: datetime, seen: Seen) -> Iterator[Found]:
    yield from _log_ins(at, seen)
    yield from _administrators(at, seen)
    hour = AuditEvent.objects.filter(at__gt=at - SPAN, at__lte=at)
    for environment in enabled():
        here = hour.filter(environment=environment)
        yield from _approval_off(here, environment, seen)
        yield from _much(here.filter(what__in={*READING, *EXPORTS}), environment, at, seen)
        if hours := settings.ALARMS.hours:
            read = here.filter(what__in=READING, by__startswith=STAFF)
            yield from _at_odd_hours(read, environment, hours, seen)


def _log_ins(at: datetime, seen: Seen) -> Iterator[Found]:
    """All together: who guesses tries many accounts."""
    limit, since = settings.ALARMS.log_ins, seen.get((Kind.LOG_INS, "", ""), at - SPAN)
    failed = Q(what__in=[T.LOG_IN_FAILED, T.LOG_IN_BLOCKED], environment="", at__gt=since, at__lte=at)
    number = AuditEvent.objects.filter(failed).count() if limit else 0
    if limit and number >= limit:
        yield Found(Kind.LOG_INS, "", "", number, at)


def _administrators(at: datetime, seen: Seen) -> Iterator[Found]:
    """Somebody who may administer, or keep people, and could not before. The first one of all is none."""
    recent = AuditEvent.objects.filter(
        environment="", at__gt=at - SPAN, at__lte=at, what__in=[T.ADDED, T.EDITED], target__startswith="accounts.User:"
    )
    for event in recent.order_by("pk"):
        if any(_makes_administrator(name, *pair) for name, pair in event.detail.get("changes", {}).items()):
            user = User.objects.filter(pk=int(event.target.rpartition(":")[2])).first()
            if user is None or not _had_keepers(user, event.at):
                continue
            if event.at > seen.get((Kind.ADMINISTRATOR, "", user.actor), at - SPAN):
                yield Found(Kind.ADMINISTRATOR, "", user.actor, 1, event.at)


def _had_keepers(but: User, at: datetime) -> bool:
    """Whether somebody kept people before: the first one of an installation is no alarm."""
    return InstallationGrant.objects.filter(charge=Charge.PEOPLE, given_at__lt=at).exclude(user=but).exists()


def _makes_administrator(name: str, old: object, new: object) -> bool:
    if name.startswith(ROLE):
        return new == Role.ADMINISTRATOR != old
    if name == "charges":
        return Charge.PEOPLE in (new or ()) and Charge.PEOPLE not in (old or ())  # type: ignore[operator] # lists, or ""
    return False


def _approval_off(rows: QuerySet[AuditEvent], environment: str, seen: Seen) -> Iterator[Found]:
    """By each person who let reports of a service be sent by one: switched on again soon after, nothing else would show it."""
    off: dict[str, list[datetime]] = {}
    for by, moment in rows.filter(what=T.APPROVAL_OFF).order_by("pk").values_list("by", "at"):
        since = seen.get((Kind.APPROVAL_OFF, environment, by))
        if since is None or moment > since:
            off.setdefault(by, []).append(moment)
    yield from (Found(Kind.APPROVAL_OFF, environment, by, len(moments), moments[-1]) for by, moments in off.items())


def _much(rows: QuerySet[AuditEvent], environment: str, at: datetime, seen: Seen) -> Iterator[Found]:
    """By each person, and by each integration whichever employees it names."""
    totals = _totals(rows)
    for (kind, about), number in totals.items():
        limit, since = _limit(kind, about), seen.get((kind, environment, about))
        if limit and number >= limit and since is not None:
            after = rows.filter(Q(by=about) | Q(by__startswith=f"{about} "), at__gt=since)
            counted = _totals(after)[kind, about]
        else:
            counted = number
        if limit and counted >= limit:
            yield Found(kind, environment, about, counted, at)


def _totals(rows: QuerySet[AuditEvent]) -> Counter[tuple[Alarm.Kind, str]]:
    actors = Q(by__startswith=STAFF) | Q(by__startswith=INTEGRATION)
    counted = rows.filter(actors).order_by().values_list("by").annotate(**COUNTED)
    totals: Counter[tuple[Alarm.Kind, str]] = Counter()
    for by, *numbers in counted:
        about = by.partition(" ")[0] if by.startswith(INTEGRATION) else by
        totals.update({(kind, about): number or 0 for kind, number in zip(COUNTED, numbers, strict=True)})
    return totals


def _limit(kind: Alarm.Kind, about: str) -> int:
    limits = settings.ALARMS
    limit: int = {Kind.READING: limits.reading, Kind.EXPORTS: limits.exports, Kind.ROWS: limits.rows}[kind]
    return limit * limits.integrations if about.startswith(INTEGRATION) else limit


def _at_odd_hours(
    rows: QuerySet[AuditEvent], environment: str, hours: tuple[time, time], seen: Seen
) -> Iterator[Found]:
    """By people: the vendor's own systems work at night."""
    begins, ends = hours
    odd: dict[str, list[datetime]] = {}
    for by, moment in rows.order_by("pk").values_list("by", "at").iterator():
        hour, since = timezone.localtime(moment).time(), seen.get((Kind.ODD_HOURS, environment, by))
        is_odd = begins <= hour < ends if begins < ends else hour >= begins or hour < ends
        if is_odd and (since is None or moment > since):
            odd.setdefault(by, []).append(moment)
    yield from (Found(Kind.ODD_HOURS, environment, by, len(moments), moments[-1]) for by, moments in odd.items())


def _raise(found: Found, *, at: datetime) -> bool:
    """Whether it is told. One that stands keeps the largest number, and is told again when it was quiet for as long as a look goes back."""
    same = {"kind": found.kind, "environment": found.environment, "about": found.about}
    row = unseen().filter(**same).order_by("newest_at", "pk").last()
    if row is None:
        times = {"day": timezone.localdate(found.at), "began_at": found.at, "newest_at": found.at}
        row = Alarm.objects.create(**same, number=found.number, **times)
    else:
        was_quiet = found.at - row.newest_at > SPAN
        row.number, row.newest_at = max(row.number, found.number), max(row.newest_at, found.at)
        if not unseen().filter(pk=row.pk).update(number=row.number, newest_at=row.newest_at) or not was_quiet:
            return False
    told: dict[str, Any] = {"kind": str(found.kind), "concerns": found.about, "number": found.number}
    record(by=BY, at=at, target=row, what=AuditType.ALARM_RAISED, **told)
    for keeper in _keepers():
        _mail(keeper, row, found)
    return True


def _keepers() -> QuerySet[User]:
    return User.objects.filter(is_active=True, invited_at=None, charges__charge=Charge.PEOPLE)


def _mail(keeper: User, alarm: Alarm, found: Found) -> None:
    """Nothing in it says more than the page does; it leads there."""
    with translation.override(keeper.language):
        who = person(alarm.about, names_of([alarm.about])) if alarm.about else _("ikke innlogget")
        place = reverse("alarms", kwargs={"environment": next(enabled())})
        lines = [
            _("%(what)s: %(who)s, %(n)s på det meste i en time.")
            % {"what": alarm.get_kind_display(), "who": who, "n": found.number},
            "", _("Se på det, og merk det som sett:"), f"{settings.PORTAL_URL}{place}",
        ]  # fmt: skip
        subject = _("Portalen: %(what)s") % {"what": alarm.get_kind_display()}
        key = f"alarm:{alarm.pk}:{keeper.pk}:{found.at:%Y%m%d%H%M%S}"
        staff_mails.put_to(keeper, key=key, subject=subject, lines=lines, at=found.at)


def unseen() -> QuerySet[Alarm]:
    return Alarm.objects.filter(seen_at=None)


class AboutOneself(Exception):
    """Nobody puts an alarm about themself aside. `others`: whether somebody else keeps people, who can."""

    def __init__(self, *, others: bool) -> None:
        super().__init__("an alarm about whoever would mark it")
        self.others = others


def about(user: User) -> set[str]:
    """What alarms that concern a person are about: their own addresses, and integrations that they made a secret or key for. One query."""
    own = {f"{STAFF}{email}" for email in (user.email, *user.former_emails)}
    made = IntegrationProof.objects.filter(made_by__in=own)
    return own | {f"{INTEGRATION}{name}" for name in made.values_list("integration__name", flat=True)}


def mark_seen(*, alarm: Alarm, user: User, at: datetime) -> bool:
    """False when somebody else was first. Raises AboutOneself."""
    if alarm.about in about(user):
        raise AboutOneself(others=_keepers().exclude(pk=user.pk).exists())
    with transaction.atomic():
        if not unseen().filter(pk=alarm.pk).update(seen_by=user.actor, seen_at=at):
            return False
        record(by=user.actor, at=at, target=alarm, what=AuditType.ALARM_SEEN)
    return True


def of_environment(environment: Environment) -> QuerySet[Alarm]:
    """Those of the installation, and of this environment: unseen ones first, each by its newest."""
    rows = Alarm.objects.filter(environment__in=["", environment.value])
    return rows.order_by(F("seen_at").desc(nulls_first=True), "-newest_at", "-pk")
