"""The first page of Be om tilgang: the list to pick customers from.

The ticked boxes belong to the form of the search (`form="find-rows"`), so that a search and the next page take them along, also
without JavaScript. All rows of the filter go on at once where they are no more than can be asked together.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.guard import StaffRequest
from accounts.models import Customer, CustomerQuerySet
from accounts.pick_views import CustomersToPick
from portal.core.database import has_row
from portal.core.lists import Column, Link, Nothing, Select
from portal.core.next_step import list_of
from portal.core.selection import ALL
from systemusers.models import Access
from systemusers.services.alone import most_alone

MOST = 500
SEARCH, NEXT = "search", "next"
"""Values of `step` in the address."""
TURN = "turn"
"""The query of the page to turn to; the ticked boxes come along."""
ASKED, NEVER, BEFORE = "asked", "no", "yes"
"""The parameter of the address that says whether the customers were asked before, and its values."""
OWN = Access.objects.filter(customer=OuterRef("pk"))


class CustomersToAsk(CustomersToPick):
    """The picked ones stand above, whatever the search.

    Those never asked are a choice beside the search, not the first in the order: no index has such an order.
    """

    template = "systemusers/access_pick.html"
    title = lazy("Be om tilgang")
    parent = Link("accesses", lazy("Tilganger"))
    columns = (Column(lazy("Velg")), Column(lazy("Kunde")), Column(lazy("Portefølje")), Column(lazy("Tilgang")))
    nothing = Nothing(lazy("Ingen kunder ennå"), lazy("Legg til en kunde først."))
    new = Link("customer-new", lazy("Ny kunde"))

    def __init__(self, request: StaffRequest, picked: list[Customer]) -> None:
        super().__init__(request)
        self.picked = picked
        self.lacks = request.GET.get("step") == NEXT and not request.GET.get(TURN)

    def find(self) -> CustomerQuerySet:
        rows = super().find().exclude(pk__in=[row.pk for row in self.picked])
        chosen = {NEVER: ~Exists(OWN), BEFORE: Exists(OWN)}.get(self.request.GET.get(ASKED, ""))
        return rows if chosen is None else rows.filter(chosen)

    @cached_property
    def selects(self) -> list[Select]:
        options = [(NEVER, _("Ikke spurt")), (BEFORE, _("Spurt før"))]
        return [Select(ASKED, _("Tilgang"), options, self.request.GET.get(ASKED, "")), *super().selects]

    def load(self, rows: CustomerQuerySet) -> CustomerQuerySet:
        return rows.select_related("portfolio").annotate(was_asked=has_row(OWN))

    @property
    def kept(self) -> list[tuple[str, str]]:
        return [*super().kept, ("step", SEARCH)]

    @cached_property
    def may_take_all(self) -> bool:
        return bool(self.page.next_query or self.page.is_later)


def pick(request: StaffRequest, picked: list[Customer]) -> HttpResponse:
    shown = CustomersToAsk(request, picked)
    if turn := request.GET.get(TURN):
        return redirect(f"{request.path}?{_with(QueryDict(turn), picked)}")
    if shown.lacks and request.GET.get(ALL):
        return _all(request, shown)
    return shown.respond(status=422 if shown.lacks else 200)


def _with(query: QueryDict, picked: list[Customer]) -> str:
    """`query` with the picked customers and without what belongs to one press of a button."""
    copy = query.copy()
    copy.setlist("customer", [str(row.pk) for row in picked])
    copy["step"] = SEARCH
    for name in (TURN, ALL):
        copy.pop(name, None)
    return copy.urlencode()


def _all(request: StaffRequest, shown: CustomersToAsk) -> HttpResponse:
    """On to the page that asks, with every customer of the filter; more than it takes are a campaign."""
    ids = [row.pk for row in shown.picked]
    most = most_alone(request.environment, usual=MOST)
    ids += shown.filtered.values_list("pk", flat=True)[: most + 1]
    if 0 < len(ids) <= most:
        return redirect(list_of(request.environment, "access-new", urlencode({"customer": ids}, doseq=True)))
    text = _("Filteret har flere enn %(most)s kunder. Lag en kampanje: Den spør så mange dere vil.")
    messages.info(request, text % {"most": most} if ids else _("Velg minst én kunde"))
    return redirect(f"{request.path}?{_with(request.GET, shown.picked)}")


def keeps_picking(request: StaffRequest, picked: list[Any]) -> bool:
    """Whether the address asks for the list: nobody is picked yet, or more are to be found."""
    wanted = request.GET.get("step") == SEARCH or bool(request.GET.get(TURN)) or bool(request.GET.get(ALL))
    return wanted or not picked
