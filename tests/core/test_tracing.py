"""Traces: off by default; on, a page, the task it wakes and the calls they make are one trace, and no secret is in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from celery import shared_task
from celery.contrib.testing.worker import start_worker
from django.test import Client, RequestFactory
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from portal.celery import app
from portal.core import tracing
from portal.core.request_id import request_id
from portal.core.valkey import valkey
from portal.gateways import http
from portal.gateways.http import CallStats

STATS = CallStats("altinn", "altinn.test", "GET", "/hooks/events/abcdefghijklmnopqrstuvwxyz", 200, 0.25, 0, 0)


@shared_task(name="tests.traced")
def traced() -> None:
    tracing.note_call(STATS)


@shared_task(name="tests.failing")
def failing() -> None:
    raise ValueError("number 01017012345")


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    monkeypatch.setattr(http, "observers", list(http.observers))
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.use(provider)
    yield exporter
    tracing.use(None)
    provider.shutdown()


def named(exporter: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in exporter.get_finished_spans()}


def test_it_is_off_without_the_setting(settings: Any) -> None:
    assert not settings.TRACES_URL
    tracing.set_up(service="portal-web")

    with tracing.span("anything") as made:
        assert made is None
    assert tracing.carried() == {}
    assert tracing.note_call not in http.observers
    assert "portal.core.tracing.Traced" not in settings.MIDDLEWARE


def test_a_page_is_named_by_its_address_never_by_the_secret_in_it(
    spans: InMemorySpanExporter, client: Client, db: None, settings: Any
) -> None:
    settings.MIDDLEWARE = ["portal.core.middleware.RequestId", "portal.core.tracing.Traced", *settings.MIDDLEWARE[2:]]

    client.get("/l/a-secret-of-a-link/", headers={"X-Request-ID": "request-1234"})

    [page] = spans.get_finished_spans()
    assert page.name == "GET customer-link"
    assert dict(page.attributes or {}) == {
        "portal.request_id": "request-1234", "http.request.method": "GET", "http.route": "customer-link", "http.response.status_code": 404,
    }  # fmt: skip
    assert "secret" not in page.to_json()


def test_a_task_and_its_calls_belong_to_the_trace_of_the_page(spans: InMemorySpanExporter, db: None) -> None:
    token = request_id.set("request-1234")
    with start_worker(app, pool="solo", perform_ping_check=False), tracing.span("page"):
        traced.delay()
        wait_for_spans(spans, 2)
    request_id.reset(token)

    page, task, call = (named(spans)[name] for name in ("page", "tests.traced", "altinn GET"))
    assert page.context.trace_id == task.context.trace_id == call.context.trace_id
    assert (task.parent.span_id, call.parent.span_id) == (page.context.span_id, task.context.span_id)
    assert {span.attributes["portal.request_id"] for span in (page, task, call)} == {"request-1234"}
    assert task.attributes["messaging.destination.name"] == "celery"


def wait_for_spans(spans: InMemorySpanExporter, number: int) -> None:
    from tests.local.test_run import wait_for

    wait_for(lambda: len(spans.get_finished_spans()) >= number, seconds=60)


def test_a_task_that_fails_tells_the_class_of_its_error_alone(spans: InMemorySpanExporter, db: None) -> None:
    failing.apply()

    [task] = spans.get_finished_spans()
    assert (task.status.status_code, task.status.description) == (StatusCode.ERROR, "ValueError")
    assert "01017012345" not in task.to_json()


def test_a_call_says_where_and_how_it_ended_without_secrets(spans: InMemorySpanExporter) -> None:
    tracing.note_call(STATS)
    tracing.note_call(CallStats("altinn", "altinn.test", "POST", "/x", None, 1.0, 0, 0, "Unavailable"))

    good, bad = spans.get_finished_spans()
    assert good.attributes["url.path"] == "/hooks/events/[secret]"
    assert 0.24e9 < good.end_time - good.start_time < 0.26e9
    assert (bad.status.status_code, bad.attributes["error.type"]) == (StatusCode.ERROR, "Unavailable")


def test_a_message_carries_nothing_while_traces_are_off(db: None) -> None:
    traced.delay()

    assert b"traceparent" not in valkey().lindex("portal:celery", 0)


def test_the_middleware_passes_on_what_is_no_page(spans: InMemorySpanExporter) -> None:
    from django.http import HttpResponse

    reply = tracing.Traced(lambda _request: HttpResponse(status=204))(RequestFactory().get("/x"))

    assert reply.status_code == 204
    assert spans.get_finished_spans()[0].name == "GET unknown"
