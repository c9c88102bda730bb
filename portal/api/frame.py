"""What happens around every call: it is told which parameters exist, and the answer says how many calls are left."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpResponse
from ninja.operation import Operation

from accounts.login import ip_of
from portal.core import origin

FORM = ("form", "file")
Run = Callable[..., HttpResponse]


def framed(run: Run) -> Run:
    """Around an operation of Ninja's, whose `run` this is."""
    operation: Operation = run.__self__  # type: ignore[attr-defined]
    query = {name for model in operation.models if model.__ninja_param_source__ == "query" for name in _names(model)}
    form = {name for model in operation.models if model.__ninja_param_source__ in FORM for name in _names(model)}

    @wraps(run)
    def call(request: Any, **given: Any) -> HttpResponse:
        request.known_query, request.known_form = query, form
        with origin.told(lambda: {"ip": ip_of(request)}):
            response = run(request, **given)
        if rate := getattr(request, "rate", None):
            for name, value in rate.headers.items():
                response[name] = value
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return call


def _names(model: Any) -> list[str]:
    return list(getattr(model, "__ninja_flatten_map__", None) or model.model_fields)
