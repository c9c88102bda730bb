"""Innhenting som feiler: what we fail to fetch from Dialogporten, and the subscriptions that Altinn does not take."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.guard import StaffRequest, staff_page
from portal.core.exports import Field, customer_fields
from portal.core.lists import Column, Link, ListPage, Nothing
from submissions.services.inbox import following as failing


class Following(ListPage[StaffRequest, QuerySet[Any]]):
    """What we fail to fetch: from Dialogporten, and with `?state=events` the subscriptions that Altinn does not take."""

    template = "submissions/following.html"
    title = lazy("Innhenting som feiler")
    parent = Link("dialogs", lazy("Dialoger"))
    columns = (
        Column(lazy("Kunde")),
        Column(lazy("Hva er galt")),
        Column(lazy("Hvem kan rette det")),
        Column(lazy("Gikk sist bra")),
        Column(lazy("Neste forsøk")),
    )
    order = ("pk",)
    file_name = "feil-i-innhenting"
    fields = (
        *customer_fields(lambda row: row.access.customer),
        Field(lazy("Hva er galt"), lambda row: row.problem.title),
        Field(lazy("Hvem kan rette det"), lambda row: row.problem.who),
        Field(lazy("Gikk sist bra"), lambda row: row.good_at),
        Field(lazy("Neste forsøk"), lambda row: row.next_attempt_at),
    )
    nothing = Nothing(lazy("Ingenting feiler"), lazy("Alt hentes som det skal."))
    is_filtered = False  # both choices are whole lists of their own

    def find(self) -> QuerySet[Any]:
        request = self.request
        return failing.find_failing(user=request.user, environment=request.environment, state=self.chosen)

    def row(self, each: Any) -> failing.Row:
        return failing.row_of(each)

    def chips(self) -> list[dict[str, Any]]:
        is_events = self.chosen == failing.EVENTS
        return [
            {"label": _("Dialogporten"), "count": None, "query": "", "is_current": not is_events},
            {"label": _("Hendelser fra Altinn"), "count": None, "query": "state=events", "is_current": is_events},
        ]


@staff_page()
def following(request: StaffRequest) -> HttpResponse:
    return Following(request).respond()
