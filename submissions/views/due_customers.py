"""The customers behind the numbers of the deadline board: of one service and period, and who is late with any of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_safe

from accounts.guard import StaffRequest, staff_page
from accounts.models import CustomerQuerySet
from accounts.services import customer_filter
from portal.core import exports
from portal.core.counting import Number
from portal.core.lists import Column, Link, ListPage, Nothing, Select
from portal.core.paging import Page, paginate_fetched
from submissions.period import Period
from submissions.services import catalogue
from submissions.services.due.board import Row, find_items, rows_of
from submissions.services.due.calendar import Item, item_of, with_periods
from submissions.services.due.counting import count, count_now, customers_of, expecting
from submissions.services.due.listing import (
    LATE_CODE,
    MISSING_CODE,
    ORDER,
    Reader,
    Section,
    find,
    find_all,
    sections,
    shown,
    states_of,
)
from submissions.services.due.states import MISSING
from submissions.services.pages import due_board, due_list


class DueList(ListPage[StaffRequest, CustomerQuerySet]):
    """Customers of some rows of the board, each with one next act."""

    search_label = lazy("Søk på navn eller organisasjonsnummer")
    columns = (Column(lazy("Kunde")), Column(lazy("Tilstand")), Column(lazy("Neste steg")))
    order = ORDER
    fields = due_list.FIELDS

    def __init__(self, request: StaffRequest) -> None:
        super().__init__(request)
        self.portfolio = request.GET.get("portfolio", "")
        self.local = catalogue.local(request.environment)
        self.today = timezone.localdate(self.at)

    # --- Which rows of the board --------------------------------------------------------------------------------------

    @cached_property
    def items(self) -> list[Item]:
        raise NotImplementedError

    @cached_property
    def sections(self) -> list[Section]:
        raise NotImplementedError

    # --- What follows from them ---------------------------------------------------------------------------------------

    @cached_property
    def customers(self) -> CustomerQuerySet:
        """Those that the search and the choices leave, also those from whom nothing is expected."""
        user, environment = self.request.user, self.request.environment
        found = customers_of(user=user, environment=environment, portfolio=self.portfolio)
        found = customer_filter.chosen(found, self.request.GET, user=user)
        return found.matching(self.text) if self.text else found

    @cached_property
    def board(self) -> list[Row]:
        """The rows of the board, of the same customers. A search is counted at once, and so are those of a person or a tag."""
        whose = {"environment": self.request.environment, "portfolio": self.portfolio}
        names = (customer_filter.ASSIGNEE, customer_filter.TAG)
        if self.text or any(self.request.GET.get(name) for name in names):
            numbers = count_now(self.items, self.customers)
        else:
            numbers = count(self.items, user=self.request.user, at=self.at, **whose).numbers
        return rows_of(self.items, numbers, today=self.today)

    @cached_property
    def numbers(self) -> dict[str, int]:
        return due_list.numbers_of(self.board)

    @cached_property
    def number(self) -> Number:
        return Number(self.numbers[self.chosen])

    def chips(self) -> list[dict[str, Any]]:
        return due_list.state_chips(self.numbers, query=self.request.GET, chosen=self.chosen)

    @cached_property
    def page(self) -> Page[Any]:
        def fetch(order: tuple[str, ...], cursor: list[str | int], size: int) -> list[Any]:
            return find(self.customers, self.sections, order=order, cursor=cursor, size=size)

        page = paginate_fetched(fetch, query=self.request.GET, order=self.order, size=self.size)
        return page.showing(shown(page.rows, reader=self.reader))

    def everything(self) -> Iterator[Any]:
        for some in find_all(self.customers, self.sections, batch=exports.BATCH):
            yield from shown(some, reader=self.reader)

    @property
    def reader(self) -> Reader:
        return Reader(self.at, self.is_working, self.request.user.may_work)

    def about_customers(self) -> list[Select]:
        return customer_filter.selects(self.request.user, self.request.GET, environment=self.request.environment)

    @cached_property
    def selects(self) -> list[Select]:
        return self.about_customers()


class DueCustomers(DueList):
    """Those of one service and period."""

    template = "submissions/due_customers.html"
    nothing = Nothing(lazy("Rapporten er ikke forventet fra noen"), lazy("Se hvem som skal levere hva, under Frister."))

    def __init__(self, request: StaffRequest, service: str, period: str) -> None:
        """Raises UnknownService or ValueError for an address of nothing that is due."""
        super().__init__(request)
        entry, about = catalogue.service(service), Period.read(period)
        if about.kind != entry.period or entry.fulfils:
            raise ValueError(period)
        self.item = item_of(self.local, service=entry, period=about)
        self.states = states_of(self.chosen, self.item, at=self.at)
        self.title = f"{entry.name} {about.spoken}"
        self.file_name = f"frist-{entry.id}-{about}"

    @cached_property
    def items(self) -> list[Item]:
        return [self.item]

    @cached_property
    def sections(self) -> list[Section]:
        """Asked whatever the stored number is."""
        return [Section(self.item, self.states, 1)]


class DueMissing(DueList):
    """Who has not delivered, of all that the board shows: one deadline after the other, the oldest first."""

    template = "submissions/due_missing.html"
    title = lazy("Hvem har ikke levert?")
    default = LATE_CODE
    codes = (LATE_CODE, MISSING_CODE, *map(str, MISSING))
    parent = Link("due", lazy("Frister"))
    file_name = "ikke-levert"
    nothing = Nothing(lazy("Ingen er for sent ute"), lazy("Alt som er forventet til en frist som er ute, er levert."))

    def __init__(self, request: StaffRequest) -> None:
        """Raises ValueError for an address of nothing that is missing."""
        super().__init__(request)
        if self.chosen not in self.codes:
            raise ValueError(self.chosen)
        self.span = due_board.span_of(request.GET, today=self.today)

    @cached_property
    def items(self) -> list[Item]:
        services = expecting(user=self.request.user, environment=self.request.environment, settings=self.local)
        return find_items(settings=self.local, services=services, span=self.span, at=self.at)

    @cached_property
    def sections(self) -> list[Section]:
        return sections(self.board, self.chosen, at=self.at)

    @cached_property
    def numbers(self) -> dict[str, int]:
        everything = due_list.numbers_of(self.board)
        return {code: everything[code] for code in self.codes}

    @cached_property
    def selects(self) -> list[Select]:
        services = [(one.id, one.name) for one in with_periods(self.local)]
        service = Select("service", _("Tjeneste"), services, self.span.service)
        return [service, *self.about_customers(), *due_list.months_of(self.span, today=self.today)]


@staff_page()
@require_safe
def due_customers(request: StaffRequest, service: str, period: str) -> HttpResponse:
    try:
        page = DueCustomers(request, service, period)
    except (catalogue.UnknownService, ValueError):
        raise Http404 from None
    day = page.item.day
    left = due_board.said(day, page.today) if day else ""
    return page.respond(context={"item": page.item, "left": left, "row": page.board[0]})


@staff_page()
@require_safe
def due_missing(request: StaffRequest) -> HttpResponse:
    try:
        page = DueMissing(request)
    except ValueError:
        raise Http404 from None
    return page.respond(context={"deadlines": due_list.deadlines(page.page, page.chosen, today=page.today)})
