"""Looks at the newest hour of the audit trail for what may be misuse, and tells those who keep people: on the overview and by mail.

A look reads one hour by the index of time, once in each minute; an alarm is one row, and one mail to each, for a kind, person and day.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Aggregate, BigIntegerField, Count, F, Q, QuerySet, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.capabilities import enabled
from accounts.models import Alarm, Charge, InstallationGrant, Role, User
from accounts.services import staff_mails
from accounts.services.actors import STAFF, names_of, person
from portal.core.audit import AuditEvent, record
from portal.core.audit_events import AuditType
from portal.core.environments import Environment

T, Kind = AuditType, Alarm.Kind
SPAN = timedelta(hours=1)
BY = "task:oversee"
READING = (T.READ, T.FETCHED, T.EVIDENCE_FETCHED, T.LETTER_READ)
EXPORTS = (
    T.LIST_EXPORTED, T.LINKS_EXPORTED, T.CLIENTS_EXPORTED, T.ORDER_EXPORTED, T.HELD_EXPORTED, T.REST_FETCHED, T.EVIDENCE_FETCHED,
)  # fmt: skip
ROWS = Cast(KeyTextTransform("number", "detail"), BigIntegerField())
"""How many rows somebody took out at once, where the trail says it."""
ROLE = "role "
"""How the trail names a role in one environment: `Given.as_values`."""


@dataclass(frozen=True)
class Found:
    kind: Alarm.Kind
    environment: str
    about: str
    number: int
    at: datetime


def look(*, at: datetime) -> int:
    """Call it each minute. Returns how many alarms are new."""
    return sum(_raise(found, at=at) for found in _find(at))


def _find(at: datetime) -> Iterator[Found]:
    limits = settings.ALARMS
    yield from _log_ins(at, limits.log_ins)
    yield from _administrators(at)
    for environment in enabled():
        recent = AuditEvent.objects.filter(environment=environment, at__gt=at - SPAN, at__lte=at, by__startswith=STAFF)
        yield from _many(Kind.READING, recent.filter(what__in=READING), environment, limits.reading, at)
        taken = recent.filter(what__in=EXPORTS)
        yield from _many(Kind.EXPORTS, taken, environment, limits.exports, at)
        yield from _many(Kind.ROWS, taken, environment, limits.rows, at, of=Sum(ROWS))
        if limits.hours:
            yield from _at_odd_hours(recent.filter(what__in=READING), environment, limits.hours)


def _log_ins(at: datetime, limit: int) -> Iterator[Found]:
    """All together: who guesses tries many accounts."""
    failed = Q(what__in=[T.LOG_IN_FAILED, T.LOG_IN_BLOCKED], environment="", at__gt=at - SPAN, at__lte=at)
    number = AuditEvent.objects.filter(failed).count() if limit else 0
    if limit and number >= limit:
        yield Found(Kind.LOG_INS, "", "", number, at)


def _administrators(at: datetime) -> Iterator[Found]:
    """Somebody who may administer, or keep people, and could not before. The first one of all is none."""
    recent = AuditEvent.objects.filter(
        environment="", at__gt=at - SPAN, at__lte=at, what__in=[T.ADDED, T.EDITED], target__startswith="accounts.User:"
    )
    for event in recent.order_by("pk"):
        if any(_makes_administrator(name, *pair) for name, pair in event.detail.get("changes", {}).items()):
            user = User.objects.filter(pk=int(event.target.rpartition(":")[2])).first()
            if user is not None and _had_keepers(user, event.at):
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


def _many(
    kind: Alarm.Kind,
    rows: QuerySet[AuditEvent],
    environment: str,
    limit: int,
    at: datetime,
    *,
    of: Aggregate | None = None,
) -> Iterator[Found]:
    """`of`: what is counted of each person; their rows, unless said."""
    if not limit:
        return
    counted = rows.order_by().values_list("by").annotate(n=of or Count("pk")).filter(n__gte=limit)
    yield from (Found(kind, environment, by, n, at) for by, n in counted)


def _at_odd_hours(rows: QuerySet[AuditEvent], environment: str, hours: tuple[time, time]) -> Iterator[Found]:
    begins, ends = hours
    odd: dict[str, list[datetime]] = {}
    for by, moment in rows.order_by("pk").values_list("by", "at").iterator():
        hour = timezone.localtime(moment).time()
        if begins <= hour < ends if begins < ends else hour >= begins or hour < ends:
            odd.setdefault(by, []).append(moment)
    yield from (Found(Kind.ODD_HOURS, environment, by, len(moments), moments[-1]) for by, moments in odd.items())


def _raise(found: Found, *, at: datetime) -> bool:
    """Whether it is a new one. One that was raised today keeps the largest number."""
    day = timezone.localdate(found.at)
    same = {"kind": found.kind, "environment": found.environment, "about": found.about, "day": day}
    with transaction.atomic():
        values = {"number": found.number, "began_at": found.at, "newest_at": found.at}
        row, is_new = Alarm.objects.get_or_create(**same, defaults=values)
        if not is_new:
            more = Alarm.objects.filter(pk=row.pk, number__lt=found.number)
            more.update(number=found.number, newest_at=found.at)
            return False
        record(
            by=BY,
            at=at,
            target=row,
            what=AuditType.ALARM_RAISED,
            kind=str(found.kind),
            concerns=found.about,
            number=found.number,
        )
        for keeper in User.objects.filter(is_active=True, invited_at=None, charges__charge=Charge.PEOPLE):
            _mail(keeper, row, at)
    return True


def _mail(keeper: User, alarm: Alarm, at: datetime) -> None:
    """Nothing in it says more than the page does; it leads there."""
    with translation.override(keeper.language):
        who = person(alarm.about, names_of([alarm.about])) if alarm.about else _("ikke innlogget")
        place = reverse("alarms", kwargs={"environment": next(enabled())})
        lines = [
            _("%(what)s: %(who)s, %(n)s på det meste i en time.")
            % {"what": alarm.get_kind_display(), "who": who, "n": alarm.number},
            "", _("Se på det, og merk det som sett:"), f"{settings.PORTAL_URL}{place}",
        ]  # fmt: skip
        subject = _("Portalen: %(what)s") % {"what": alarm.get_kind_display()}
        staff_mails.put_to(keeper, key=f"alarm:{alarm.pk}:{keeper.pk}", subject=subject, lines=lines, at=at)


def unseen() -> QuerySet[Alarm]:
    return Alarm.objects.filter(seen_at=None)


def mark_seen(*, alarm: Alarm, user: User, at: datetime) -> bool:
    """False when somebody else was first."""
    with transaction.atomic():
        if not unseen().filter(pk=alarm.pk).update(seen_by=user.actor, seen_at=at):
            return False
        record(by=user.actor, at=at, target=alarm, what=AuditType.ALARM_SEEN)
    return True


def of_environment(environment: Environment) -> QuerySet[Alarm]:
    """Those of the installation, and of this environment: unseen ones first, each by its newest."""
    rows = Alarm.objects.filter(environment__in=["", environment.value])
    return rows.order_by(F("seen_at").desc(nulls_first=True), "-newest_at", "-pk")
