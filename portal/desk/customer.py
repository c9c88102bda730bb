"""Kunde: the page of one customer, with data of all apps."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from accounts.guard import StaffRequest, staff_page
from accounts.models import Customer
from accounts.services.business_register import warnings_of
from portal.core.heartbeat import is_working
from submissions.models import Dialog, Order, Submission
from submissions.services import catalogue, material
from submissions.services.orders import pages as orders
from submissions.services.pages import dialogs, letters
from submissions.services.pages import listing as submission_list
from systemusers.models import Access, Kind
from systemusers.services import listing, timeline
from systemusers.services.client_relations.listing import through_whom

SHOWN = 5


@staff_page()
def customer(request: StaffRequest, pk: int) -> HttpResponse:
    rows = listing.with_accesses(Customer.objects.visible_to(request.user).filter(environment=request.environment))
    row, at = get_object_or_404(rows.annotate(is_client=listing.is_client()), pk=pk), timezone.now()
    working = is_working(at=at)
    accesses = listing.customer_row(row, at=at, working=working).accesses
    through = through_whom(row, user=request.user) if row.is_client else []  # type: ignore[attr-defined] # annotated
    asked = orders.orders_of(row)
    context = {
        "customer": row,
        "accesses": accesses,
        "has_access": _has_access(accesses) or any(each.is_usable for each in through),
        "through": through,
        "register_warnings": warnings_of(row),
        "submissions": _submissions(row, at, working),
        "newest": orders.newest_of(row, asked, at=at, working=working),
        "dialogs": _dialogs(row, at, working),
        "material": material.of_customer(row, at=at),
        "letters": letters.of_customer(row, most=SHOWN),
        "events": timeline.of_customer(row, names=_names(row, asked)),
    }
    return render(request, "desk/customer.html", context)


def _has_access(accesses: list[listing.AccessRow]) -> bool:
    """An access of its own; one for clients does not reach the accountant itself."""
    own = [each.access for each in accesses if each.access.profile.kind != Kind.AGENT]
    return any(access.status in Access.USABLE for access in own)


def _submissions(customer: Customer, at: datetime, working: bool) -> list[submission_list.Row]:
    rows = Submission.objects.filter(customer=customer).with_correction().order_by("-created_at", "-pk")
    return [submission_list.row_of(row, at=at, working=working) for row in rows[:SHOWN]]


def _dialogs(customer: Customer, at: datetime, working: bool) -> list[dialogs.Row]:
    rows = Dialog.objects.filter(customer=customer).with_answer().order_by("-content_updated_at", "-pk")
    return [dialogs.row_of(row, at=at, working=working) for row in rows[:SHOWN]]


def _names(customer: Customer, asked: Iterable[Order]) -> dict[str, str]:
    """Names of submissions and orders for the timeline, by target in the audit trail."""
    sent = Submission.objects.filter(customer=customer).only("service", "period_kind", "period_start")
    rows = [*sent, *asked]
    return {f"{row._meta.label}:{row.pk}": f"{catalogue.name_of(row.service)} {row.period}".strip() for row in rows}
