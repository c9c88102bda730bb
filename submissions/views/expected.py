"""Hvem skal levere hva: from which customers a report is expected, one by one and in bulk."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.guard import StaffRequest, staff_page
from accounts.models import Customer, CustomerImport
from accounts.services.portfolio_filter import portfolio_choices
from portal.core.confirm import Question, ask_first
from portal.core.search import row_id
from submissions.due_forms import ExpectationForm, ExpectedInBulkForm
from submissions.models import Expectation
from submissions.period import PeriodKind
from submissions.services import catalogue
from submissions.services.catalogue import Service
from submissions.services.due import expectations
from submissions.services.due.calendar import with_periods
from submissions.services.due.counting import customers_of
from submissions.services.pages import due_expected
from submissions.services.pages.due_expected import Named
from systemusers.models import Campaign


@staff_page()
@require_safe
def expected(request: StaffRequest) -> HttpResponse:
    """Every service: from how many customers it is expected, and who is suggested."""
    rows = due_expected.overview(
        user=request.user, environment=request.environment, settings=catalogue.local(request.environment),
        today=timezone.localdate(),
    )  # fmt: skip
    return render(request, "submissions/expected.html", {"rows": rows, "named": _named(request)})


@staff_page(may="may_work")
@require_safe
def expected_in_bulk(request: StaffRequest, service: str) -> HttpResponse:
    """Choose the customers of one service by a filter. A valid form leads to the page that names their number."""
    entry = _service(service)
    form = _bulk_form(request, entry, request.GET if "who" in request.GET else None)
    if form.is_bound and form.is_valid():
        address = reverse("expected-confirm", kwargs={"environment": request.environment, "service": entry.id})
        return redirect(f"{address}?{request.GET.urlencode()}")
    status = 422 if form.errors else 200
    context = {"service": entry, "form": form, "named": _named(request)}
    return render(request, "submissions/expected_in_bulk.html", context, status=status)


@staff_page(may="may_work")
@require_http_methods(["GET", "HEAD", "POST"])
def expected_confirm(request: StaffRequest, service: str) -> HttpResponse:
    """Name the number, and store the decision once it is confirmed."""
    entry = _service(service)
    form = _bulk_form(request, entry, request.GET)
    if not form.is_valid():
        return redirect("expected-in-bulk", environment=request.environment, service=entry.id)
    customers = customers_of(
        user=request.user, environment=request.environment, portfolio=form.cleaned_data["portfolio"]
    )
    who, named = form.cleaned_data["who"], _named(request)
    chosen = due_expected.chosen(customers, entry, who, today=timezone.localdate(), named=named)
    decision = form.decision()
    if (answer := ask_first(request, _question(request, decision, chosen.count()))) is not None:
        return answer
    keys = chosen.values_list("pk", flat=True)
    number = expectations.decide(
        customers=keys, decision=decision, environment=request.environment, by=request.user.actor, at=timezone.now()
    )
    messages.success(request, due_expected.done(decision, number))
    return redirect("expected", environment=request.environment)


def _question(request: StaffRequest, decision: expectations.Decision, number: int) -> Question:
    where = {"environment": request.environment}
    back = reverse("expected-in-bulk", kwargs={**where, "service": decision.service.id})
    return Question(
        title=due_expected.asked(decision, number),
        consequences=due_expected.consequences(decision),
        button=_("Lagre for %(n)s") % {"n": ngettext("%(n)s kunde", "%(n)s kunder", number) % {"n": number}},
        trail=[
            (_("Frister"), reverse("due", kwargs=where)),
            (_("Hvem skal levere hva?"), reverse("expected", kwargs=where)),
            (decision.service.name, back),
        ],
    )


def _bulk_form(request: StaffRequest, service: Service, data: Any) -> ExpectedInBulkForm:
    return ExpectedInBulkForm(
        data, service=service, portfolios=portfolio_choices(request.user), today=timezone.localdate(),
        named=_named(request),
        initial={"who": request.GET.get("from", "suggested")},
    )  # fmt: skip


def _named(request: StaffRequest) -> Named | None:
    """The customers of the import or the campaign that the address names, of those that the user sees."""
    where = {"environment": request.environment}
    pk = row_id(request.GET.get("import", ""))
    if pk is not None:
        rows = CustomerImport.objects.visible_to(request.user).filter(**where, status=CustomerImport.Status.DONE)
        return next((due_expected.of_import(row) for row in rows.filter(pk=pk)), None)
    pk = row_id(request.GET.get("campaign", ""))
    if pk is None:
        return None
    campaigns = Campaign.objects.visible_to(request.user).filter(**where)
    return next((due_expected.of_campaign(row) for row in campaigns.filter(pk=pk) if row.is_begun), None)


def _service(service: str) -> Service:
    try:
        entry = catalogue.service(service)
    except catalogue.UnknownService:
        raise Http404 from None
    if entry.period == PeriodKind.NONE or entry.fulfils:
        raise Http404
    return entry


@staff_page()
@require_safe
def of_customer(request: StaffRequest, pk: int) -> HttpResponse:
    """What is expected from one customer, of every service."""
    customer = _customer(request, pk)
    settings = catalogue.local(request.environment)
    rows = due_expected.of_customer(customer, with_periods(settings))
    return render(request, "submissions/customer_expected.html", {"customer": customer, "rows": rows})


@staff_page(may="may_work")
@require_http_methods(["GET", "HEAD", "POST"])
def of_customer_one(request: StaffRequest, pk: int, service: str) -> HttpResponse:
    """Decide one service of one customer."""
    customer, entry = _customer(request, pk), _service(service)
    row = Expectation.objects.filter(customer=customer, service=entry.id).first()
    form = ExpectationForm(request.POST or None, service=entry, row=row, today=timezone.localdate())
    if request.method == "POST" and form.is_valid():
        expectations.decide(
            customers=[customer.pk], decision=form.decision(), environment=customer.environment,
            by=request.user.actor, at=timezone.now(),
        )  # fmt: skip
        messages.success(request, _("Lagret."))
        return redirect("customer-expected", environment=request.environment, pk=pk)
    context = {"customer": customer, "service": entry, "form": form}
    return render(request, "submissions/customer_expected_one.html", context, status=422 if form.errors else 200)


def _customer(request: StaffRequest, pk: int) -> Customer:
    rows = Customer.objects.visible_to(request.user).filter(environment=request.environment)
    return get_object_or_404(rows, pk=pk)
