"""The persons at a customer: pages to add, change and remove one, and to put it back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.forms import ContactForm
from accounts.guard import StaffRequest, staff_page
from accounts.models import Contact, Customer
from accounts.services.contacts import SameAddress, remove_contact, restore_contact, save_contact
from accounts.views import find
from portal.core.removed import TooLate
from portal.core.stale import EditedMeanwhile
from portal.core.undo import field_of, say_with_undo


@staff_page(may="may_work")
def new(request: StaffRequest, pk: int) -> HttpResponse:
    return _form(request, find(request, pk), None)


@staff_page(may="may_work")
def edit(request: StaffRequest, pk: int, contact: int) -> HttpResponse:
    customer = find(request, pk)
    return _form(request, customer, get_object_or_404(customer.contacts, pk=contact))


def _form(request: StaffRequest, customer: Customer, contact: Contact | None) -> HttpResponse:
    form = ContactForm(request.POST or None, instance=contact)
    if request.method == "POST" and form.is_valid():
        which, by, at = contact.pk if contact else 0, request.user.actor, timezone.now()
        try:
            save_contact(customer=customer, details=form.details, contact=which, by=by, at=at, seen=form.seen)
        except EditedMeanwhile as error:
            form.show_edited(error)
        except SameAddress:
            form.add_error("email", _("Kunden har alt en kontakt med denne adressen."))
        except Contact.DoesNotExist:
            messages.warning(request, _("Kontakten er fjernet i mellomtiden."))
            return redirect("customer", environment=request.environment, pk=customer.pk)
        else:
            messages.success(request, _("Lagret."))
            return redirect("customer", environment=request.environment, pk=customer.pk)
    context = {"form": form, "customer": customer, "contact": contact}
    return render(request, "accounts/contact.html", context, status=422 if form.errors else 200)


@staff_page(may="may_work")
@require_POST
def remove(request: StaffRequest, pk: int, contact: int) -> HttpResponse:
    by, at = request.user.actor, timezone.now()
    if reference := remove_contact(customer=find(request, pk), contact=contact, by=by, at=at):
        back = reverse("contact-restore", kwargs={"environment": request.environment, "pk": pk})
        say_with_undo(request, _("Kontakten er fjernet."), address=back, value=reference)
    return redirect("customer", environment=request.environment, pk=pk)


@staff_page(may="may_work")
@require_POST
def restore(request: StaffRequest, pk: int) -> HttpResponse:
    which, by = field_of(request, "value"), request.user.actor
    try:
        restore_contact(customer=find(request, pk), reference=which, by=by, at=timezone.now())
    except TooLate:
        messages.warning(request, _("Kontakten kan ikke hentes tilbake lenger."))
    except SameAddress:
        messages.warning(request, _("Kunden har alt en kontakt med denne adressen."))
    else:
        messages.success(request, _("Kontakten er hentet tilbake."))
    return redirect("customer", environment=request.environment, pk=pk)
