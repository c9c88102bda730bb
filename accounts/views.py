"""Adding and editing customers, and the vendor's own profile.

The list of customers and the page of one are in other modules.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.forms import CustomerForm, DetailsForm, VendorForm
from accounts.guard import StaffRequest, staff_page
from accounts.models import Customer, Vendor
from accounts.services.business_register import LookUp, Outcome, look_up
from accounts.services.customers import AlreadyCustomer, add_customer, edit_customer, keep_look_up, readable_orgnr
from accounts.services.orgnr import BadOrgnr
from accounts.services.vendor import save_vendor
from portal.core.stale import EditedMeanwhile

LEVELS = {Outcome.FOUND: messages.SUCCESS, Outcome.SYNTHETIC: messages.INFO}


def find(request: StaffRequest, pk: int) -> Customer:
    return get_object_or_404(Customer.objects.visible_to(request.user), pk=pk, environment=request.environment)


@staff_page(may="may_work")
def new(request: StaffRequest) -> HttpResponse:
    """One form with two buttons: look the number up, or save."""
    user, environment = request.user, request.environment
    if request.method != "POST":
        return _form(request, CustomerForm(initial=request.GET.dict(), user=user, environment=environment))
    form = CustomerForm(request.POST, user=user, environment=environment)
    if "look_up" in request.POST:
        return _looked_up(request, form)
    if not form.is_valid():
        _say_known_first(request, form)
        return _form(request, form, status=422)
    return _add(request, form)


def _say_known_first(request: StaffRequest, form: CustomerForm) -> None:
    """Of a number that is a customer already, nothing else need be filled in."""
    orgnr = form.cleaned_data.get("orgnr", "")
    if there := Customer.objects.filter(environment=request.environment, orgnr=orgnr).first():
        form.errors.clear()
        form.add_error("orgnr", _already(request, there))


def _form(
    request: StaffRequest, form: CustomerForm, *, lookup: LookUp | None = None, status: int = 200
) -> HttpResponse:
    return render(request, "accounts/customer_new.html", {"form": form, "lookup": lookup}, status=status)


def _looked_up(request: StaffRequest, form: CustomerForm) -> HttpResponse:
    """The form again, filled from the register. Only the number must be valid."""
    try:
        orgnr = readable_orgnr(request.POST.get("orgnr", ""), environment=request.environment)
    except BadOrgnr:
        form.full_clean()
        for name in set(form.errors) - {"orgnr"}:
            del form.errors[name]
        return _form(request, form, status=422)
    if there := Customer.objects.filter(environment=request.environment, orgnr=orgnr).first():
        form.errors.clear()
        form.add_error("orgnr", _already(request, there))
        return _form(request, form, status=422)
    lookup = look_up(environment=request.environment, orgnr=orgnr)
    return _form(request, form.prefilled(lookup, user=request.user), lookup=lookup)


def _add(request: StaffRequest, form: CustomerForm) -> HttpResponse:
    orgnr = form.cleaned_data["orgnr"]
    lookup = look_up(environment=request.environment, orgnr=orgnr)
    try:
        customer = add_customer(
            environment=request.environment,
            orgnr=orgnr,
            details=form.details,
            by=request.user.actor,
            at=timezone.now(),
            lookup=lookup,
        )
    except AlreadyCustomer as error:
        form.add_error("orgnr", _already(request, error.customer))
        return _form(request, form, status=422)
    messages.success(request, _("%(name)s er lagt til.") % {"name": customer.name})
    for warning in lookup.warnings:
        messages.warning(request, warning)
    return redirect("customer", environment=request.environment, pk=customer.pk)


def _already(request: StaffRequest, customer: Customer) -> str:
    """A link to the existing customer; without its name when it is in a portfolio the user does not have."""
    if not Customer.objects.visible_to(request.user).filter(pk=customer.pk).exists():
        return _("Virksomheten er allerede kunde, i en portefølje du ikke har. Spør en administrator.")
    url = reverse("customer", kwargs={"environment": request.environment, "pk": customer.pk})
    text = _("Virksomheten er allerede kunde:")
    return format_html('{} <a class="ds-link" href="{}">{}</a>.', text, url, customer.name)


@staff_page(may="may_work")
def edit(request: StaffRequest, pk: int) -> HttpResponse:
    customer = find(request, pk)
    form = DetailsForm(request.POST or None, instance=find(request, pk), user=request.user)
    if request.method == "POST" and form.is_valid():
        by, at = request.user.actor, timezone.now()
        try:
            edit_customer(customer=customer, details=form.details, by=by, at=at, seen=form.seen)
        except EditedMeanwhile as error:
            form.show_edited(error)
        else:
            messages.success(request, _("Lagret."))
            return redirect("customer", environment=request.environment, pk=pk)
    context = {"form": form, "customer": customer}
    return render(request, "accounts/customer_edit.html", context, status=422 if form.errors else 200)


@staff_page(may="may_work")
@require_POST
def refresh(request: StaffRequest, pk: int) -> HttpResponse:
    """Look a customer up again. Stored data is kept when the register does not answer."""
    customer = find(request, pk)
    lookup = look_up(environment=request.environment, orgnr=customer.orgnr)
    if lookup.outcome != Outcome.UNAVAILABLE:
        keep_look_up(customer=customer, lookup=lookup, by=request.user.actor, at=timezone.now())
    messages.add_message(request, LEVELS.get(lookup.outcome, messages.WARNING), lookup.text)
    return redirect("customer", environment=request.environment, pk=pk)


@staff_page(may="keeps_vendor")
def vendor(request: StaffRequest) -> HttpResponse:
    form = VendorForm(request.POST or None, instance=Vendor.objects.first())
    if request.method == "POST" and form.is_valid():
        fields = {name: form.cleaned_data[name] for name in form.columns}
        try:
            save_vendor(fields=fields, by=request.user.actor, at=timezone.now(), seen=form.seen)
        except EditedMeanwhile as error:
            form.show_edited(error)
        else:
            messages.success(request, _("Lagret."))
            page = "settings" if request.user.may_configure else "vendor"
            return redirect(page, environment=request.environment)
    return render(request, "accounts/vendor.html", {"form": form}, status=422 if form.errors else 200)
