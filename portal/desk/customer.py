"""Kunde: the page of one customer, with data of all apps."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone

from accounts.guard import StaffRequest, is_by_person, staff_page
from accounts.models import Customer
from accounts.services import contacts
from accounts.services.business_register import warnings_of
from portal.core.htmx import page_or_fragment
from portal.desk import customer_life
from portal.desk.context import shell_of
from submissions.models import Dialog, Order, Submission
from submissions.services import archiving, catalogue, material
from submissions.services.inbox import cursors
from submissions.services.orders import pages as orders
from submissions.services.pages import dialogs, due_expected, letters
from submissions.services.pages import listing as submission_list
from systemusers.models import Access, Kind
from systemusers.services import invitations, listing, timeline
from systemusers.services.client_relations.listing import through_whom

SHOWN = 5
NAMED = timeline.MOST
"""Submissions that have their names in the history: each has more than one line there, and the history has MOST lines."""


@staff_page()
def customer(request: StaffRequest, pk: int) -> HttpResponse:
    seen = Customer.objects.visible_to(request.user).filter(environment=request.environment)
    rows = contacts.with_contacts(
        customer_life.with_notes(listing.with_accesses(due_expected.with_expected(seen)))
    ).annotate(is_client=listing.is_client(), is_asked=material.is_asked())
    row, at = get_object_or_404(rows, pk=pk), timezone.now()
    working = shell_of(request).silence is None
    accesses = listing.customer_row(row, at=at, working=working).accesses
    through = through_whom(row, user=request.user) if row.is_client else []  # type: ignore[attr-defined] # annotated
    if is_by_person(request):
        reaching = [*(each.access for each in accesses), *(each.access for each in through)]
        cursors.note_look(access.pk for access in reaching if access.status in Access.USABLE)
    asked, sent = orders.orders_of(row), _submissions(row)
    newest = orders.newest_of(row, asked, at=at, working=working)
    context = {
        "customer": row,
        "accesses": accesses,
        "has_access": _has_access(accesses) or any(each.is_usable for each in through),
        "through": through,
        "register_warnings": warnings_of(row),
        "submissions": [submission_list.row_of(each, at=at, working=working) for each in sent[:SHOWN]],
        "newest": newest,
        "newest_is_moving": any(each.is_moving for each in newest),
        "dialogs": _dialogs(row, at, working),
        "material": material.of_customer(row, at=at) if row.is_asked else [],  # type: ignore[attr-defined] # annotated
        "expected": due_expected.expected_of(row),
        "letters": letters.of_customer(row, most=SHOWN),
        "contacts": contacts.shown(row),
        "answers_until": archiving.answers_kept_until(row) if row.is_ended else None,
        "farewell": invitations.farewell(row) if row.is_ended else None,
        "notes": customer_life.notes_of(row, user=request.user),
        "ending": archiving.under_way(row) if row.is_ended and not row.archived_at else None,
        "events": timeline.of_customer(row, names=_names([*sent, *asked])),
    }
    return page_or_fragment(request, "desk/customer.html", "newest", context=context)


def _has_access(accesses: list[listing.AccessRow]) -> bool:
    """An access of its own; one for clients does not reach the accountant itself."""
    own = [each.access for each in accesses if each.access.profile.kind != Kind.AGENT]
    return any(access.status in Access.USABLE for access in own)


def _submissions(customer: Customer) -> list[Submission]:
    """The newest first: some of them are listed, and the history names them. One query."""
    rows = Submission.objects.filter(customer=customer).with_correction().order_by("-created_at", "-pk")
    return list(rows[:NAMED])


def _dialogs(customer: Customer, at: datetime, working: bool) -> list[dialogs.Row]:
    rows = material.with_given(Dialog.objects.filter(customer=customer).with_answer()).order_by(
        "-content_updated_at", "-pk"
    )
    return [dialogs.row_of(row, at=at, working=working) for row in rows[:SHOWN]]


def _names(rows: Iterable[Submission | Order]) -> dict[str, str]:
    """Names of submissions and orders for the timeline, by target in the audit trail."""
    return {
        f"{row._meta.label}:{row.pk}": f"{catalogue.name_of(row.service)} {row.period.spoken}".strip() for row in rows
    }
