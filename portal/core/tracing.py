"""OpenTelemetry traces, off unless TRACES_URL is set: a span for each page, task and call outside, with the request id.

A trace goes on from a page into the tasks that it wakes. Names of pages are those of their addresses, never the address itself,
which may hold the secret of a link. Nothing of OpenTelemetry is loaded while it is off.
https://opentelemetry.io/docs/specs/semconv/http/http-spans/
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from portal.core.logging import redact
from portal.core.request_id import request_id
from portal.gateways import http
from portal.gateways.http import CallStats

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

_tracer: Tracer | None = None


def set_up(*, service: str) -> None:
    """For this process, after it was forked: a thread of it sends the spans. Does nothing without the setting."""
    if not settings.TRACES_URL:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=settings.TRACES_URL)))
    use(provider)


def use(provider: TracerProvider | None) -> None:
    """Trace with this provider from now on; None: not at all."""
    global _tracer  # noqa: PLW0603 - one for the process
    _tracer = provider.get_tracer("portal") if provider else None
    if provider and note_call not in http.observers:
        http.observers.append(note_call)


@contextmanager
def span(name: str, *, parent: dict[str, str] | None = None, **attributes: Any) -> Iterator[Span | None]:
    """Around some work. `parent`: what `carried` gave in another process. None while traces are off."""
    if _tracer is None:
        yield None
        return
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    context = TraceContextTextMapPropagator().extract(parent) if parent else None
    given = {key.replace("__", "."): value for key, value in attributes.items() if value not in (None, "")}
    from opentelemetry.trace import StatusCode

    # The text of an error may hold what no trace shall show, so only its class is told.
    with _tracer.start_as_current_span(
        name, context=context, record_exception=False, set_status_on_exception=False
    ) as made:
        made.set_attributes({"portal.request_id": request_id.get(), **given})
        try:
            yield made
        except BaseException as error:
            made.set_status(StatusCode.ERROR, type(error).__name__)
            raise


def carried() -> dict[str, str]:
    """What goes with a message, so that the task's span belongs to the same trace. Empty while traces are off."""
    if _tracer is None:
        return {}
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier


def note_call(stats: CallStats) -> None:
    """A span for a call that has ended, below the one of the page or task."""
    if _tracer is None:
        return
    from opentelemetry.trace import SpanKind, StatusCode

    end = time.time_ns()
    made = _tracer.start_span(
        f"{stats.service} {stats.method}", kind=SpanKind.CLIENT, start_time=end - round(stats.seconds * 1e9)
    )
    made.set_attributes(
        {
            "portal.request_id": request_id.get(),
            "server.address": stats.host,
            "http.request.method": stats.method,
            "url.path": redact(stats.path),
            **({"http.response.status_code": stats.status} if stats.status else {}),
            **({"error.type": stats.error} if stats.error else {}),
        }
    )
    if stats.error:
        made.set_status(StatusCode.ERROR, stats.error)
    made.end(end)


class Traced:
    """Middleware: a span for each page, named by the name of its address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with span(f"{request.method}", http__request__method=request.method) as made:
            response = self.get_response(request)
            if made is not None:
                match = request.resolver_match
                name = match.view_name if match and match.view_name else "unknown"
                made.update_name(f"{request.method} {name}")
                made.set_attributes({"http.route": name, "http.response.status_code": response.status_code})
            return response
