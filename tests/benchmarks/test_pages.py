"""Every staff page and every list of Django admin, for a vendor of full size and for one of a thousandth of it."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from accounts.models import Customer, Role
from portal.core.valkey import valkey
from submissions.models import Dialog, Submission
from systemusers.models import Access
from tests.benchmarks.addresses import admin_lists, far_pages, last_admin_page, staff_pages
from tests.benchmarks.figures import Figures
from tests.benchmarks.scale import Scale, Size, scale, who

pytestmark = pytest.mark.benchmark
__all__ = ["scale"]
ROUNDS, VISITS = int(os.environ.get("ROUNDS", "2")), 2
MOST_QUERIES = 12
MOST_TIMES, MOST_TIMES_FAR, LEAST_TIMES_STOCK = 1.5, 1.2, 10
FEWEST_PAGES = 75
"""So many pages are found in the table of addresses at least."""
PEOPLE = (Role.ADMINISTRATOR, Role.CASE_WORKER)
STOCK: tuple[type[Model], ...] = (Customer, Access, Submission, Dialog)


@pytest.fixture(autouse=True)
def silent() -> Iterator[None]:
    """An address that takes no GET is none of a page; the log need not tell."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@dataclass
class Visits:
    """The best times of one page, in seconds: with a warm cache, and with an empty one. `queries` of the latter."""

    warm: float = float("inf")
    cold: float = float("inf")
    queries: int = 0


@dataclass
class Seen:
    """Times by page, of one size."""

    of: dict[str, Visits] = field(default_factory=dict)

    def visit(self, client: Client, name: str, address: str) -> None:
        known = self.of.setdefault(name, Visits())
        valkey().flushdb()
        began = time.perf_counter()
        with CaptureQueriesContext(connection) as queries:
            response = client.get(address)
        assert response.status_code == 200, address
        known.cold = min(known.cold, time.perf_counter() - began)
        known.queries = len(queries)
        for _ in range(VISITS):
            began = time.perf_counter()
            client.get(address)
            known.warm = min(known.warm, time.perf_counter() - began)


def measure(scale: Scale, pages: dict[Size, dict[str, str]], role: Role) -> dict[Size, Seen]:
    """To and fro between the sizes."""
    seen = {size: Seen() for size in scale.both}
    clients = {}
    for size in scale.both:
        with size.used():
            clients[size] = size.client(role)
    there = []
    for size in scale.both:
        with size.used():
            there.append({name for name, address in pages[size].items() if _is_page(clients[size], address)})
    shown_by_both = set.intersection(*there)  # of a large vendor, a person may not see the row that the page is of
    for _ in range(ROUNDS):
        for name in sorted(shown_by_both):
            for size in scale.both:
                with size.used():
                    seen[size].visit(clients[size], name, pages[size][name])
    return seen


def _is_page(client: Client, address: str) -> bool:
    """Not a redirect, a download, or an address that takes a POST only."""
    response = client.get(address)
    response.close()
    return response.status_code == 200 and not response.streaming


def once_more(scale: Scale, pages: dict[Size, dict[str, str]], role: Role, seen: dict[Size, Seen]) -> None:
    """Pages that seem slow are visited again: the machine may have been busy."""
    for _ in range(2):
        odd = [name for name in seen[scale.large].of if ratio(scale, seen, name) > MOST_TIMES]
        if not odd:
            return
        more = measure(scale, {size: {name: pages[size][name] for name in odd} for size in scale.both}, role)
        for size in scale.both:
            for name, visits in more[size].of.items():
                known = seen[size].of[name]
                known.warm, known.cold = min(known.warm, visits.warm), min(known.cold, visits.cold)


def ratio(scale: Scale, seen: dict[Size, Seen], name: str) -> float:
    return seen[scale.large].of[name].warm / seen[scale.small].of[name].warm


@pytest.mark.django_db
@pytest.mark.parametrize("role", PEOPLE)
def test_every_staff_page_costs_the_same_at_any_size(scale: Scale, role: Role) -> None:
    figures = Figures(f"pages of {role}")
    pages = {}
    for size in scale.both:
        with size.used():
            pages[size] = staff_pages()
    seen = measure(scale, pages, role)
    once_more(scale, pages, role, seen)

    small, large = (seen[size].of for size in scale.both)
    figures.fact("customers", scale.large.customers)
    figures.fact("pages", len(large))
    for name, visits in sorted(large.items(), key=lambda one: -ratio(scale, seen, one[0])):
        about = f"{visits.warm * 1000:.0f} ms, {visits.cold * 1000:.0f} with an empty cache, {small[name].cold * 1000:.0f} small"
        figures.at_most(f"{name}: of a thousandth", ratio(scale, seen, name), MOST_TIMES, about=about)
    for name, visits in large.items():
        figures.at_most(f"{name}: queries", visits.queries, MOST_QUERIES, unit="queries")
    assert len(large) >= FEWEST_PAGES or role != Role.ADMINISTRATOR
    figures.settle()


@pytest.mark.django_db
@pytest.mark.parametrize("role", PEOPLE)
def test_a_lists_last_page_costs_no_more_than_its_first(scale: Scale, role: Role) -> None:
    figures = Figures(f"far pages of {role}")
    with scale.large.used():
        client, first, far = scale.large.client(role), Seen(), Seen()
        addresses = far_pages()
        for _ in range(ROUNDS):
            for name, address in addresses.items():
                first.visit(client, name, address.partition("?")[0])
                far.visit(client, name, address)
    for name in addresses:
        times = far.of[name].warm / first.of[name].warm
        about = f"{first.of[name].warm * 1000:.0f} ms and {far.of[name].warm * 1000:.0f} ms"
        figures.at_most(f"{name}: near the end, of the first page", times, MOST_TIMES_FAR, about=about)
    figures.settle()


@pytest.mark.django_db
def test_every_list_of_django_admin_costs_the_same_at_any_size(scale: Scale) -> None:
    figures = Figures("Django admin")
    pages = {}
    for size in scale.both:
        with size.used():
            pages[size] = admin_lists()
    seen = measure(scale, pages, Role.ADMINISTRATOR)
    once_more(scale, pages, Role.ADMINISTRATOR, seen)
    small, large = (seen[size].of for size in scale.both)
    for name, visits in sorted(large.items(), key=lambda one: -ratio(scale, seen, one[0])):
        about = f"{visits.warm * 1000:.0f} ms, {small[name].warm * 1000:.0f} small"
        figures.at_most(f"{name}: of a thousandth", ratio(scale, seen, name), MOST_TIMES, about=about)
        figures.at_most(f"{name}: queries", visits.queries, MOST_QUERIES, unit="queries")
    _deep_admin(scale.large, pages[scale.large], large, figures)
    figures.settle()


def _deep_admin(size: Size, pages: dict[str, str], first: dict[str, Visits], figures: Figures) -> None:
    with size.used():
        client, deep = size.client(Role.ADMINISTRATOR), Seen()
        for name, address in pages.items():
            if last := last_admin_page(client, address):
                deep.visit(client, name, last)
        for name, visits in deep.of.items():
            about = f"{visits.warm * 1000:.0f} ms"
            figures.at_most(f"{name}: the last page, of the first", visits.warm / first[name].warm, 1.2, about=about)


@pytest.mark.django_db
def test_our_lists_are_quicker_than_those_that_django_makes(scale: Scale) -> None:
    figures = Figures("beside Django's own lists")
    with scale.large.used():
        client, request = scale.large.client(Role.ADMINISTRATOR), RequestFactory().get("/admin/")
        request.user = who(Role.ADMINISTRATOR)
        for model, name in zip(STOCK, ("customers", "accesses", "submissions", "dialogs"), strict=True):
            ours = Seen()
            ours.visit(client, name, f"/sandbox/{'access' if name == 'accesses' else name}/")
            stock = min(_stock(model, request) for _ in range(ROUNDS))
            about = f"{stock * 1000:.0f} ms and {ours.of[name].warm * 1000:.0f} ms"
            figures.at_least(
                f"{name}: Django's list, of ours", stock / ours.of[name].warm, LEAST_TIMES_STOCK, about=about
            )
    figures.settle()


def _stock(model: type[Model], request: object) -> float:
    """Seconds of the list that Django admin makes of a model by itself."""
    page = admin.ModelAdmin(model, admin.AdminSite(name="admin"))
    began = time.perf_counter()
    response = page.changelist_view(request)  # type: ignore[arg-type]
    response.render()  # type: ignore[attr-defined]
    return time.perf_counter() - began
