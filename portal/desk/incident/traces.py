"""What an account or an integration did and what a key was used for, for whoever must judge what an attacker may have seen.

From the audit trail and the rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Q, QuerySet

from accounts.models import Customer, Integration, User
from accounts.services.actors import email_in, names_of
from accounts.services.log_ins import open_of
from portal.core.audit import AuditEvent, target_of
from portal.core.audit_events import AuditType as T
from portal.core.environments import Environment
from portal.core.outbox.message import hash_of
from portal.desk.oversight import kinds
from portal.desk.oversight.acts import Period, find_acts
from portal.explain.audit import present
from submissions.models import Submission
from systemusers.models import Access, KeyRotation, SigningKey, System, SystemUser, signed_by

MOST = 200
"""Lines of a table."""
LOG_INS = (
    T.LOGGED_IN, T.LOGGED_OUT, T.LOG_IN_FAILED, T.LOG_IN_BLOCKED, T.RESET_ASKED, T.PASSWORD_RESET, T.PASSWORD_SET,
)  # fmt: skip


@dataclass(frozen=True)
class Touched:
    """A customer, and what was done for it. `number`: acts, or reports."""

    customer: Customer
    number: int
    read: int
    last: datetime


@dataclass(frozen=True)
class Told:
    """One event, as a line: of the log-in of an account, or of the life of a key."""

    at: datetime
    title: str
    details: str
    by: str


@dataclass(frozen=True)
class OfAccount:
    """`counts`: title, code and number of each kind of act. `others`: customers that the reader may not see."""

    counts: list[tuple[str, str, int]]
    customers: list[Touched]
    others: int
    log_ins: list[Told]
    open_sessions: int


@dataclass(frozen=True)
class OfIntegration:
    """As `OfAccount`. `employees`: names of those that it acted for. `life`: what was done with it, and tokens that it was refused."""

    counts: list[tuple[str, str, int]]
    customers: list[Touched]
    others: int
    employees: list[str]
    life: list[Told]


@dataclass(frozen=True)
class OfKey:
    """`begun` and `ended`: the time in which it signed; None where it has not begun, or not ended. `asked`: requests sent to Altinn;
    `reachable`: system users for which it could get tokens. Of the customers, `read` counts reports that were not delivered.
    """

    begun: datetime | None
    ended: datetime | None
    life: list[Told]
    systems: list[System]
    asked: int
    reachable: int
    reports: int
    customers: list[Touched]
    others: int


def of_account(*, person: User, reader: User, environment: Environment, period: Period, at: datetime) -> OfAccount:
    """Acts of the environment, also those under former addresses and through integrations; log-ins belong to no environment."""
    rows = find_acts(user=reader, environment=environment, period=period, who=person.email)
    customers, others = _by_customer(rows, reader, environment)
    return OfAccount(_counts(rows), customers, others, _log_ins(person, period), open_of(person, at=at).count())


def of_integration(*, row: Integration, reader: User, environment: Environment, period: Period) -> OfIntegration:
    """What it did, whichever employees it named, and what was done with it."""
    acts = find_acts(user=reader, environment=environment, period=period, who=row.actor)
    customers, others = _by_customer(acts, reader, environment)
    named = acts.filter(by__startswith=f"{row.actor} ").order_by().values_list("by", flat=True).distinct()
    names = names_of(named)
    life = AuditEvent.objects.filter(period.condition, target=target_of(row)).order_by("-at", "-pk")
    return OfIntegration(
        _counts(acts), customers, others, sorted(names.get(email) or email for email in map(email_in, named)),
        _told(life[:MOST]),
    )  # fmt: skip


def _counts(rows: QuerySet[AuditEvent]) -> list[tuple[str, str, int]]:
    numbers = rows.order_by().aggregate(**{kind: Count("pk", filter=kinds.condition(kind)) for kind in kinds.TITLES})
    return [(str(title), kind, numbers[kind]) for kind, title in kinds.TITLES.items()]


def _by_customer(rows: QuerySet[AuditEvent], reader: User, environment: Environment) -> tuple[list[Touched], int]:
    counted = rows.exclude(customer_id_ref=None).order_by().values("customer_id_ref")
    found = counted.annotate(number=Count("pk"), read=Count("pk", filter=kinds.condition("read")), last=Max("at"))
    lines: list[tuple[Any, ...]] = list(
        found.order_by("-last").values_list("customer_id_ref", "number", "read", "last")
    )
    return _named(lines, reader, environment)


def _named(lines: list[tuple[Any, ...]], reader: User, environment: Environment) -> tuple[list[Touched], int]:
    """The newest MOST, with their names; and how many are left out: beyond MOST, or not for the reader to see.

    `lines`: a customer's key, and the other fields of Touched.
    """
    visible = Customer.objects.visible_to(reader).filter(environment=environment)
    names = visible.in_bulk([pk for pk, *_rest in lines[: 2 * MOST]])
    shown = [Touched(names[pk], *rest) for pk, *rest in lines if pk in names][:MOST]
    return shown, len(lines) - len(shown)


def _log_ins(person: User, period: Period) -> list[Told]:
    """Also the attempts that failed, by the keyed hash of each address the person has had."""
    hashes = [hash_of(address) for address in (person.email, *person.former_emails)]
    theirs = Q(by__in=person.actors) | Q(target=target_of(person)) | Q(detail__address_hash__in=hashes)
    rows = AuditEvent.objects.filter(period.condition, theirs, environment="", what__in=LOG_INS)
    return _told(rows.order_by("-at", "-pk")[:MOST])


def _told(events: Iterable[AuditEvent]) -> list[Told]:
    shown = ((event, present(event)) for event in events)
    return [
        Told(event.at, str(line.title), ", ".join(map(str, line.parts)), event.by.partition(":")[2])
        for event, line in shown
    ]


def of_key(*, key: SigningKey, reader: User, environment: Environment) -> OfKey:
    """A token tells nobody which key signed for it, so this is what the client did while the key was the one in use."""
    life = _life(key)
    begun, ended = _first(life, SigningKey.Status.ACTIVE), _first(life, SigningKey.Status.RETIRED)
    if begun is None and key.status == SigningKey.Status.ACTIVE:  # made in use, as by the demonstration
        begun = key.created_at
    of_client = Q(access__profile__system__client=key.client)
    reports = Submission.objects.filter(of_client, _within("attempted_at", begun, ended))
    unknown = Count("pk", filter=Q(delivered_at=None))
    found = (
        reports.order_by().values("customer_id").annotate(number=Count("pk"), read=unknown, last=Max("attempted_at"))
    )
    lines: list[tuple[Any, ...]] = list(found.order_by("-last").values_list("customer_id", "number", "read", "last"))
    customers, others = _named(lines, reader, environment)
    asked = Access.objects.filter(signed_by(key.client, path="profile__system__"), _within("sent_at", begun, ended))
    return OfKey(
        begun, ended, _told(life), list(System.objects.filter(signed_by(key.client)).order_by("name_nb")),
        asked.count(), _reachable(of_client, begun, ended), reports.count(), customers, others,
    )  # fmt: skip


def _first(life: list[AuditEvent], status: str) -> datetime | None:
    return next((event.at for event in life if event.what.endswith(f"->{status}")), None)


def _reachable(of_client: Q, begun: datetime | None, ended: datetime | None) -> int:
    """System users for which a token could be had in that time."""
    if begun is None:
        return 0
    rows = SystemUser.objects.filter(of_client, first_token_at__isnull=False)
    rows = rows.filter(Q(removed_at=None) | Q(removed_at__gte=begun))
    return rows.filter(first_token_at__lte=ended).count() if ended else rows.count()


def _life(key: SigningKey) -> list[AuditEvent]:
    """All events of the key, and of the rotations that it was part of, in their order."""
    rotations = KeyRotation.objects.filter(Q(old_key=key) | Q(new_key=key))
    targets = [target_of(key), *map(target_of, rotations)]
    return list(AuditEvent.objects.filter(target__in=targets).order_by("pk")[:MOST])


def _within(column: str, begun: datetime | None, ended: datetime | None) -> Q:
    """A condition on a moment. Nothing fits before the key was used."""
    if begun is None:
        return Q(pk__in=[])
    return Q(**{f"{column}__gte": begun}) & (Q(**{f"{column}__lte": ended}) if ended else Q())
