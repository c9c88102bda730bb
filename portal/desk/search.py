"""Søk: one field for whatever a person has at hand, in the header of every page.

Customers are found by number, name, reference or the address of a contact, campaigns by name; everything else by a whole id, as a
support call begins with one. The text is in the address and nowhere else: it is neither logged nor recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as lazy

from accounts.guard import StaffRequest, staff_page
from accounts.models import Customer
from portal.core.search import Place, identified, search_text
from submissions.models import Dialog, Order, Submission, Transmission
from submissions.services import catalogue
from submissions.services.orders.pages import find_orders
from submissions.services.pages import identified as places
from submissions.services.pages.dialogs import find_dialogs
from submissions.services.pages.letters import find_letters, title_of
from submissions.services.pages.listing import find_submissions
from systemusers.models import Access, Campaign
from systemusers.services.campaigns.shown import find_campaigns
from systemusers.services.identified import places_of_accesses
from systemusers.services.listing import find_accesses, find_customers

MOST_OF_A_KIND = 5


@dataclass(frozen=True)
class Kind:
    """What can be found. `page` is the address of one row, `all` that of the list, which searches alike."""

    label: Any
    page: str
    all: str
    find: Callable[..., QuerySet[Any]]
    loads: tuple[str, ...]
    title: Callable[[Any], str]
    about: Callable[[Any], str]
    places: Callable[[str], list[Place]] | None
    """None: `find` finds by words."""


def _customer(row: Customer) -> str:
    number = "\u00a0".join((row.orgnr[:3], row.orgnr[3:6], row.orgnr[6:]))
    return f"{number} · {row.reference}" if row.reference else number


def _access(row: Access) -> str:
    return f"{row.profile.name} · {row.get_status_display()}"


def _submission(row: Submission) -> str:
    return f"{catalogue.name_of(row.service)} {row.period.spoken}".strip()


def _customer_and_state(row: Submission | Order) -> str:
    return f"{row.customer.name} · {row.get_status_display()}"


def _order(row: Order) -> str:
    return catalogue.name_of(row.service)


def _dialog(row: Dialog) -> str:
    return row.shown_title.text or str(row.dialog_id)


def _letter(row: Transmission) -> str:
    return title_of(row).text


def _customer_name(row: Access | Dialog) -> str:
    return row.customer.name


def _campaign(row: Campaign) -> str:
    return f"{row.profile.name} · {row.get_status_display()}"


def _letter_to(row: Transmission) -> str:
    return row.dialog.customer.name


KINDS = [
    Kind(lazy("Kunder"), "customer", "customers", find_customers, (), lambda row: row.name, _customer, None),
    Kind(
        lazy("Tilganger"),
        "access",
        "accesses",
        find_accesses,
        ("customer", "profile"),
        _customer_name,
        _access,
        places_of_accesses,
    ),
    Kind(
        lazy("Innsendinger"),
        "submission",
        "submissions",
        find_submissions,
        ("customer",),
        _submission,
        _customer_and_state,
        places.places_of_submissions,
    ),
    Kind(
        lazy("Bestillinger"),
        "order",
        "orders",
        find_orders,
        ("customer",),
        _order,
        _customer_and_state,
        places.places_of_orders,
    ),
    Kind(
        lazy("Dialoger"),
        "dialog",
        "dialogs",
        find_dialogs,
        ("customer",),
        _dialog,
        _customer_name,
        places.places_of_dialogs,
    ),
    Kind(
        lazy("Brev"),
        "letter",
        "letters",
        find_letters,
        ("dialog__customer",),
        _letter,
        _letter_to,
        places.places_of_letters,
    ),
    Kind(
        lazy("Kampanjer"),
        "campaign",
        "campaigns",
        find_campaigns,
        ("profile",),
        lambda row: row.name,
        _campaign,
        None,
    ),
]


@dataclass(frozen=True)
class Hit:
    title: str
    about: str
    url: str


@dataclass(frozen=True)
class Group:
    """The first hits of a kind. `more` leads to all of them; "" when they are all here."""

    label: Any
    hits: list[Hit]
    more: str


class Search:
    """One search by one user. A query for the ids, and one for the rows of each kind that has some."""

    def __init__(self, request: StaffRequest, text: str) -> None:
        self.request = request
        self.text = text
        self.rows = [(kind, self._rows(kind, keys)) for kind, keys in self._keys()]

    def _keys(self) -> list[tuple[Kind, list[int] | None]]:
        found = identified({kind.page: kind.places(self.text) for kind in KINDS if kind.places})
        return [(kind, found.get(kind.page)) for kind in KINDS if not kind.places or kind.page in found]

    def _rows(self, kind: Kind, keys: list[int] | None) -> list[Any]:
        words = self.text if keys is None else ""
        rows = kind.find(user=self.request.user, environment=self.request.environment, text=words)
        rows = rows.select_related(*kind.loads) if kind.loads else rows
        return list((rows if keys is None else rows.filter(pk__in=keys))[: MOST_OF_A_KIND + 1])

    @property
    def only(self) -> str:
        """The address of the customer with this number, else of the one row that has this whole id; "" when there are others, or none.

        An access has the number of its customer as its reference in Altinn: whoever types a number means the customer.
        """
        digits = "".join(filter(str.isdigit, self.text))
        for kind, rows in self.rows:
            if kind.page == "customer" and len(rows) == 1 and rows[0].orgnr == digits:
                return self._page(kind, rows[0])
        all_rows = [(kind, row) for kind, rows in self.rows for row in rows]
        if len(all_rows) != 1:
            return ""
        kind, row = all_rows[0]
        return self._page(kind, row) if kind.places is not None else ""

    def groups(self) -> list[Group]:
        return [self._group(kind, rows) for kind, rows in self.rows if rows]

    def _group(self, kind: Kind, rows: list[Any]) -> Group:
        hits = [Hit(kind.title(row), kind.about(row), self._page(kind, row)) for row in rows[:MOST_OF_A_KIND]]
        return Group(kind.label, hits, self.list_of(kind) if len(rows) > MOST_OF_A_KIND else "")

    def list_of(self, kind: Kind) -> str:
        query = QueryDict(mutable=True)
        query["q"] = self.text
        return f"{reverse(kind.all, kwargs={'environment': self.request.environment})}?{query.urlencode()}"

    def _page(self, kind: Kind, row: Any) -> str:
        return reverse(kind.page, kwargs={"environment": self.request.environment, "pk": row.pk})


@staff_page()
def search(request: StaffRequest) -> HttpResponse:
    text = search_text(request)
    if not text:
        return render(request, "desk/search.html")
    found = Search(request, text)
    if found.only:
        return redirect(found.only)
    lists = [(kind.label, found.list_of(kind)) for kind in KINDS if kind.places]
    return render(request, "desk/search.html", {"searched": text, "groups": found.groups(), "lists": lists})
