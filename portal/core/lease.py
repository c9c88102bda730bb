"""Claim a row, call outside, store the result: the one way in which workers take work from the database.

A row is due when `next_attempt_at` has come and no lease runs. `claim` takes due rows by one locked UPDATE; the `Hold` it
returns is the only way to write them, and is fenced by `attempts`: a slower worker whose lease ran out cannot write over
the next one. A worker that dies leaves a lease that runs out, and the row is due again. No row is pushed to the broker.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from celery.exceptions import SoftTimeLimitExceeded
from django.db import models, transaction
from django.db.models import Case, F, Q, QuerySet, When
from django.db.models.expressions import RawSQL
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.core.enqueue import enqueue_by_name
from portal.core.problems import INTERNAL_ERROR, code_of
from portal.core.states import LostRace, StatusModel
from portal.gateways.errors import BrokenReply, HeldBack

LEASE = timedelta(minutes=3)
"""Longer than a token and three calls with their time-outs may take."""
ENOUGH = timedelta(seconds=100)
"""After so long a batch begins no further row: its leases, and the time limit of the task, still hold for the last one."""
LONGEST_WAIT = timedelta(minutes=15)
LONGEST_ASKED = timedelta(days=1)  # a remote may ask us to wait, but not for longer
WOKEN = 20  # rows that one success wakes that waited for the same problem; each of them wakes as many again
ROUNDS_BEFORE_A_PERSON = 3  # failed ones in a row, then the overview counts the row
SAME_CLOCK = timedelta(seconds=5)
"""Clocks that differ less count as the same: a lease lasts minutes, and a statement takes time to arrive."""
LASTING = Q(failures__gte=ROUNDS_BEFORE_A_PERSON) & ~Q(problem_code="")
LATE = timedelta(minutes=10)  # what a worker does by itself takes less: the overview tells of what has stood for longer

logger = logging.getLogger(__name__)


def by_database(moment: datetime) -> RawSQL:
    """A moment of this process's clock as the clock of the database shows it, computed in the statement.

    All leases are written and compared so: workers and web processes on machines whose clocks differ agree on who has a row.
    """
    own = timezone.now()
    return RawSQL(
        "(%s::timestamptz + CASE WHEN abs(extract(epoch FROM statement_timestamp() - %s::timestamptz)) < %s"
        " THEN interval '0' ELSE statement_timestamp() - %s::timestamptz END)",
        [moment, own, SAME_CLOCK.total_seconds(), own],
        output_field=models.DateTimeField(),
    )


def held(*, at: datetime) -> Q:
    """The rows that a worker has."""
    return Q(lease_until__gt=by_database(at))


def free(*, at: datetime) -> Q:
    """The rows that nobody has."""
    return Q(lease_until__isnull=True) | Q(lease_until__lte=by_database(at))


class Leased(models.Model):
    """A row that workers take. `next_attempt_at` None: no work. `failures`: rounds in a row that failed with `problem_code`."""

    next_attempt_at = models.DateTimeField(_("neste forsøk"), null=True, blank=True)
    lease_until = models.DateTimeField(_("i arbeid til"), null=True, blank=True, editable=False)
    attempts = models.PositiveIntegerField(_("forsøk"), default=0)
    failures = models.PositiveIntegerField(_("feil på rad"), default=0)
    problem_code = models.CharField(_("feilkode"), max_length=50, blank=True)

    class Meta:
        abstract = True


Row = TypeVar("Row", bound=Leased)


class Hold(Generic[Row]):
    """One worker's hold on one row. Every write raises LostRace when the row is no longer ours. `at`: when it was claimed."""

    def __init__(self, row: Row, *, at: datetime, lease: timedelta) -> None:
        self.row, self.attempt, self.lease = row, row.attempts, lease
        self.code_before = row.problem_code
        self.is_finished = self.is_nudged = False
        self._due_at = row.next_attempt_at
        self.at, self._started = at, time.monotonic()

    def now(self) -> datetime:
        """The time of day, going on from the `at` of the claim: one round may take minutes. Safe in any thread."""
        return self.at + self.age()

    def age(self) -> timedelta:
        """How long ago the row was claimed."""
        return timedelta(seconds=time.monotonic() - self._started)

    def renew(self) -> None:
        """Push the end of the lease forward, before each call outside."""
        self.write(lease_until=self.until())

    def until(self) -> RawSQL:
        """The end of a lease that begins now."""
        return by_database(self.now() + self.lease)

    def write(self, **fields: Any) -> None:
        """Write columns and keep the lease."""
        if not self._mine().update(**fields):
            raise self._lost()
        self._remember(fields)

    def lock(self) -> None:
        """Inside a transaction: nobody else changes the row until it ends."""
        if not list(self._mine().select_for_update(of=("self",)).values_list("pk")):
            raise self._lost()

    def finish(self, *, next_attempt_at: datetime | None = None, **fields: Any) -> None:
        """The round succeeded: end the lease. A row that was made due meanwhile stays due."""
        self._release(next_attempt_at, failures=0, problem_code="", **fields)
        self.is_finished = True

    def give_back(self) -> None:
        """The round did not begin: end the lease. The row is due as it was."""
        self.write(lease_until=None)

    def put_off(self, *, code: str, wait: timedelta, **fields: Any) -> None:
        """The round failed: end the lease and try again after `wait`."""
        self._release(self.now() + wait, failures=F("failures") + 1, problem_code=code, **fields)

    def fail(
        self, error: BaseException, *, longest: timedelta = LONGEST_WAIT, code: str | None = None, **fields: Any
    ) -> None:
        """`put_off` with `code` or the error's own, and the waiting time that the remote asked for, or the usual one.

        A call that our own budget held back is no failure: it is postponed.
        """
        asked = getattr(error, "retry_after", None)
        if is_held_back(error):
            self.postpone(waiting_time(0, asked=asked), **fields)
            return
        wait = waiting_time(self.row.failures + 1, asked=asked, longest=longest)
        self.put_off(code=code_of(error) if code is None else code, wait=wait, **fields)

    def stop(self, *, code: str, **fields: Any) -> None:
        """The round failed and only a person can mend it: end the lease. Staff must be shown rows in this condition."""
        self._release(None, failures=F("failures") + 1, problem_code=code, **fields)

    def move_to(self, status: str, *, by: str, next_attempt_at: datetime | None = None, **fields: Any) -> None:
        """Change the state of a StatusModel and end the lease, in one transaction. Also raises IllegalTransition."""
        row: Any = self.row  # a StatusModel; others have no state
        with transaction.atomic():
            self.lock()
            row.move_to(status, by=by, at=self.now(), next_attempt_at=next_attempt_at, lease_until=None, **fields)
        self.is_finished = True

    def enter(self, status: str, *, by: str, **fields: Any) -> None:
        """Change the state of a StatusModel and keep the lease. Raises as `move_to`."""
        row: Any = self.row
        with transaction.atomic():
            self.lock()
            row.move_to(status, by=by, at=self.now(), lease_until=self.until(), **fields)

    def postpone(self, wait: timedelta, **fields: Any) -> None:
        """Not now, and nothing failed: end the lease and try again after `wait`, with the failures as they are."""
        self._release(self.now() + wait, **fields)

    def _release(self, next_attempt_at: datetime | None, **fields: Any) -> None:
        untouched = Q(next_attempt_at=self._due_at) if self._due_at else Q(next_attempt_at__isnull=True)
        self.write(
            next_attempt_at=Case(When(untouched, then=models.Value(next_attempt_at)), default=F("next_attempt_at")),
            lease_until=None,
            **fields,
        )

    def _still_has(self, now: Mapping[str, Any]) -> bool:
        """Whether the row, as it is stored now, is ours. Notes whether it was made due in the meantime."""
        self.is_nudged = now["next_attempt_at"] != self._due_at
        if self.is_nudged:
            self.row.next_attempt_at = now["next_attempt_at"]
        return now["attempts"] == self.attempt and now.get("status") == getattr(self.row, "status", None)

    def _take(self, fields: Mapping[str, Any]) -> None:
        """Set the columns of a finished round on the row in memory; a time that a nudge set is kept."""
        kept = {"next_attempt_at": self.row.next_attempt_at} if self.is_nudged else {}
        self._remember({**fields, **kept, "lease_until": None, "failures": 0, "problem_code": ""})
        self.is_finished = True

    def _mine(self) -> QuerySet[Any]:
        rows = type(self.row)._base_manager.filter(pk=self.row.pk, attempts=self.attempt)
        return rows.filter(status=self.row.status) if isinstance(self.row, StatusModel) else rows

    def _lost(self) -> LostRace:
        return LostRace(f"{self.row._meta.label} {self.row.pk} is no longer ours (attempt {self.attempt})")

    def _remember(self, fields: dict[str, Any]) -> None:
        for name, value in fields.items():
            if not hasattr(value, "resolve_expression"):
                setattr(self.row, name, value)


def due(rows: QuerySet[Row], *, at: datetime) -> QuerySet[Row]:
    """Those whose time has come and that nobody holds."""
    return rows.filter(free(at=at), next_attempt_at__lte=at)


def claim(rows: QuerySet[Row], *, at: datetime, limit: int = 20, lease: timedelta = LEASE) -> list[Hold[Row]]:
    """Take up to `limit` due rows among `rows`, the longest waiting first. No two callers get the same row.

    `rows` says which states are wanted and which relations to load with them.
    """
    return _lease(rows, due(rows, at=at), at=at, limit=limit, lease=lease)


def take(rows: QuerySet[Row], *, at: datetime, lease: timedelta = LEASE) -> Hold[Row]:
    """Take the one row of `rows` although its time may not have come: a person waits for it.

    Raises LostRace when somebody holds it or `rows` is empty. `next_attempt_at` stays as it is until the hold ends.
    """
    for hold in _lease(rows, rows.filter(free(at=at)), at=at, limit=1, lease=lease):
        return hold
    raise LostRace(f"{rows.model._meta.label}: the row is held by another worker, or has changed")


def _lease(
    rows: QuerySet[Row], wanted: QuerySet[Row], *, at: datetime, limit: int, lease: timedelta
) -> list[Hold[Row]]:
    with transaction.atomic():
        ordered = wanted.order_by("next_attempt_at", "pk").select_related(None)
        ids = list(ordered.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)[:limit])
        if not ids:
            return []
        mine = rows.model._base_manager.filter(pk__in=ids)
        mine.update(lease_until=by_database(at + lease), attempts=F("attempts") + 1)
        taken = rows.filter(pk__in=ids).order_by("next_attempt_at", "pk")
        return [Hold(row, at=at, lease=lease) for row in taken]


@contextmanager
def reporting(hold: Hold[Any], *, longest: timedelta = LONGEST_WAIT) -> Iterator[None]:
    """Around one round: any error that the round did not handle gives the row a code and a wait of at most `longest`.

    LostRace means that somebody else has the row, and is logged. A call that our own budget holds back is no failure.
    Errors that no gateway raised are logged with their traceback. The failed row is counted on the overview after
    ROUNDS_BEFORE_A_PERSON rounds. The time limit of the task
    is noted like any error, and raised again: the batch must end.
    """
    try:
        yield
    except LostRace as error:
        logger.info("%s", error)
    except Exception as error:
        _report(hold, error, longest)
        if isinstance(error, SoftTimeLimitExceeded):
            raise


@contextmanager
def given_back_on_error(hold: Hold[Any]) -> Iterator[None]:
    """Around an act that a person waits for: whatever goes wrong, the row is free for the next try. The error is raised again."""
    try:
        yield
    except Exception:
        if hold.row.lease_until is not None:
            with suppress(LostRace):
                hold.give_back()
        raise


def is_held_back(error: BaseException) -> bool:
    """By our own budget, and not because the remote asked for it."""
    return isinstance(error, HeldBack) and not error.by_remote


def log_problem(hold: Hold[Any], error: Exception) -> None:
    """A fault of ours is logged with its traceback; an answer that we cannot read, and a 401, as an error: a person must act."""
    code = code_of(error)
    needs_person = isinstance(error, BrokenReply) or getattr(error, "status", None) == 401
    level = logging.ERROR if needs_person or code == INTERNAL_ERROR else logging.WARNING
    trace = error if code == INTERNAL_ERROR else None
    logger.log(level, "%s %s waits: %s", hold.row._meta.label, hold.row.pk, code, exc_info=trace)


def _report(hold: Hold[Any], error: Exception, longest: timedelta) -> None:
    try:
        if not is_held_back(error):
            log_problem(hold, error)
        hold.fail(error, longest=longest)
    except LostRace as lost:
        logger.info("%s", lost)


def work_through(
    holds: Iterable[Hold[Row]], work: Callable[[Hold[Row]], object], *, longest: timedelta = LONGEST_WAIT
) -> None:
    """Do `work` for each, inside `reporting`. Rows that the batch does not reach within ENOUGH are given back."""
    for hold in holds:
        with reporting(hold, longest=longest):
            if hold.age() > ENOUGH:
                hold.give_back()
            else:
                work(hold)


def work_batch(
    rows: QuerySet[Row],
    work: Callable[[Hold[Row]], object],
    *,
    task: str,
    at: datetime,
    limit: int,
    longest: timedelta = LONGEST_WAIT,
) -> int:
    """Claim a batch of `rows` and `work_through` it. Returns how many were taken.

    A full batch, and the first success after an outage, wake one more worker by the name of its `task`.
    """
    holds = claim(rows, at=at, limit=limit)
    if len(holds) == limit:
        enqueue_by_name(task)
    work_through(holds, work, longest=longest)
    if wake_alike(rows, holds=holds, at=at):
        enqueue_by_name(task)
    return len(holds)


def lock_all(holds: Iterable[Hold[Row]]) -> list[Hold[Row]]:
    """Inside a transaction: lock the rows that are still ours, in the order of their ids. The others are left out."""
    by_pk = {hold.row.pk: hold for hold in holds}
    if not by_pk:
        return []
    model = type(next(iter(by_pk.values())).row)
    fence = {"attempts", "next_attempt_at", "status"} & {field.name for field in model._meta.concrete_fields}
    rows = model._base_manager.filter(pk__in=by_pk).select_for_update(of=("self",)).order_by("pk")
    return [hold for row in rows.values("pk", *fence) if (hold := by_pk[row["pk"]])._still_has(row)]


def finish_all(results: Mapping[Hold[Row], Mapping[str, Any]]) -> None:
    """`finish` for many rows of one model in one statement. Call it after `lock_all`, in the same transaction.

    Each mapping has the same names, `next_attempt_at` among them. A row that was made due meanwhile stays due.
    """
    if not results:
        return
    for hold, fields in results.items():
        hold._take(fields)
    model = type(next(iter(results)).row)
    names = {"next_attempt_at", "lease_until", "failures", "problem_code", *next(iter(results.values()))}
    model._base_manager.bulk_create(
        [hold.row for hold in results], update_conflicts=True, unique_fields=["id"], update_fields=sorted(names)
    )


def waiting_time(failures: int, *, asked: float | None = None, longest: timedelta = LONGEST_WAIT) -> timedelta:
    """2, 4, 8 ... seconds up to `longest`; or what the remote asked for (seconds), which after the second failure only lengthens it:
    a remote that asks for no wait each time would otherwise be called each second for as long as it is away.
    """
    own = min(timedelta(seconds=2 ** min(failures, 20)), longest)
    if asked is None:
        return own
    wait = timedelta(seconds=min(max(1.0, asked), LONGEST_ASKED.total_seconds()))
    return max(wait, own) if failures > 2 else wait


def make_due(rows: QuerySet[Any], *, at: datetime) -> int:
    """Something happened: each of these is to be done at the next chance. One that is held is done again afterwards.

    The stored time always changes, for a changed time is what tells the holder of it.
    """
    waiting = Q(next_attempt_at__isnull=True) | Q(next_attempt_at__gt=at) | held(at=at)
    changed = Case(When(next_attempt_at=at, then=models.Value(at - timedelta.resolution)), default=models.Value(at))
    return int(rows.filter(waiting).update(next_attempt_at=changed))


def make_one_due(model: type[Leased], *, at: datetime, **key: Any) -> None:
    """`make_due` for the one row with `key`, which is made when there is none yet."""
    model._base_manager.get_or_create(**key, defaults={"next_attempt_at": at})
    make_due(model._base_manager.filter(**key), at=at)


def wake(rows: QuerySet[Any], *, codes: Iterable[str], at: datetime, limit: int = WOKEN) -> int:
    """A cause was mended: make up to `limit` of the rows that wait for it due, the longest waiting first."""
    waiting = rows.filter(problem_code__in=list(codes), next_attempt_at__gt=at)
    ids = list(waiting.order_by("next_attempt_at").values_list("pk", flat=True)[:limit])
    return int(rows.model._base_manager.filter(pk__in=ids, next_attempt_at__gt=at).update(next_attempt_at=at))


def wake_alike(rows: QuerySet[Any], *, holds: Iterable[Hold[Any]], at: datetime) -> int:
    """The first success after an outage: make a few among `rows` due that wait for a problem these holds no longer have."""
    mended = {hold.code_before for hold in holds if hold.is_finished and hold.code_before}
    return wake(rows, codes=mended, at=at) if mended else 0


def lasting_problems(rows: QuerySet[Row]) -> QuerySet[Row]:
    """Those that failed so often in a row that a person must look."""
    return rows.filter(LASTING)
