"""The operator's numbers as Prometheus metrics, at /metrics for whoever has the token.

A part that cannot be read is left out, and `portal_part_up` says which: a scrape never fails because Valkey is away.
https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable, Iterator
from datetime import datetime

from django.conf import settings
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from portal.core import heartbeat
from portal.core.backup.row import find_newest
from portal.core.environments import Environment
from portal.core.operation import calls, work
from portal.core.queues import Purpose
from portal.core.trail.watch import find_state
from portal.core.valkey import ERRORS
from portal.desk.operation import waiting
from portal.desk.operation.budgets import find_budgets
from portal.desk.operation.picture import find_outbox, find_seal, machines_of
from submissions.services.inbox import pace

logger = logging.getLogger(__name__)
Metrics = Iterator[Metric]


def view(request: HttpRequest) -> HttpResponse:
    """404 without the setting, 401 without the token."""
    if not settings.METRICS_TOKEN:
        return HttpResponse(status=404)
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {settings.METRICS_TOKEN}".encode()):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse(exposition(at=timezone.now()), content_type=CONTENT_TYPE_LATEST)


def exposition(*, at: datetime) -> bytes:
    """All metrics as text."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(at))
    return generate_latest(registry)


class _Collector:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Metrics:
        up = GaugeMetricFamily("portal_part_up", "Whether this part of the metrics could be read.", labels=["part"])
        for name, part in PARTS.items():
            try:
                metrics = list(part(self.at))
            except (*ERRORS, DatabaseError) as error:
                logger.warning("no metrics of %s: %s", name, type(error).__name__)
                up.add_metric([name], 0)
            else:
                up.add_metric([name], 1)
                yield from metrics
        yield up


def _age(moment: datetime | None, at: datetime) -> float:
    return max(0.0, (at - moment).total_seconds()) if moment else 0.0


def _queues(at: datetime) -> Metrics:
    number = GaugeMetricFamily(
        "portal_queue_messages", "Messages that wait in a queue, expired ones included.", labels=["queue"]
    )
    oldest = GaugeMetricFamily(
        "portal_queue_oldest_seconds", "Age of the message that is next in a queue.", labels=["queue"]
    )
    for queue in work.queues():
        number.add_metric([queue.purpose], queue.waiting)
        oldest.add_metric([queue.purpose], _age(queue.oldest_at, at))
    yield from (number, oldest)


def _tasks(at: datetime) -> Metrics:
    number = CounterMetricFamily("portal_tasks", "Tasks that have ended.", labels=["queue", "outcome"])
    seconds = CounterMetricFamily("portal_task_seconds", "Time that tasks have taken.", labels=["queue"])
    total = work.counter.total("")
    for purpose in Purpose:
        for outcome in ("done", "failed"):
            number.add_metric([purpose, outcome], total.get(f"{purpose} {outcome}", 0))
        seconds.add_metric([purpose], total.get(f"{purpose} ms", 0) / 1000)
    yield from (number, seconds)


def _workers(at: datetime) -> Metrics:
    known = work.workers(at=at)
    number = GaugeMetricFamily("portal_workers", "Workers that serve a queue.", labels=["queue"])
    processes = GaugeMetricFamily(
        "portal_worker_processes", "Processes of the workers that serve a queue.", labels=["queue"]
    )
    for purpose in Purpose:
        own = [worker for worker in known if purpose in worker.queues]
        number.add_metric([purpose], len(own))
        processes.add_metric([purpose], sum(worker.processes for worker in own))
    yield from (number, processes)
    disk = GaugeMetricFamily(
        "portal_machine_disk_used_ratio", "Share of the disk of DATA_DIR that is used.", labels=["machine"]
    )
    memory = GaugeMetricFamily(
        "portal_machine_memory_used_ratio", "Share of the memory that is used.", labels=["machine"]
    )
    load = GaugeMetricFamily("portal_machine_load", "Load of the last minute.", labels=["machine"])
    for machine in machines_of(known):
        for family, value in ((disk, machine.disk), (memory, machine.memory), (load, machine.load)):
            if value is not None:
                family.add_metric([machine.name], value)
    yield from (disk, memory, load)


def _heartbeat(at: datetime) -> Metrics:
    beats = heartbeat.find_beats()
    age = GaugeMetricFamily("portal_heartbeat_age_seconds", "Since the last heartbeat of a queue.", labels=["queue"])
    for purpose in Purpose:
        age.add_metric([purpose], _age(beats[purpose], at) if purpose in beats else float("inf"))
    yield age


def _rows(at: datetime) -> Metrics:
    text = f"Rows that are due, counted up to {waiting.MOST + 1}."
    number = GaugeMetricFamily("portal_rows_due", text, labels=["kind", "queue"])
    oldest = GaugeMetricFamily(
        "portal_rows_oldest_due_seconds", "Since the oldest due row was due.", labels=["kind", "queue"]
    )
    for each in waiting.waiting(at=at):
        labels = [each.kind.code, each.kind.purpose]
        number.add_metric(labels, each.number)
        oldest.add_metric(labels, _age(each.since, at))
    yield from (number, oldest)
    text = f"Rows in the hands of a worker that gives no sign, at most {waiting.MOST_LEFT}."
    yield GaugeMetricFamily("portal_leases_left", text, value=len(waiting.left(at=at)))


def _pace(at: datetime) -> Metrics:
    labels = ["environment", "tier"]
    customers = GaugeMetricFamily("portal_cursors", "Customers that are followed.", labels=labels)
    late = GaugeMetricFamily("portal_cursors_late", "Customers that are asked for later than planned.", labels=labels)
    lag = GaugeMetricFamily("portal_cursor_lag_seconds", "The longest time after the plan.", labels=labels)
    since = GaugeMetricFamily(
        "portal_cursor_since_seconds", "Since customers were asked for.", labels=[*labels, "quantile"]
    )
    for environment in _enabled():
        measured = pace.newest(environment)
        for each in measured.paces if measured else []:
            own = [environment.value, each.tier]
            customers.add_metric(own, each.customers)
            late.add_metric(own, each.late)
            lag.add_metric(own, each.lag)
            since.add_metric([*own, "0.5"], each.typical)
            since.add_metric([*own, "0.95"], each.slow)
    yield from (customers, late, lag, since)


def _calls(at: datetime) -> Metrics:
    labels = ["environment", "service", "host"]
    number = CounterMetricFamily("portal_calls", "Calls to outside services.", labels=[*labels, "outcome"])
    took = HistogramMetricFamily("portal_call_seconds", "How long calls took.", labels=labels)
    totals = calls.total_of([*(environment.value for environment in _enabled()), calls.SHARED])
    for group, hosts in totals.items():
        for one in hosts:
            own = [group, one.service, one.host]
            for outcome, count in one.outcomes.items():
                number.add_metric([*own, outcome], count)
            took.add_metric(own, buckets=_buckets(one.classes), sum_value=one.milliseconds / 1000)
    yield from (number, took)
    yield from _budgets({(one.service, one.host) for hosts in totals.values() for one in hosts}, at)


def _buckets(classes: list[int]) -> list[tuple[str, float]]:
    buckets, reached = [], 0
    for limit, number in zip(calls.LIMITS, classes, strict=True):
        reached += number
        buckets.append(("+Inf" if limit == float("inf") else str(limit), float(reached)))
    return buckets


def _budgets(hosts: set[tuple[str, str]], at: datetime) -> Metrics:
    labels = ["service", "host"]
    used = GaugeMetricFamily("portal_budget_used", "Calls at once to a host that limits them.", labels=labels)
    most = GaugeMetricFamily("portal_budget_limit", "The most calls at once.", labels=labels)
    pause = GaugeMetricFamily(
        "portal_budget_pause_seconds", "For how long the host has asked for no calls.", labels=labels
    )
    rate = GaugeMetricFamily("portal_budget_rate", "Calls a second that we make at most now.", labels=labels)
    usual = GaugeMetricFamily("portal_budget_usual_rate", "Calls a second when all is well.", labels=labels)
    for key, budget in find_budgets(hosts, at=at).items():
        if budget.at_once:
            used.add_metric([*key], budget.in_use)
            most.add_metric([*key], budget.at_once)
        else:
            rate.add_metric([*key], budget.rate)
            usual.add_metric([*key], budget.usual)
        pause.add_metric([*key], budget.pause(at=at))
    yield from (used, most, rate, usual, pause)


def _outbox(at: datetime) -> Metrics:
    outbox = find_outbox()
    text = f"Messages of the outbox, counted up to {waiting.MOST + 1}."
    number = GaugeMetricFamily("portal_outbox_messages", text, labels=["state"])
    number.add_metric(["waiting"], outbox.waiting)
    number.add_metric(["unsettled"], outbox.unsettled)
    yield number


def _kept(at: datetime) -> Metrics:
    _sealed_at, unsealed_since = find_seal()
    yield GaugeMetricFamily(
        "portal_audit_unsealed_seconds", "Age of the oldest event that is not sealed.", value=_age(unsealed_since, at)
    )
    trail = find_state(at=at)
    yield GaugeMetricFamily(
        "portal_audit_broken",
        "Whether the last look at the audit trail found it changed.",
        value=float(trail.broken is not None),
    )
    verified = GaugeMetricFamily(
        "portal_audit_verified_timestamp_seconds", "When the audit trail was found whole last."
    )
    if trail.whole:
        verified.add_metric([], trail.whole.at.timestamp())
    yield verified
    backup = find_newest()
    made = GaugeMetricFamily("portal_backup_timestamp_seconds", "When the last known backup was made.")
    if backup:
        made.add_metric([], backup.began_at.timestamp())
    yield made


def _enabled() -> list[Environment]:
    return [environment for environment in Environment if environment.is_enabled]


PARTS: dict[str, Callable[[datetime], Metrics]] = {
    "queues": _queues,
    "tasks": _tasks,
    "workers": _workers,
    "heartbeat": _heartbeat,
    "rows": _rows,
    "pace": _pace,
    "calls": _calls,
    "outbox": _outbox,
    "kept": _kept,
}
