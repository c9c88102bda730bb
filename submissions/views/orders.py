"""Bestillinger: the list, a new one, one with its answer, and what a person decides about it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cached_property, wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.guard import StaffRequest, staff_page
from accounts.models import Customer
from portal.core import enqueue
from portal.core.bodies import takes_list
from portal.core.exports import Field, customer_fields, step_fields
from portal.core.filters import Group
from portal.core.heartbeat import is_working_for
from portal.core.htmx import page_or_fragment
from portal.core.lists import Column, Link, ListPage, Nothing, Select
from portal.core.required import required
from portal.core.search import row_id
from portal.core.states import IllegalTransition, LostRace
from portal.explain import explain
from submissions import tasks
from submissions.adapters.base import About, Finding, Level, Period, PeriodKind
from submissions.adapters.retrieval import Retrieval
from submissions.forms import OrderForm
from submissions.models import Order, OrderQuerySet
from submissions.services import catalogue
from submissions.services.documents import DocumentDamaged
from submissions.services.offers import Offer
from submissions.services.orders import answer_pages, making, pages
from submissions.services.orders.offers import askable
from submissions.views.pick import Pick, pick_customer
from submissions.views.selects import narrowed, selects_of

logger = logging.getLogger(__name__)
MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "xml": "application/xml", "json": "application/json"}
NOTHING_RUNS = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox"
PICK = Pick(
    "order-new",
    Link("orders", gettext_lazy("Bestillinger")),
    gettext_lazy("Ny bestilling"),
    gettext_lazy("Hvem gjelder bestillingen?"),
)
Act = Callable[[StaffRequest, Order], None]


class Orders(ListPage[StaffRequest, OrderQuerySet]):
    template = "submissions/orders.html"
    title = gettext_lazy("Bestillinger")
    search_label = gettext_lazy("Søk etter kunde")
    columns = (
        Column(gettext_lazy("Kunde")),
        Column(gettext_lazy("Tjeneste")),
        Column(gettext_lazy("Tilstand")),
        Column(gettext_lazy("Neste steg")),
    )
    order = ("-created_at", "-pk")
    file_name = "bestillinger"
    fields = (
        *customer_fields(lambda row: row.order.customer),
        Field(gettext_lazy("Tjeneste"), lambda row: row.service_name),
        Field(gettext_lazy("Periode"), lambda row: row.order.period),
        Field(gettext_lazy("Tilstand"), lambda row: row.order.get_status_display()),
        Field(gettext_lazy("Opprettet"), lambda row: row.order.created_at),
        *step_fields(),
    )
    nothing = Nothing(
        gettext_lazy("Ingen bestillinger ennå"),
        gettext_lazy("Slå på tjenesten under Tjenester. Når en kunde har gitt tilgang, kan dere bestille."),
    )
    new = Link("order-new", gettext_lazy("Ny bestilling"))

    def find(self) -> OrderQuerySet:
        request = self.request
        rows = pages.find_orders(user=request.user, environment=request.environment, text=self.text)
        return narrowed(rows, request.GET)

    @cached_property
    def selects(self) -> list[Select]:
        settings = catalogue.local(self.request.environment)
        return selects_of(self.request, [one for one in making.services() if settings.is_on(one)])

    def groups(self) -> list[Group]:
        return pages.GROUPS

    def apart(self) -> Group:
        return pages.of_ended()

    def load(self, rows: OrderQuerySet) -> OrderQuerySet:
        return rows.select_related("customer")

    def row(self, each: Order) -> pages.Row:
        return pages.row_of(each, at=self.at, working=self.is_working)


@staff_page()
def orders(request: StaffRequest) -> HttpResponse:
    return Orders(request).respond()


def _find(request: StaffRequest, pk: int) -> Order:
    rows = Order.objects.visible_to(request.user).filter(environment=request.environment)
    return get_object_or_404(rows.defer(None).select_related("customer", "access__customer"), pk=pk)


def _customer(request: StaffRequest, given: str) -> Customer:
    customers = Customer.objects.visible_to(request.user).filter(environment=request.environment)
    return get_object_or_404(customers, pk=row_id(given) or 0)


# --- A new one --------------------------------------------------------------------------------------------------------


@staff_page(may="may_work")
@takes_list
def new(request: StaffRequest) -> HttpResponse:
    """The customer, then the service (`offer` in the address), then what that service needs to know."""
    if row_id(request.GET.get("customer", "")) is None:
        return pick_customer(request, PICK)
    customer = _customer(request, request.GET["customer"])
    offers = askable(customer)
    allowed = {offer.key: offer for offer in offers if offer.is_allowed}
    offer = allowed.get(request.GET.get("offer", ""), next(iter(allowed.values()), None))
    context: dict[str, Any] = {"customer": customer, "offers": offers, "offer": offer, "form": None, "findings": []}
    if offer is None:
        return render(request, "submissions/order_new.html", context)
    way = making.way_of(offer.service)
    form = OrderForm(request.POST or None, request.FILES or None, way=way, today=timezone.localdate())
    context["form"] = form
    if request.method != "POST" or not form.is_valid():
        form.forget_list()
        return render(request, "submissions/order_new.html", context, status=422 if form.errors else 200)
    return _order(request, offer, way, form, context)


def _order(
    request: StaffRequest, offer: Offer, way: Retrieval, form: OrderForm, context: dict[str, Any]
) -> HttpResponse:
    """Order, unless the list has faults: then they are shown, and nothing is stored."""
    access = required(offer.access, because="only allowed offers come here")
    customer, period = context["customer"], _period(way, form)
    about = About(customer.orgnr, period, offer.service.id, offer.service.options)
    question, findings = way.read(form.ask(), about)
    if any(finding.level == Level.ERROR for finding in findings):
        form.forget_list()
        context["findings"] = [_shown(way, finding) for finding in findings]
        return render(request, "submissions/order_new.html", context, status=422)
    try:
        order = making.create_order(
            access=access, customer=customer, service=offer.service.id, period=period, question=question,
            reference=form.cleaned_data["reference"], by=request.user.actor, at=timezone.now(),
        )  # fmt: skip
    except making.NotAllowed as error:
        messages.error(request, str(error))
        return redirect(request.get_full_path())
    enqueue.enqueue_on_commit(tasks.work_orders)
    for finding in findings:
        messages.info(request, " ".join(_shown(way, finding)))
    return redirect("order", environment=request.environment, pk=order.pk)


def _shown(way: Retrieval, finding: Finding) -> tuple[str, str]:
    """(where, text)."""
    return _("Linje %(line)s:") % {"line": finding.line} if finding.line else "", way.render(finding)


def _period(way: Retrieval, form: OrderForm) -> Period:
    if way.period_kind == PeriodKind.YEAR:
        return Period.year(form.cleaned_data["year"])
    return Period(PeriodKind.NONE, timezone.localdate())


@staff_page(may="may_work")
@require_POST
def anew(request: StaffRequest) -> HttpResponse:
    """The usual question about a customer once more, from the customer's page."""
    customer = _customer(request, request.POST.get("customer", ""))
    wanted = request.POST.get("service", "")
    offer = next((each for each in askable(customer) if each.service.id == wanted and each.is_allowed), None)
    home = redirect("customer", environment=request.environment, pk=customer.pk)
    if offer is None or offer.access is None:
        messages.error(request, _("Tjenesten kan ikke brukes for denne kunden."))
        return home
    try:
        making.ask_anew(
            customer=customer, access=offer.access, service=wanted, by=request.user.actor, at=timezone.now()
        )
    except making.NotAllowed as error:
        messages.error(request, str(error))
        return home
    enqueue.enqueue_on_commit(tasks.work_orders)
    messages.success(request, _("Svaret hentes. Det står her når det er kommet."))
    return home


# --- One --------------------------------------------------------------------------------------------------------------


@staff_page()
def order(request: StaffRequest, pk: int) -> HttpResponse:
    row, at = _find(request, pk), timezone.now()
    shown = pages.one(row, user=request.user, at=at, working=is_working_for(request, at=at))
    context = {"order": row, "shown": shown, "service_name": catalogue.name_of(row.service)}
    return page_or_fragment(request, "submissions/order.html", "status", context=context)


def _readable(request: StaffRequest, pk: int) -> tuple[Order, Retrieval]:
    """The order with an answer that this user may read."""
    row = _find(request, pk)
    way = pages.way_of(row)
    if way is None or row.status != Order.Status.FETCHED or row.question is None:
        raise Http404
    if not pages.may_read(request.user, way):
        raise PermissionDenied
    return row, way


@staff_page()
def answer(request: StaffRequest, pk: int) -> HttpResponse:
    """The answer as tables, one page of rows at a time; the audit trail has who opened it."""
    row, way = _readable(request, pk)
    try:
        tables = pages.opened(row, way, by=request.user.actor, at=timezone.now())
    except DocumentDamaged as error:
        return _damaged(request, row, error)
    context = {
        "order": row,
        "tables": answer_pages.paged(tables, request.GET.get("page", "")),
        "service_name": catalogue.name_of(row.service),
        "export_formats": pages.export_formats(request.user, way),
    }
    response = render(request, "submissions/order_answer.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


@staff_page()
def export(request: StaffRequest, pk: int, format: str) -> HttpResponse:
    """The answer as a file for the payroll system; the audit trail has who took it."""
    row, way = _readable(request, pk)
    if not request.user.may_work:
        raise PermissionDenied
    if format not in way.export_formats or not row.documents.exists():
        raise Http404
    try:
        file = pages.exported(row, way, format=format, by=request.user.actor, at=timezone.now())
    except DocumentDamaged as error:
        return _damaged(request, row, error)
    response = HttpResponse(file.content, content_type=MEDIA_TYPES[format])
    name = f"{row.service}-{row.customer.orgnr}-{row.period}-{row.pk}.{format}"
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = NOTHING_RUNS
    return response


def _damaged(request: StaffRequest, row: Order, error: DocumentDamaged) -> HttpResponse:
    logger.error("%s", error)
    problem = explain(error.code)
    messages.error(request, f"{problem.title}. {problem.how}")
    return redirect("order", environment=request.environment, pk=row.pk)


# --- What a person decides --------------------------------------------------------------------------------------------


def _act(view: Act) -> Callable[..., HttpResponse]:
    """A POST that changes one order. When the state has changed, it leads to the page with a warning."""

    @staff_page(may="may_work")
    @require_POST
    @wraps(view)
    def guarded(request: StaffRequest, pk: int) -> HttpResponse:
        row = _find(request, pk)
        try:
            view(request, row)
        except making.NotAllowed as error:
            messages.error(request, str(error))
        except (LostRace, IllegalTransition):
            messages.warning(request, _("Bestillingen har gått videre i mellomtiden. Her er den slik den er nå."))
        enqueue.enqueue_on_commit(tasks.work_orders)
        return redirect("order", environment=row.environment, pk=row.pk)

    return guarded


@_act
def again(request: StaffRequest, row: Order) -> None:
    making.order_again(order=row, by=request.user.actor, at=timezone.now())
    messages.success(request, _("Bestillingen er lagt i kø på nytt."))


@_act
def wait(request: StaffRequest, row: Order) -> None:
    making.wait_longer(order=row, by=request.user.actor, at=timezone.now())
    messages.success(request, _("Vi spør etter svaret igjen."))


@_act
def cancel(request: StaffRequest, row: Order) -> None:
    making.cancel(order=row, by=request.user.actor, at=timezone.now())
    messages.success(request, _("Bestillingen er avbrutt. Vi spør ikke mer etter svaret."))
