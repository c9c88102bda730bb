"""Plain Django views beside which our pages are measured: with a log-in and the visible rows, and nothing else of ours."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path

from accounts.models import Customer
from submissions.models import Dialog, Submission
from systemusers.models import Access

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
SIZE = 50
TEMPLATE = """<!doctype html><html lang="nb"><head><title>{{ title }}</title></head><body>
<table><tbody>{% for row in rows %}<tr>
<td><a href="/sandbox/{{ title }}/{{ row.pk }}/">{{ row }}</a></td>
{% for value in row.cells %}<td>{{ value }}</td>{% endfor %}
</tr>{% endfor %}</tbody></table>
{{ filling|safe }}</body></html>"""
answers: dict[str, bytes] = {}
"""What our page answered, by its name."""


def rows_of(name: str, user: Any) -> QuerySet[Any]:
    """The first page of the list that our page shows, with what stands in its cells."""
    if name == "customers":
        return Customer.objects.visible_to(user).select_related("portfolio").order_by("sort_name", "pk")
    models: dict[str, Any] = {"access": Access, "submissions": Submission, "dialogs": Dialog}
    order = {"access": "-status_at", "submissions": "-created_at", "dialogs": "-content_updated_at"}[name]
    rows = models[name].objects.visible_to(user).filter(environment="SANDBOX")
    return rows.select_related("customer", "access__profile" if name != "access" else "profile").order_by(order, "-pk")


@login_required
def same_bytes(request: HttpRequest, name: str) -> HttpResponse:
    """The rows are loaded, the answer is ready."""
    list(rows_of(name, request.user)[:SIZE])
    return HttpResponse(answers[name])


@login_required
def plain_list(request: HttpRequest, name: str) -> HttpResponse:
    """A table of the same rows in Django's template language, filled up to as many bytes."""
    rows = list(rows_of(name, request.user)[:SIZE])
    for row in rows:
        row.cells = [row.pk, row.environment, getattr(row, "customer", ""), getattr(row, "status", ""), row.created_at]
    template = engines["django"].from_string(TEMPLATE)
    filling = "x" * max(0, len(answers[name]) - 200 * len(rows))
    return HttpResponse(template.render({"rows": rows, "title": name, "filling": filling}, request))


urlpatterns = [
    path("bytes/<str:name>/", same_bytes),
    path("list/<str:name>/", plain_list),
]
