"""Tag, person or portfolio for many picked customers: one page that names their number and asks for the value."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from accounts.guard import StaffRequest
from accounts.models import CustomerQuerySet, Portfolio, User
from accounts.services import customer_groups
from accounts.services.customer_filter import workers
from portal.core.forms import CleanText
from portal.core.selection import ACT, ALL, NUMBER, PICK

TAG, ASSIGN, MOVE = "tag", "assign", "move"
ACTS = {TAG: lazy("Gi merkelapp"), ASSIGN: lazy("Sett ansvarlig"), MOVE: lazy("Sett portefølje")}


class TagForm(CleanText, forms.Form):
    value = forms.CharField(label=lazy("Merkelapp"), max_length=customer_groups.LONGEST)


class AssignForm(CleanText, forms.Form):
    value = forms.ModelChoiceField(
        User.objects.none(), label=lazy("Ansvarlig"), required=False, empty_label=lazy("Ingen")
    )

    def __init__(self, *args: object, user: User) -> None:
        super().__init__(*args)
        field = self.fields["value"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
        field.queryset = workers(user.working_in or "")


class MoveForm(CleanText, forms.Form):
    """A case worker chooses one of their own portfolios."""

    value = forms.ModelChoiceField(
        Portfolio.objects.all(), label=lazy("Portefølje"), required=False, empty_label=lazy("Ingen")
    )

    def __init__(self, *args: object, user: User) -> None:
        super().__init__(*args)
        field = self.fields["value"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
        if not user.sees_all_customers:
            field.queryset, field.required, field.empty_label = (
                Portfolio.objects.filter(pk__in=user.portfolio_ids),
                True,
                None,
            )


def form_of(act: str, data: object, *, user: User) -> forms.Form:
    if act == TAG:
        return TagForm(data)
    return AssignForm(data, user=user) if act == ASSIGN else MoveForm(data, user=user)


def respond(request: StaffRequest, rows: CustomerQuerySet) -> HttpResponse:
    """The page that asks; the act, once the number that it names is still right and the value is valid."""
    act, number, named = request.POST[ACT], rows.count(), request.POST.get(NUMBER, "")
    if not number:
        messages.error(request, _("Velg minst én kunde"))
        return redirect(request.get_full_path())
    form = form_of(act, request.POST if named else None, user=request.user)
    if named and named != str(number):
        messages.warning(request, _("Antallet har endret seg. Se på det nye før du bekrefter."))
        form = form_of(act, None, user=request.user)
    elif named and form.is_valid():
        try:
            changed = do(act, rows, form.cleaned_data["value"], request.user.actor, timezone.now())
        except customer_groups.BadTag:
            form.add_error("value", _("Skriv en merkelapp uten komma."))
        else:
            text = ngettext("%(n)s kunde er endret.", "%(n)s kunder er endret.", changed)
            messages.success(request, text % {"n": changed})
            return redirect(request.get_full_path())
    hidden = [(name, value) for name in (ACT, ALL, PICK) for value in request.POST.getlist(name)]
    context = {"form": form, "title": ACTS[act], "number": number, "hidden": [*hidden, (NUMBER, str(number))]}
    return render(request, "desk/customers_many.html", context, status=422 if form.errors else 200)


def do(act: str, rows: CustomerQuerySet, value: object, by: str, at: datetime) -> int:
    """Returns how many changed. Raises BadTag."""
    acts: dict[str, Callable[[], int]] = {
        TAG: lambda: customer_groups.add_tag(customers=rows, name=str(value), by=by, at=at),
        ASSIGN: lambda: customer_groups.assign(
            customers=rows, to=value if isinstance(value, User) else None, by=by, at=at
        ),
        MOVE: lambda: customer_groups.move(
            customers=rows, to=value if isinstance(value, Portfolio) else None, by=by, at=at
        ),
    }
    return acts[act]()
