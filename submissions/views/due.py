"""Frister: the deadline board, the customers behind its numbers, and both as files."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any, cast

from django.http import FileResponse, Http404, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_safe

from accounts.guard import StaffRequest, staff_page
from accounts.models import CustomerQuerySet
from accounts.services.portfolio_filter import portfolio_choices
from portal.core.counting import Number
from portal.core.exports import MEDIA_TYPES, Field, as_download, customer_fields, step_fields
from portal.core.htmx import page_or_fragment
from portal.core.lists import Column, ListPage, Nothing, Select
from portal.core.paging import changed
from submissions.period import Period
from submissions.services import catalogue
from submissions.services.due.board import Row, board, forecast, rows_of
from submissions.services.due.calendar import Item, item_of
from submissions.services.due.counting import Numbers, count, count_now, customers_of
from submissions.services.due.listing import Reader, find_customers, shown, states_of
from submissions.services.due.states import expected
from submissions.services.pages import due_board, due_list


@staff_page()
@require_safe
def due(request: StaffRequest) -> HttpResponse:
    at = timezone.now()
    today, settings = timezone.localdate(at), catalogue.local(request.environment)
    span = due_board.span_of(request.GET, today=today)
    found = board(user=request.user, environment=request.environment, span=span, at=at)
    rows = found.rows
    first = due_board.most_urgent(rows, today=today)
    chosen = due_board.filtered(rows, show := request.GET.get("show", ""), today=today)
    if (format := request.GET.get("file", "")) in MEDIA_TYPES:
        return cast("HttpResponse", _as_file(request, chosen, format, at))
    where: dict[str, Any] = {"environment": request.environment, "portfolio": span.portfolio}
    context = {
        "days": due_board.days_of(chosen, **where, today=today), "headings": due_board.headings(),
        "chips": due_board.chips(rows, query=request.GET, today=today), "checked": due_board.checked(rows),
        "missing": due_board.missing(rows, **where, today=today) if show == due_board.OPEN else [],
        "urgent": _urgent(request, first, where, at) if first else None, "is_empty": not rows, "counted_at": found.counted_at,
        "next": due_board.said(first.item.day, today) if first and first.item.day else "",
        "downloads": [(one.upper(), changed(request.GET, file=one)) for one in MEDIA_TYPES],
        "choices": due_board.choices(request.GET, span, user=request.user, settings=settings, today=today),
    }  # fmt: skip
    return page_or_fragment(request, "submissions/due.html", "results", context=context)


def _urgent(request: StaffRequest, row: Row, where: dict[str, Any], at: datetime) -> due_board.Urgent:
    foreseen = forecast(row, customers_of(user=request.user, **where), environment=request.environment, at=at)
    return due_board.urgent(row, **where, foreseen=foreseen, at=at)


def _as_file(request: StaffRequest, rows: list[Row], format: str, at: datetime) -> FileResponse:
    """One line for each service and period."""
    header = [_("Siste dag"), _("Tjeneste"), _("Periode"), *(str(label) for label, _colour in due_board.headings())]
    lines = ([row.item.day, row.item.service.name, str(row.item.period), *due_board.row_numbers(row)] for row in rows)
    return as_download(request, "frister", format, header, lines, at=at)


FIELDS = (
    *customer_fields(lambda row: row.customer),
    Field(lazy("Kundenummer"), lambda row: row.customer.reference),
    Field(lazy("Portefølje"), lambda row: row.customer.portfolio or ""),
)


class DueCustomers(ListPage[StaffRequest, CustomerQuerySet]):
    """The customers behind a number, each with one next act."""

    template = "submissions/due_customers.html"
    search_label = lazy("Søk på navn eller organisasjonsnummer")
    columns = (Column(lazy("Kunde")), Column(lazy("Tilstand")), Column(lazy("Neste steg")))
    order = ("sort_name", "pk")
    nothing = Nothing(lazy("Rapporten er ikke forventet fra noen"), lazy("Se hvem som skal levere hva, under Frister."))

    def __init__(self, request: StaffRequest, item: Item) -> None:
        super().__init__(request)
        self.item, self.portfolio = item, request.GET.get("portfolio", "")
        self.title = f"{item.service.name} {item.period.spoken}"
        self.states = states_of(self.chosen, item, at=self.at)
        self.file_name = f"frist-{item.service.id}-{item.period}"
        self.fields = (*FIELDS, *due_list.fields_of(item), *step_fields())

    @cached_property
    def customers(self) -> CustomerQuerySet:
        """Those that the search and the portfolio leave, also those from whom nothing is expected."""
        user, environment = self.request.user, self.request.environment
        found = customers_of(user=user, environment=environment, portfolio=self.portfolio)
        return found.matching(self.text) if self.text else found

    def find(self) -> CustomerQuerySet:
        return expected(self.customers, self.item)

    @cached_property
    def filtered(self) -> CustomerQuerySet:
        return find_customers(self.customers, self.item, self.states)

    def load(self, rows: CustomerQuerySet) -> CustomerQuerySet:
        return rows.select_related("portfolio")

    def rows(self, found: list[Any]) -> list[Any]:
        return shown(found, self.item, reader=self.reader)

    @property
    def reader(self) -> Reader:
        return Reader(self.at, self.is_working, self.request.user.may_work)

    @cached_property
    def numbers(self) -> Row:
        """The row of the board, of the same customers."""
        (row,) = rows_of([self.item], self._count(), today=timezone.localdate(self.at))
        return row

    @cached_property
    def number(self) -> Number:
        """The rows of the chosen states."""
        return Number(sum(n for state, n in self.numbers.numbers.items() if state in self.states))

    def _count(self) -> list[Numbers]:
        """A search is counted at once."""
        if self.text:
            return count_now([self.item], self.customers)
        whose = {"environment": self.request.environment, "portfolio": self.portfolio}
        return count([self.item], user=self.request.user, at=self.at, **whose).numbers

    def chips(self) -> list[dict[str, Any]]:
        return due_list.state_chips(self.numbers, query=self.request.GET)

    @cached_property
    def selects(self) -> list[Select]:
        return [Select("portfolio", _("Portefølje"), portfolio_choices(self.request.user), self.portfolio)]


def _list(request: StaffRequest, service: str, period: str) -> DueCustomers:
    """Of the address, or 404."""
    try:
        entry, about = catalogue.service(service), Period.read(period)
        if about.kind != entry.period or entry.fulfils:
            raise Http404
        return DueCustomers(request, item_of(catalogue.local(request.environment), service=entry, period=about))
    except (catalogue.UnknownService, ValueError):
        raise Http404 from None


@staff_page()
@require_safe
def due_customers(request: StaffRequest, service: str, period: str) -> HttpResponse:
    page = _list(request, service, period)
    day = page.item.day
    left = due_board.said(day, timezone.localdate(page.at)) if day else ""
    return page.respond(context={"item": page.item, "left": left, "row": page.numbers})
