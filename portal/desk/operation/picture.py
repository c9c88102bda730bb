"""Everything the operator's page shows, gathered once: cheap at any size, and complete without Valkey but for what only it knows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import OuterRef, Subquery

from portal.core import heartbeat
from portal.core.audit import AuditEvent, AuditSeal
from portal.core.backup.row import Backup, find_newest, is_overdue
from portal.core.environments import Environment
from portal.core.heartbeat import Silence, silence_of
from portal.core.operation import work
from portal.core.operation.work import Worker
from portal.core.outbox.message import OutboxMessage
from portal.core.queues import TITLES, Purpose
from portal.core.trail.delivery import Standing, standing
from portal.core.trail.watch import State, find_state
from portal.core.valkey import ERRORS
from portal.desk.operation import plots, waiting
from portal.desk.operation.outside import Outside, outside
from portal.desk.operation.waiting import MOST, Left, Waiting
from submissions.services.inbox import pace

BEHIND = timedelta(minutes=5)
"""A queue whose oldest message, or a kind whose oldest row, has waited for longer is behind."""


@dataclass(frozen=True)
class QueueRow:
    """`waiting` None: Valkey does not answer. `rows_since`: when the oldest row of the database was due that the queue is for."""

    purpose: Purpose
    waiting: int | None
    oldest_at: datetime | None
    in_a_minute: float
    line: plots.Line
    failed: int
    workers: int
    processes: int
    beat_at: datetime | None
    rows_since: datetime | None
    is_behind: bool

    @property
    def title(self) -> str:
        return str(TITLES[self.purpose])

    @property
    def waits_since(self) -> datetime | None:
        """Of what waits for this queue, as a message or as a row."""
        return min((moment for moment in (self.oldest_at, self.rows_since) if moment), default=None)


@dataclass(frozen=True)
class Outbox:
    """`waiting` and `unsettled` are at most MOST + 1."""

    waiting: int
    unsettled: int
    sent_at: datetime | None


@dataclass(frozen=True)
class Machine:
    name: str
    workers: int
    processes: int
    disk: float | None
    memory: float | None
    load: float


@dataclass(frozen=True)
class Picture:
    at: datetime
    silence: Silence | None
    beat_at: datetime | None
    queues: list[QueueRow]
    waiting: list[Waiting]
    left: list[Left]
    pace: pace.Measured | None
    outside: Outside
    outbox: Outbox
    machines: list[Machine]
    is_valkey_there: bool
    backup: Backup | None
    is_backup_overdue: bool
    sealed_at: datetime | None
    unsealed_since: datetime | None
    trail: State
    delivery: Standing | None

    @property
    def oldest(self) -> datetime | None:
        """When the row was due that has waited longest."""
        return min((each.since for each in self.waiting if each.since), default=None)

    @property
    def disk(self) -> float | None:
        """The fullest one's share."""
        return max((machine.disk for machine in self.machines if machine.disk is not None), default=None)


def picture(*, environment: Environment, at: datetime) -> Picture:
    """Eight queries and a few round trips to Valkey, however much is stored."""
    beats = heartbeat.find_beats()
    sealed_at, unsealed = find_seal()
    rows = waiting.waiting(at=at)
    try:
        workers, is_there = work.workers(at=at), True
        queues = _queues(beats, rows, workers, at)
    except ERRORS:
        workers, is_there = [], False
        queues = [_unknown(purpose, beats, rows, at) for purpose in Purpose]
    return Picture(
        at=at,
        silence=silence_of(beats, at=at),
        beat_at=max(beats.values(), default=None),
        queues=queues,
        waiting=[each for each in rows if each.number],
        left=waiting.left(at=at),
        pace=pace.newest(environment),
        outside=outside(environment=environment, at=at),
        outbox=find_outbox(),
        machines=machines_of(workers),
        is_valkey_there=is_there,
        backup=(newest := find_newest()),
        is_backup_overdue=is_overdue(newest, at=at),
        sealed_at=sealed_at,
        unsealed_since=unsealed,
        trail=find_state(at=at),
        delivery=standing(),
    )


def _queues(beats: dict[str, datetime], rows: list[Waiting], workers: list[Worker], at: datetime) -> list[QueueRow]:
    minutes = work.last_hour(at=at)
    found = []
    for queue in work.queues():
        done = [fields.get(f"{queue.purpose} done", 0) for fields in minutes]
        own = [worker for worker in workers if queue.purpose in worker.queues]
        since = _since(queue.purpose, rows)
        waits_since = min((moment for moment in (queue.oldest_at, since) if moment), default=at)
        found.append(
            QueueRow(
                purpose=queue.purpose,
                waiting=queue.waiting,
                oldest_at=queue.oldest_at,
                in_a_minute=sum(done[-11:-1]) / 10,
                line=plots.line(done[:-1]),
                failed=sum(fields.get(f"{queue.purpose} failed", 0) for fields in minutes),
                workers=len(own),
                processes=sum(worker.processes for worker in own),
                beat_at=beats.get(queue.purpose),
                rows_since=since,
                is_behind=at - waits_since > BEHIND,
            )
        )
    return found


def _unknown(purpose: Purpose, beats: dict[str, datetime], rows: list[Waiting], at: datetime) -> QueueRow:
    since = _since(purpose, rows)
    is_behind = since is not None and at - since > BEHIND
    return QueueRow(purpose, None, None, 0, plots.line([]), 0, 0, 0, beats.get(purpose), since, is_behind)


def _since(purpose: Purpose, rows: list[Waiting]) -> datetime | None:
    return min((each.since for each in rows if each.kind.purpose == purpose and each.since), default=None)


def find_outbox() -> Outbox:
    """One query of three parts, each bounded."""
    counted = [OutboxMessage.objects.waiting(), OutboxMessage.objects.needing_a_person()]
    newest = OutboxMessage.objects.filter(status=OutboxMessage.Status.SENT).order_by("-status_at")
    limited = [rows.order_by().values("pk")[: MOST + 1] for rows in counted]
    parts = [rows.query.sql_with_params() for rows in (*limited, newest.values("status_at")[:1])]
    (waits, waits_of), (unsettled, unsettled_of), (sent, sent_of) = parts
    counts = ", ".join(f"(SELECT count(*) FROM ({sql}) AS counted)" for sql in (waits, unsettled))  # noqa: S608 - compiled by the ORM
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counts}, ({sent})", [*waits_of, *unsettled_of, *sent_of])
        return Outbox(*cursor.fetchone())


def find_seal() -> tuple[datetime | None, datetime | None]:
    """When the audit trail was sealed last, and the time of the oldest event that is not sealed. One query once it was sealed."""
    oldest = AuditEvent.objects.order_by("pk").values_list("at", flat=True)
    newer = Subquery(oldest.filter(pk__gt=OuterRef("last_event"))[:1])
    found = AuditSeal.objects.order_by("-id").values_list("sealed_at", newer).first()
    return found or (None, oldest.first())


def machines_of(workers: list[Worker]) -> list[Machine]:
    """By name. A machine is known by the workers on it."""
    by_host: dict[str, list[Worker]] = {}
    for worker in workers:
        by_host.setdefault(worker.host, []).append(worker)
    return [_machine(host, own) for host, own in sorted(by_host.items())]


def _machine(host: str, own: list[Worker]) -> Machine:
    newest = max(own, key=lambda worker: worker.at)
    disk = newest.disk_used / newest.disk_size if newest.disk_size else None
    memory = 1 - newest.memory_free / newest.memory_size if newest.memory_size else None
    return Machine(host, len(own), sum(worker.processes for worker in own), disk, memory, newest.load)
