"""/metrics: who gets them, what is in them, and that alerts and dashboard ask for metrics that there are."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
import yaml
from django.conf import settings
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from portal.core import budgets
from portal.core.backup.row import Backup
from portal.core.operation import calls, work
from portal.core.queues import Purpose
from portal.core.trail import watch
from portal.desk.operation import metrics
from submissions.services.inbox import pace
from tests.core.operation.rig import forget_all, make_cursors
from tests.core.operation.test_calls import call
from tests.submissions.world import World

pytestmark = pytest.mark.django_db
TOKEN = "a-token-that-is-long-enough"
MONITORING = Path(settings.BASE_DIR) / "deploy" / "monitoring"
WITH_TOKEN = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    forget_all()


@pytest.fixture
def full(world: World) -> None:
    """Something of everything."""
    forget_all()
    make_cursors(world, 2, at=timezone.now() - timedelta(minutes=10))
    pace.measure(environment=pace.Environment.SANDBOX, at=timezone.now())
    work.Reporter(name="celery@a", queues=["mail"], processes=2).tell()
    work.note_task(queue="mail", seconds=1.5, failed=True)
    call(200, service="skatteetaten", path="/skatteetaten/innrapporteringbsu/v1/2025")
    call(503)
    for service, path in (
        ("skatteetaten", "/skatteetaten/innrapporteringbsu/v1/2025"),
        ("dialogporten", "/dialogporten"),
    ):
        with budgets.slot(service, settings.SANDBOX_URL + path):
            pass


def samples() -> dict[str, list[tuple[dict[str, str], float]]]:
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(metrics.exposition(at=timezone.now()).decode()):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


def value(name: str, **labels: str) -> float:
    [number] = [number for own, number in samples()[name] if labels.items() <= own.items()]
    return number


def test_without_the_setting_there_is_no_such_address(client: Client) -> None:
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers=WITH_TOKEN).status_code == 404


@pytest.mark.parametrize("given", ["", TOKEN, f"bearer {TOKEN}", "Bearer ", "Bearer æ", f"Bearer {TOKEN}x"])
def test_only_the_token_opens_it(client: Client, settings: Any, given: str) -> None:
    settings.METRICS_TOKEN = TOKEN

    reply = client.get("/metrics", headers={"Authorization": given})

    assert (reply.status_code, reply["WWW-Authenticate"], reply.content) == (401, "Bearer", b"")


def test_the_token_opens_it_for_any_host_name(client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN

    reply = client.get("/metrics", headers={**WITH_TOKEN, "Host": "web:8000"})

    assert reply.status_code == 200
    assert reply["Content-Type"].startswith("text/plain")
    assert b"# HELP portal_queue_messages" in reply.content


def test_the_numbers_are_those_of_the_page(full: None) -> None:
    assert value("portal_rows_due", kind="cursor") == 2
    assert 600 <= value("portal_rows_oldest_due_seconds", kind="cursor") < 700
    assert value("portal_worker_processes", queue="mail") == 2
    assert value("portal_tasks_total", queue="mail", outcome="failed") == 1
    assert value("portal_task_seconds_total", queue="mail") == 1.5
    assert value("portal_calls_total", service="dialogporten", outcome="failed") == 1
    assert value("portal_cursors_late", environment="SANDBOX") == 2
    assert value("portal_budget_limit", service="skatteetaten") == 5


def test_answer_times_are_a_histogram(full: None) -> None:
    buckets = [
        (own["le"], number)
        for own, number in samples()["portal_call_seconds_bucket"]
        if own["service"] == "dialogporten"
    ]

    assert [number for _limit, number in buckets] == [0.0, *[1.0] * (len(calls.LIMITS) - 1)]
    assert buckets[-1][0] == "+Inf"
    assert value("portal_call_seconds_count", service="dialogporten") == 1
    assert value("portal_call_seconds_sum", service="dialogporten") == 0.1


def test_a_part_that_cannot_be_read_is_named_and_the_rest_is_there(full: None, monkeypatch: pytest.MonkeyPatch) -> None:
    away = redis.Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.1)
    monkeypatch.setattr(work, "valkey", lambda: away)

    assert value("portal_part_up", part="queues") == 0
    assert value("portal_part_up", part="rows") == 1
    assert "portal_queue_messages" not in samples()
    assert value("portal_rows_due", kind="cursor") == 2


def test_a_queue_that_never_had_a_heartbeat_is_infinitely_old() -> None:
    from portal.core.heartbeat import Heartbeat

    Heartbeat.objects.filter(queue="mail").delete()

    assert value("portal_heartbeat_age_seconds", queue="mail") == float("inf")
    assert value("portal_heartbeat_age_seconds", queue="sending") == 0


def test_no_label_names_a_person_or_a_customer(full: None) -> None:
    labels = {name for some in samples().values() for own, _number in some for name in own}

    assert labels <= {
        "environment", "host", "kind", "le", "machine", "outcome", "part", "quantile", "queue", "service", "state", "tier",
    }  # fmt: skip


def queries_of_the_dashboard() -> list[str]:
    dashboard = json.loads((MONITORING / "grafana-dashboard.json").read_text())
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


def queries_of_the_alerts() -> list[str]:
    groups = yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"]
    return [rule["expr"] for group in groups for rule in group["rules"]]


def named(queries: list[str]) -> set[str]:
    return set(re.findall(r"\bportal_\w+", " ".join(queries)))


@pytest.mark.parametrize("queries", [queries_of_the_dashboard, queries_of_the_alerts])
def test_every_metric_that_is_asked_for_is_there(full: None, queries: Any) -> None:
    Backup.objects.create(name="x", began_at=timezone.now(), finished_at=timezone.now())
    watch.verify_part(at=timezone.now())

    wanted = named(queries())

    assert wanted
    assert wanted - set(samples()) == set()


def test_every_label_that_is_asked_for_is_there(full: None) -> None:
    known = {name for some in samples().values() for own, _number in some for name in own}
    text = " ".join([*queries_of_the_dashboard(), *queries_of_the_alerts()])

    asked = set(re.findall(r"[{,]\s*(\w+)=", text)) | {
        name.strip() for by in re.findall(r"by \(([^)]*)\)", text) for name in by.split(",")
    }

    assert asked - known - {"job"} == set()


def test_every_alert_says_what_to_do() -> None:
    for group in yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"]:
        for rule in group["rules"]:
            assert set(rule["annotations"]) == {"summary", "action"}
            assert rule["labels"]["severity"] in ("warning", "critical")


def test_the_panels_do_not_lie_over_each_other() -> None:
    panels = json.loads((MONITORING / "grafana-dashboard.json").read_text())["panels"]
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
    assert len({panel["id"] for panel in panels}) == len(panels)


def test_the_scrape_configuration_can_be_read() -> None:
    configuration = yaml.safe_load((MONITORING / "prometheus.yml").read_text())

    [job] = configuration["scrape_configs"]
    assert (job["job_name"], job["metrics_path"]) == ("portal", "/metrics")
    assert 'up{job="portal"}' in " ".join(queries_of_the_alerts())


def test_compose_serves_every_queue_once() -> None:
    services = yaml.safe_load((Path(settings.BASE_DIR) / "docker-compose.yml").read_text())["services"]
    commands = [service["command"] for name, service in services.items() if name.startswith("worker")]

    served = [queue for command in commands for queue in command[command.index("--queues") + 1].split(",")]

    assert sorted(served) == sorted(Purpose)
