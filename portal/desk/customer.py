"""Kunde: the page of one customer, with data of all apps."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from accounts.guard import StaffRequest, staff_page
from accounts.models import Customer
from accounts.services.business_register import warnings_about
from submissions.models import Dialog, Submission
from submissions.services import catalogue, dialogs
from submissions.services.next_step import next_step
from systemusers.models import Access
from systemusers.services import listing, timeline
from systemusers.services.next_step import next_step as next_access_step

SHOWN = 5


@staff_page()
def customer(request: StaffRequest, pk: int) -> HttpResponse:
    rows = listing.with_accesses(Customer.objects.visible_to(request.user).filter(environment=request.environment))
    row, at = get_object_or_404(rows, pk=pk), timezone.now()
    accesses: list[Access] = row.access_rows  # type: ignore[attr-defined] # by listing.with_accesses
    for access in accesses:
        access.step = next_access_step(access, at=at)  # type: ignore[attr-defined]
    context = {
        "customer": row,
        "has_access": any(access.status in Access.USABLE for access in accesses),
        "warnings": warnings_about(row.business_register),
        "submissions": _submissions(row, at),
        "dialogs": _dialogs(row, at),
        "events": timeline.of_customer(row, names=_names(row)),
    }
    return render(request, "desk/customer.html", context)


def _submissions(customer: Customer, at: datetime) -> list[Submission]:
    rows = list(Submission.objects.filter(customer=customer).with_correction().order_by("-created_at", "-pk")[:SHOWN])
    for row in rows:
        row.step, row.service_name = next_step(row, at=at), catalogue.name_of(row.service)  # type: ignore[attr-defined]
    return rows


def _dialogs(customer: Customer, at: datetime) -> list[Dialog]:
    rows = list(Dialog.objects.filter(customer=customer).with_answer().order_by("-content_updated_at", "-pk")[:SHOWN])
    for row in rows:
        row.badge, row.step = dialogs.badge(row), dialogs.next_step(row, at=at)  # type: ignore[attr-defined]
    return rows


def _names(customer: Customer) -> dict[str, str]:
    """Names of submissions for the timeline, by target in the audit trail."""
    rows = Submission.objects.filter(customer=customer).only("service", "period_kind", "period_start")
    return {f"{row._meta.label}:{row.pk}": f"{catalogue.name_of(row.service)} {row.period}" for row in rows}
