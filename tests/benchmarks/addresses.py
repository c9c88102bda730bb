"""Every page that staff can open, from the table of addresses, for the vendor of the database in use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from accounts.models import Alarm, Customer, CustomerImport, Integration, LogIn, Portfolio, Proposal, Role, SavedView
from portal.core.paging import paginate
from portal.core.webhooks.row import Webhook
from submissions.models import DeadlineDate, Dialog, Document, Heap, Order, Submission, Transmission
from systemusers.models import (
    Access,
    AccessProfile,
    Campaign,
    KeyRotation,
    Kind,
    MaskinportenClient,
    SigningKey,
    System,
    Withdrawal,
)
from tests.benchmarks.scale import SERVICES, who
from tests.meta.test_addresses import OURS, SAMPLES
from tests.world import SERVICE

VARIABLE = re.compile(r"<(?:\w+:)?(\w+)>")
LATEST = "2025"
LISTS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "customers": (Customer, ("sort_name", "pk")),
    "accesses": (Access, ("-status_at", "-pk")),
    "submissions": (Submission, ("-created_at", "-pk")),
    "dialogs": (Dialog, ("-content_updated_at", "-pk")),
    "letters": (Transmission, ("-created_at", "-pk")),
    "orders": (Order, ("-created_at", "-pk")),
}
"""The lists that grow with the vendor, and their order."""
FILTERED = {
    "customers, by name": ("customers", "q=rask+elg"),
    "customers, by a rare name": ("customers", "q=a1d0c6e8"),
    "accesses, waiting": ("accesses", "status=OPEN"),
    "accesses, by name": ("accesses", "q=rask+elg"),
    "submissions, to be corrected": ("submissions", "state=rejected"),
    "submissions, unanswered": ("submissions", "state=unanswered"),
    "submissions, by name": ("submissions", "q=rask+elg"),
    "dialogs, unread": ("dialogs", "state=unread"),
    "dialogs, overdue": ("dialogs", "state=attention&due=overdue"),
    "dialogs, due this week": ("dialogs", "due=week"),
    "dialogs, mine and unread": ("dialogs", "assignee=me&read=unread"),
    "dialogs, not about a report": ("dialogs", "tied=no&status=RequiresAttention"),
    "dialogs, of a service": ("dialogs", f"service={SERVICE}&due=none&assignee=none"),
    "dialogs, done": ("dialogs", "state=done"),
    "dialogs, by name": ("dialogs", "q=rask+elg"),
    "dialogs, by a rare name": ("dialogs", "q=a1d0c6e8"),
    "letters, unread": ("letters", "state=unread"),
    "search, by name": ("search", "q=rask+elg"),
    "search, by a rare name": ("search", "q=a1d0c6e8"),
    "search, by an id": ("search", "q=01980000-aaaa-7bbb-8ccc-0123456789ab"),
    "search, by a number": ("search", "q=210000042"),
}

IN_STATES: dict[str, tuple[str, QuerySet[Any]]] = {
    "submission, a draft": ("submission", Submission.objects.filter(status="DRAFT")),
    "submission, delivered": ("submission", Submission.objects.filter(status="DELIVERED")),
    "submission, rejected": ("submission", Submission.objects.filter(status="REJECTED")),
    "access, waiting": ("access", Access.objects.filter(status="SENT")),
    "access, expired": ("access", Access.objects.filter(status="EXPIRED")),
    "dialog, to be answered": ("dialog", Dialog.objects.filter(status="RequiresAttention")),
    "access, of an accountant": ("clients", Access.objects.filter(profile__kind=Kind.AGENT)),
    "customer, that has left": ("customer", Customer.objects.filter(archived_at__isnull=False)),
}
"""Pages that ask other things of a row in another state."""


def staff_pages() -> dict[str, str]:
    """Address by name, of all staff pages that have a page for a plain GET. Those that answer otherwise show that when visited."""
    rows = _rows()
    found = {}
    for route, pattern in OURS:
        if getattr(pattern.callback, "staff_page", "") and (address := _address(route, rows)):
            found[str(pattern.name)] = address
    found |= {f"heap, {state}": f"{found['heap']}?state={state}" for state in ("files", "choose", "look", "drafts")}
    for what, (name, query) in FILTERED.items():
        found[what] = f"{reverse(name, kwargs={'environment': 'sandbox'})}?{query}"
    for what, (name, of) in IN_STATES.items():
        if row := of.order_by("pk").first():
            found[what] = reverse(name, kwargs={"environment": "sandbox", "pk": row.pk})
    return found


def without_row() -> set[str]:
    """The names of the staff addresses that lead to a row of which the vendor has none."""
    rows = _rows()
    ours = [(route, pattern) for route, pattern in OURS if getattr(pattern.callback, "staff_page", "")]
    return {str(pattern.name) for route, pattern in ours if not _address(route, rows)}


def _rows() -> dict[str, Any]:
    """What `pk` is, by the first words of an address: rows of one customer that has everything."""
    access = Access.objects.filter(status="IN_USE", pk__in=Order.objects.values("access")).order_by("pk")[7]
    submission = Submission.objects.filter(access=access, decided_at__isnull=False).order_by("pk")[0]
    profile = AccessProfile.objects.order_by("pk")[0]
    worker = who(Role.CASE_WORKER)
    few: dict[str, type[Model]] = {
        "submissions/heaps/": Heap, "customers/import/": CustomerImport, "access/withdrawals/": Withdrawal,
        "settings/rotations/": KeyRotation, "settings/keys/": SigningKey, "incident/keys/": SigningKey,
        "due/calendar/dates/": DeadlineDate, "proposals/": Proposal, "integrations/": Integration,
        "incident/integrations/": Integration, "webhooks/": Webhook, "account/profile/log-ins/": LogIn,
        "people/portfolios/": Portfolio, "views/": SavedView, "oversight/alarms/": Alarm,
    }  # fmt: skip
    return {
        **{place: model._default_manager.order_by("pk")[0].pk for place, model in few.items()},
        "people/": worker.pk, "incident/accounts/": worker.pk, "submissions/hold/access/": access.pk,
        "customers/": access.customer_id, "access/": access.pk, "submissions/": submission.pk,
        "dialogs/": Dialog.objects.filter(access=access).order_by("pk")[1].pk,
        "letters/": Transmission.objects.letters().order_by("pk")[0].pk,
        "documents/": Document.objects.filter(submission=submission)[0].pk,
        "orders/": Order.objects.filter(access=access)[0].pk, "campaigns/": Campaign.objects.order_by("pk")[3].pk,
        "systems/": System.objects.get().pk, "settings/clients/": MaskinportenClient.objects.get().pk,
        "system": System.objects.get().pk, "profiles/": profile.pk, "service": SERVICES[0], "period": LATEST,
    }  # fmt: skip


def _address(route: str, rows: dict[str, Any]) -> str:
    """ "" when there is no such row."""
    path = route.replace("<env:environment>", "sandbox", 1)
    for name in VARIABLE.findall(path):
        place = path[: path.index(f"{name}>")].rpartition("<")[0].removeprefix("sandbox/")
        known = "profiles/" if place.endswith("profiles/") else place
        value = rows.get(known if name == "pk" else name, SAMPLES.get(name) if name != "pk" else None)
        if value is None:
            return ""
        path = re.sub(rf"<(?:\w+:)?{name}>", str(value), path, count=1)
    return f"/{path}"


def far_pages() -> dict[str, str]:
    """The lists, nineteen twentieths of their rows on."""
    found = {}
    for name, (model, order) in LISTS.items():
        rows = model._default_manager.order_by(*order)
        rows = rows.letters() if name == "letters" else rows
        two = [row.pk for row in rows[rows.count() * 19 // 20 :][:2]]
        cursor = paginate(rows.filter(pk__in=two), query=QueryDict(), order=order, size=1).next_query
        found[name] = f"{reverse(name, kwargs={'environment': 'sandbox'})}?{cursor}"
    return found


def admin_lists() -> dict[str, str]:
    return {f"admin, {model._meta.label}": address for model, address in _admin_addresses()}


def _admin_addresses() -> Iterator[tuple[Any, str]]:
    for model in admin.site._registry:
        meta = model._meta
        yield model, reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")


def last_admin_page(client: Client, address: str) -> str:
    """The last page of a list of Django admin, "" when there is one only."""
    numbers = [int(number) for number in re.findall(rb"\?p=(\d+)", client.get(address).content)]
    return f"{address}?p={max(numbers)}" if numbers else ""
