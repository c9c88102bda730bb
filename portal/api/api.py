"""The API as one set of addresses: its resources, how errors are answered, and its description."""

from __future__ import annotations

import logging
from functools import cache, wraps
from typing import Any

from django.http import Http404, HttpResponse
from django.urls import URLPattern
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema

from portal.api.frame import framed
from portal.api.openapi import Description
from portal.api.parsing import Reader
from portal.api.problems import Problem, respond
from portal.api.resources import (
    accesses,
    answers,
    customers,
    dialogs,
    documents,
    events,
    letters,
    orders,
    services,
    submissions,
    token,
)
from portal.api.validation import invalid
from portal.core.bodies import FOR_STRANGERS, MB, UPLOAD, Rule
from portal.core.problems import StorageFailed

logger = logging.getLogger(__name__)
VERSION = "1.0.0"
TITLE = "Systembruker-portal API"
ABOUT = "For the vendor's own systems. Start with docs/api.md. An integration is bound to one environment, so no address names one."
JSON_BODY = Rule(5 * MB)
"""Files in JSON are small ones; large ones are uploaded."""
RULES = {"create_submission_with_files": UPLOAD, "add_files": UPLOAD, "get_token": FOR_STRANGERS}
"""The views whose bodies are not JSON of somebody we know."""

MODULES = (token, customers, accesses, services, submissions, documents, orders, answers, dialogs, letters, events)
"""In the order of the description."""


class Api(NinjaAPI):
    def get_openapi_schema(self, **_options: Any) -> OpenAPISchema:
        return Description(self, "api/v1/")


def make() -> Api:
    made = Api(title=TITLE, version=VERSION, description=ABOUT, openapi_url="", docs_url="", urls_namespace="api",
               parser=Reader())  # fmt: skip
    made.add_decorator(framed, mode="view")  # Ninja's name for around an operation
    for module in MODULES:
        made.add_router("", module.router)
    made.add_exception_handler(Problem, _problem)
    made.add_exception_handler(ValidationError, _invalid)
    made.add_exception_handler(HttpError, _http)
    made.add_exception_handler(Http404, _missing)
    made.add_exception_handler(StorageFailed, _storage)
    made.add_exception_handler(Exception, _unexpected)
    return made


def _problem(request: Any, error: Any) -> HttpResponse:
    return respond(error)


def _invalid(request: Any, error: Any) -> HttpResponse:
    return respond(invalid(error.errors))


def _http(request: Any, error: Any) -> HttpResponse:
    """What Ninja itself says: a body that is no JSON, or what is wrong with it."""
    if isinstance(error.__cause__, Problem):
        return respond(error.__cause__)
    return respond(Problem("BAD_REQUEST" if error.status_code == 400 else "INVALID"))


def _missing(request: Any, error: Any) -> HttpResponse:
    return respond(Problem("NOT_FOUND"))


def _storage(request: Any, error: Any) -> HttpResponse:
    logger.error("%s needs a file that the storage did not give or take: %s", request.path, error)
    return respond(Problem("UNAVAILABLE"))


def _unexpected(request: Any, error: Any) -> HttpResponse:
    """Ours to mend: as of any other view, logged by Django and answered by `portal.errors`."""
    raise error


@cache
def api() -> Api:
    return make()


def addresses() -> list[URLPattern]:
    """Marked for the guards that look at all addresses, and with how large a body may be."""
    found = [pattern for pattern in api().urls[0] if isinstance(pattern, URLPattern)]
    patterns = [pattern for pattern in found if pattern.name != "api-root"]
    for pattern in patterns:
        pattern.callback = _view(pattern.callback, RULES.get(pattern.name or "", JSON_BODY))
    return patterns


def _view(inner: Any, rule: Rule) -> Any:
    @csrf_exempt
    @wraps(inner)
    def view(request: Any, **given: Any) -> HttpResponse:
        response: HttpResponse = inner(request, **given)
        if response.status_code == 405:
            return respond(Problem("METHOD_NOT_ALLOWED", headers={"Allow": response["Allow"]}))
        return response

    view.api_page, view.body_rule = True, rule  # type: ignore[attr-defined]
    return view
