"""The description of the API, as JSON and as a page that staff read."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.guard import StaffRequest, public_page, staff_page
from portal.api.api import api
from portal.api.reading import groups


@public_page
@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """Says nothing that is not in the source: a generator of clients reads it without a log-in."""
    return JsonResponse(api().get_openapi_schema(), json_dumps_params={"ensure_ascii": False})


@staff_page(anywhere=True)
@require_safe
def page(request: StaffRequest) -> HttpResponse:
    context = {"groups": groups(api().get_openapi_schema()), "title": api().title, "version": api().version}
    return render(request, "api/docs.html", context)
