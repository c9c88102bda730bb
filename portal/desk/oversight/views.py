"""The report *Hvem har handlet for hvilken kunde*, for administrators: by employee, customer, period and act; as a page and as a file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_safe

from accounts.guard import StaffRequest, staff_page
from accounts.models import User
from portal.core.audit import AuditEvent
from portal.core.counting import Number, number_of
from portal.core.exports import Field
from portal.core.formats import spelled_date
from portal.core.forms import CleanText
from portal.core.lists import Column, Link, ListPage, Nothing, Select
from portal.core.trail.proof import TooLarge
from portal.core.trail.watch import find_state
from portal.desk.oversight import acts, kinds, proved


class PeriodForm(CleanText, forms.Form):
    """Without dates: from the first of this month until today."""

    first = forms.DateField(label=lazy("Fra"), widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label=lazy("Til"), widget=forms.DateInput(attrs={"type": "date"}))

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = dict(super().clean() or {})
        for name, day in found.items():
            if not 2000 <= day.year <= 2100:
                self.add_error(name, lazy("Velg et år mellom 2000 og 2100."))
        first, last = found.get("first"), found.get("last")
        if first and last and last < first:
            self.add_error("last", lazy("Til-datoen er før fra-datoen."))
        if first and last and last - first > acts.LONGEST:
            self.add_error("last", lazy("Velg høyst ett år om gangen."))
        return found


@dataclass(frozen=True)
class Line:
    """One employee of the table, with the queries that lead to their acts: of all kinds, and of each."""

    name: str
    query: str
    customers: int
    cells: list[tuple[int, str]]


class WhoActed(ListPage[StaffRequest, QuerySet[AuditEvent]]):
    template = "desk/oversight/who.html"
    title = lazy("Hvem har handlet for hvilken kunde")
    parent = Link("settings", lazy("Innstillinger"))
    search_label = lazy("Kunde: navn eller organisasjonsnummer")
    columns = (
        Column(lazy("Rad")), Column(lazy("Tid")), Column(lazy("Ansatt")), Column(lazy("Handling")), Column(lazy("Kunde")),
        Column(lazy("Gjelder")),
    )  # fmt: skip
    order = ("-at", "-pk")
    nothing = Nothing(lazy("Ingen handlinger i perioden"), lazy("Velg en annen periode."))
    file_name = "hvem-har-handlet"
    fields = (
        Field(lazy("Rad"), lambda row: row.event.pk),
        Field(lazy("Tid"), lambda row: row.event.at),
        Field(lazy("Ansatt"), lambda row: row.who),
        Field(lazy("Aktør i loggen"), lambda row: row.event.by),
        Field(lazy("Handling"), lambda row: row.act),
        Field(lazy("Detaljer"), lambda row: row.details),
        Field(lazy("Type"), lambda row: kinds.TITLES[kinds.kind_of(row.event.what)]),
        Field(lazy("Kode"), lambda row: row.event.what),
        Field(lazy("Organisasjonsnummer"), lambda row: row.customer.orgnr if row.customer else ""),
        Field(lazy("Kunde"), lambda row: row.customer.name if row.customer else ""),
        Field(lazy("Gjelder"), lambda row: row.about),
        Field(lazy("Miljø"), lambda row: row.event.environment),
    )

    @cached_property
    def form(self) -> PeriodForm:
        """Dates that are wrong are shown with their error, and the report is of this month."""
        today = timezone.localdate(self.at)
        usual = {"first": today.replace(day=1).isoformat(), "last": today.isoformat()}
        return PeriodForm({name: self.request.GET.get(name) or usual[name] for name in usual})

    @cached_property
    def period(self) -> acts.Period:
        if self.form.is_valid():
            return acts.Period(self.form.cleaned_data["first"], self.form.cleaned_data["last"])
        today = timezone.localdate(self.at)
        return acts.Period(today.replace(day=1), today)

    @cached_property
    def who(self) -> str:
        return self.request.GET.get("who", "")

    @cached_property
    def staff(self) -> list[User]:
        return list(User.objects.order_by("name", "email"))

    @cached_property
    def selects(self) -> list[Select]:
        return [
            Select("who", lazy("Ansatt"), acts.employees(self.staff), self.who),
            Select("act", lazy("Handling"), list(kinds.TITLES.items()), self.request.GET.get("act", "")),
        ]

    @property
    def kept(self) -> list[tuple[str, str]]:
        return [(name, value) for name, value in super().kept if name not in ("first", "last")]

    @cached_property
    def of_all_kinds(self) -> QuerySet[AuditEvent]:
        user, environment = self.request.user, self.request.environment
        return acts.find_acts(user=user, environment=environment, period=self.period, who=self.who, text=self.text)

    def find(self) -> QuerySet[AuditEvent]:
        """Kinds are no chips: to count one that is rare reads the whole period."""
        kind = self.request.GET.get("act", "")
        return self.of_all_kinds.filter(kinds.condition(kind)) if kind in kinds.TITLES else self.of_all_kinds

    @property
    def number_of_all_kinds(self) -> Number:
        if self.of_all_kinds is self.matching:
            return self.number
        return number_of(self.of_all_kinds, known_by=[*self.question, "of all kinds"])

    def rows(self, found: list[Any]) -> list[Any]:
        return acts.shown(found, staff=self.staff)

    @property
    def of(self) -> str:
        """What was asked for, in words, for the file with proof."""
        period = f"{spelled_date(self.period.first)} – {spelled_date(self.period.last)}"
        chosen = [str(dict(each.options).get(each.chosen, each.chosen)) for each in self.selects if each.chosen]
        return ", ".join([period, *chosen, *([self.text] if self.text else [])])

    def lines(self, people: list[acts.Employee]) -> list[Line]:
        """With links to the acts behind each number."""
        return [
            Line(
                one.name,
                self.query(who=one.email, act=""),
                one.customers,
                [(number, self.query(who=one.email, act=kind)) for kind, number in one.counts],
            )
            for one in people
        ]


def _proved(request: StaffRequest, report: WhoActed) -> HttpResponseBase:
    given: dict[str, Any] = {"user": request.user, "environment": request.environment, "at": report.at}
    try:
        file = proved.make(rows=report.filtered, of=report.of, **given)
    except TooLarge:
        messages.error(request, _("Velg en kortere periode: en fil med bevis har plass til omtrent en måned."))
        return redirect(f"{request.path}?{report.query(file='')}")
    name = f"{proved.NAME}-{timezone.localtime(report.at):%Y-%m-%d}.jsonl"
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/jsonl; charset=utf-8")


@staff_page(may="is_administrator")
@require_safe
def who_acted(request: StaffRequest) -> HttpResponse:
    report = WhoActed(request)
    if request.GET.get("file") == "proof" and request.method == "GET":
        return cast("HttpResponse", _proved(request, report))
    is_too_long = report.number_of_all_kinds.value > acts.MOST_SUMMED
    is_asked = not (is_too_long or request.headers.get("HX-Request") or request.GET.get("file"))
    people = acts.summary(report.of_all_kinds, staff=report.staff) if is_asked else []
    context = {
        "proof_query": report.query(file="proof"),
        "is_too_long": is_too_long,
        "people": report.lines(people),
        "totals": acts.totals(people),
        "titles": kinds.TITLES.values(),
        "trail": find_state(at=report.at),
    }
    return report.respond(context=context)
