"""The page behind a customer's link as the customer sees it now, for staff who help somebody on the phone.

Nothing on it can be used, and the link is neither in its address nor in its text. Who looks says why, which the audit trail keeps.
"""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.http import require_http_methods

from accounts.guard import StaffRequest, staff_page
from accounts.services.business_register import known_approvers
from systemusers.forms import ReasonToLookForm
from systemusers.models import Access
from systemusers.services import links
from systemusers.views.access import find
from systemusers.views.link import link_context


@staff_page()
@require_http_methods(["GET", "HEAD", "POST"])
def as_customer(request: StaffRequest, pk: int) -> HttpResponse:
    """Asks why; with a reason, which is recorded first, it shows the page in the customer's language."""
    row = find(request, pk)
    form = ReasonToLookForm(request.POST or None)
    if not form.is_valid():
        return render(
            request, "systemusers/as_customer.html", {"access": row, "form": form}, status=422 if form.errors else 200
        )
    reason = form.cleaned_data["reason"]
    links.note_seen_as_customer(access=row, by=request.user.actor, reason=reason, at=timezone.now())
    with translation.override(row.customer.language):
        return _mirror(request, row)


def _mirror(request: StaffRequest, row: Access) -> HttpResponse:
    whose = {"environment": row.environment, "orgnr": row.customer.orgnr}
    context = link_context(request, row) | {
        "is_mirror": True,
        "may_play": False,
        "languages": [],
        "approvers": known_approvers(**whose) or [],
        "is_preparing": links.is_preparing(row, at=timezone.now()),
        "why": "closed",
    }
    return render(request, f"systemusers/link/{'gone' if row.link_revoked_at else 'show'}.html", context)
