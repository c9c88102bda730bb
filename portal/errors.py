"""Errors that are found outside of a view: a page for people, problem+json for the API."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from accounts.guard import public_page
from portal.api import problems
from portal.core.bodies import Refused, Rule
from portal.desk import views

API = "/api/"
REFUSED = {
    Refused.FILES: "WRONG_TYPE", Refused.TOO_LARGE: "BODY_TOO_LARGE", Refused.TOO_SLOW: "TOO_SLOW",
    Refused.LOG_IN: "NO_TOKEN",
}  # fmt: skip


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith(API)


@public_page
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problems.of_status(request, 400) if _is_api(request) else views.bad_request(request, exception)


@public_page
def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problems.of_status(request, 403) if _is_api(request) else views.forbidden(request, exception)


@public_page
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problems.of_status(request, 404) if _is_api(request) else views.not_found(request, exception)


@public_page
def too_many(request: HttpRequest) -> HttpResponse:
    return problems.respond(problems.Problem("TOO_MANY_CALLS")) if _is_api(request) else views.too_many(request)


@public_page
def server_error(request: HttpRequest) -> HttpResponse:
    return problems.of_status(request, 500) if _is_api(request) else views.server_error(request)


@public_page
def refused_body(request: HttpRequest, *, why: Refused, rule: Rule) -> HttpResponse:
    if _is_api(request):
        return problems.respond(problems.Problem(REFUSED[why]))
    return views.refused_body(request, why=why, rule=rule)


@public_page
def too_slow(request: HttpRequest) -> HttpResponse:
    return problems.respond(problems.Problem("UNAVAILABLE")) if _is_api(request) else views.too_slow(request)


@public_page
def no_storage(request: HttpRequest, **about: Any) -> HttpResponse:
    if _is_api(request):
        return problems.respond(problems.Problem("UNAVAILABLE"))
    return views.no_storage(request, **about)
