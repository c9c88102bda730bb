"""What a person must finish at the authority: the page that leads out of the portal. No call is made for it."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from accounts.guard import StaffRequest, staff_page
from accounts.models import Customer
from portal.core.search import row_id
from submissions.services import catalogue
from submissions.services.handing_over import hand_over as handing_over


@staff_page()
def hand_over(request: StaffRequest, service: str) -> HttpResponse:
    """For one customer when the address names one that the user sees."""
    try:
        entry = catalogue.service(service)
    except catalogue.UnknownService:
        raise Http404 from None
    if not entry.needs_person:
        raise Http404
    customer = None
    if "customer" in request.GET:
        rows = Customer.objects.visible_to(request.user).filter(environment=request.environment)
        customer = get_object_or_404(rows, pk=row_id(request.GET["customer"]))
    settings = catalogue.local(request.environment)
    shown = handing_over(entry, settings=settings, today=timezone.localdate())
    return render(request, "submissions/hand_over.html", {"shown": shown, "service": entry, "customer": customer})
