"""Plans deletions and does them: a run is stored with its number of rows before the first row goes.

A run is worked on batch by batch, each in a transaction that also counts. It may be interrupted at any line and goes on; two workers
may have the same run. What is deleted is named by a condition that holds until it is gone, so nothing is deleted twice.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.problems import code_of
from portal.core.retention.rule import Rule
from portal.core.retention.run import PurgeRun

logger = logging.getLogger(__name__)
BY = "task:purge"
WORK_FOR = 200.0
"""Seconds: less than the time limit of the task."""
POSTPONED_BY = timedelta(days=30)


def plan(rules: Iterable[Rule], *, at: datetime) -> int:
    """A run for each rule that has rows to delete and no open run. Returns how many."""
    return sum(_plan_one(rule, at) for rule in rules)


def _plan_one(rule: Rule, at: datetime) -> bool:
    before = rule.cutoff(at=at)
    if before is None or PurgeRun.objects.filter(kind=rule.kind, customer_id_ref=None, finished_at=None).exists():
        return False
    number = rule.find(before).count()
    return bool(number) and _store(rule, number, by=BY, at=at, begins_at=at + rule.notice, before=before)


def _store(rule: Rule, number: int, *, by: str, at: datetime, **fields: Any) -> bool:
    """False when another worker planned the same."""
    run = PurgeRun(kind=rule.kind, planned=number, planned_at=at, ordered_by=by, **fields)
    try:
        with transaction.atomic():
            run.save(force_insert=True)
            record(
                by=by, at=at, target=run, what=AuditType.PURGE_PLANNED, customer_id=run.customer_id_ref, kind=run.kind,
                number=number,
            )  # fmt: skip
    except IntegrityError:
        return False
    return True


def plan_of_customer(rules: Iterable[Rule], *, customer_id: int, by: str, at: datetime) -> int:
    """A run at once for each rule that has rows of this customer. Returns how many."""
    return sum(
        _store(rule, number, by=by, at=at, begins_at=at, customer_id_ref=customer_id)
        for rule in rules
        if rule.of_customer is not None and (number := rule.of_customer(customer_id).count())
    )


def postpone(run: PurgeRun, *, by: str, at: datetime) -> bool:
    """Begin it a month later, so that somebody can look at it first. False when it has begun or is of a customer."""
    with transaction.atomic():
        row = PurgeRun.objects.select_for_update().get(pk=run.pk)
        if not row.is_open or row.done or row.customer_id_ref is not None:
            return False
        row.begins_at = max(row.begins_at, at) + POSTPONED_BY
        row.save(update_fields=["begins_at"])
        record(by=by, at=at, target=row, what=AuditType.PURGE_POSTPONED, kind=row.kind)
    return True


def work(rules: Mapping[str, Rule], *, at: datetime) -> int:
    """Go on with the runs that have begun. Returns how many rows were emptied. One that fails does not stop the others."""
    total, until = 0, time.monotonic() + WORK_FOR
    for run in PurgeRun.objects.filter(finished_at=None, begins_at__lte=at).order_by("begins_at", "pk"):
        rule = rules.get(run.kind)
        if rule is None or time.monotonic() >= until:
            continue
        try:
            total += _work_on(run, rule, at, until)
        except Exception as error:
            logger.exception("the deletion %s does not get on", run.pk)
            PurgeRun.objects.filter(pk=run.pk).update(problem_code=code_of(error))
    return total


def _work_on(run: PurgeRun, rule: Rule, at: datetime, until: float) -> int:
    total = 0
    while time.monotonic() < until:
        number = _batch(run, rule, at)
        total += number
        if number < rule.batch:
            _finish(run, at)
            break
    return total


def _batch(run: PurgeRun, rule: Rule, at: datetime) -> int:
    with transaction.atomic():
        rows = list(_rows(run, rule).order_by("pk").select_for_update(of=("self",), skip_locked=True)[: rule.batch])
        hashes = rule.empty(rows, run.ordered_by, at)
        PurgeRun.objects.filter(pk=run.pk).update(done=F("done") + len(rows), problem_code="")
    rule.forget(hashes)
    return len(rows)


def _rows(run: PurgeRun, rule: Rule) -> QuerySet[Any]:
    if run.before is not None:
        return rule.find(run.before)
    assert run.customer_id_ref is not None  # noqa: S101 - the table says so
    return rule.of_customer(run.customer_id_ref) if rule.of_customer else PurgeRun.objects.none()


def _finish(run: PurgeRun, at: datetime) -> None:
    """Once, with the number in the trail."""
    with transaction.atomic():
        if PurgeRun.objects.filter(pk=run.pk, finished_at=None).update(finished_at=max(at, run.planned_at)):
            run.refresh_from_db()
            record(
                by=BY, at=at, target=run, what=AuditType.PURGED, customer_id=run.customer_id_ref, kind=run.kind,
                number=run.done,
            )  # fmt: skip
