"""The page of the guide."""

from __future__ import annotations

from django.http import HttpResponse

from accounts.guard import StaffRequest, staff_page
from portal.core.environments import Environment
from portal.core.htmx import page_or_fragment
from portal.desk.guide import facts, steps


@staff_page()
def guide(request: StaffRequest) -> HttpResponse:
    known = facts.read(environment=request.environment, user=request.user)
    rows = steps.steps(environment=request.environment, user=request.user, facts=known)
    context = {
        "steps": rows,
        "done": sum(row.state == steps.DONE for row in rows),
        "differences": [] if request.environment == Environment.SANDBOX else steps.production_differences(),
    }
    return page_or_fragment(request, "desk/guide.html", context=context)
