"""Customers from a list, in the environments for trying: upload or paste, see a verdict on each row, confirm."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.forms import CustomerListForm
from accounts.guard import StaffRequest, staff_page
from accounts.services import customer_import
from accounts.services.customer_list import MOST_ROWS, CustomerList, TooManyRows, Unreadable, read_list
from portal.core.bodies import takes_list
from portal.core.environments import Environment


@staff_page(may="is_administrator")
@takes_list
def import_list(request: StaffRequest) -> HttpResponse:
    """The form; the verdicts; with "confirm", the customers. The page of verdicts sends the rows on, without a file."""
    if request.environment == Environment.PRODUCTION:
        raise Http404
    if request.method != "POST":
        return _form(request, CustomerListForm())
    form = CustomerListForm(request.POST, request.FILES)
    if not form.is_valid():
        return _form(request, form, status=422)
    customers = _read(form)
    if customers is None:
        return _form(request, form, status=422)
    rows = customer_import.judge(customers, environment=request.environment)
    if "confirm" in request.POST:
        return _store(request, rows)
    context = {
        "rows": rows,
        "counted": customer_import.counted(rows),
        "dropped": customers.dropped,
        "used": sum(row.is_used for row in rows),
        "text": customer_import.as_text(rows),
    }
    return render(request, "accounts/customer_list_verdicts.html", context)


def _read(form: CustomerListForm) -> CustomerList | None:
    """None with an error on the form when the list is not taken."""
    try:
        customers = read_list(form.content)
    except TooManyRows:
        form.add_error(None, _("Listen har mer enn %(most)s rader. Del den opp.") % {"most": MOST_ROWS})
    except Unreadable:
        form.add_error(None, _("Listen kan ikke leses. Lagre den som CSV, med en virksomhet på hver linje."))
    else:
        if customers.lines:
            return customers
        form.add_error(None, _("Listen har ingen rader."))
    return None


def _form(request: StaffRequest, form: CustomerListForm, *, status: int = 200) -> HttpResponse:
    form.hide_identity_numbers()
    context = {"form": form, "most": MOST_ROWS}
    return render(request, "accounts/customer_list.html", context, status=status)


def _store(request: StaffRequest, rows: list[customer_import.Row]) -> HttpResponse:
    by, at = request.user.actor, timezone.now()
    made, named = customer_import.store(rows, environment=request.environment, by=by, at=at)
    text = _("Nye kunder: %(made)s. Kunder som fikk ny godkjenner: %(named)s.")
    messages.success(request, text % {"made": made, "named": named})
    return redirect("customers", environment=request.environment)
