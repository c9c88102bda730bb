"""Innsendinger: the list, with one next action on each row."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as lazy

from accounts.guard import StaffRequest, staff_page
from accounts.services import customer_filter
from portal.core import changed
from portal.core.exports import Field, customer_fields, step_fields
from portal.core.filters import Group
from portal.core.lists import Column, Link, ListPage, Nothing, Select
from submissions.models import Submission, SubmissionQuerySet
from submissions.services import catalogue
from submissions.services.pages import listing
from submissions.services.pages.changed import OF_SUBMISSIONS
from submissions.views.selects import PERIOD, narrowed, period_select, service_select


class Submissions(ListPage[StaffRequest, SubmissionQuerySet]):
    template = "submissions/list.html"
    title = lazy("Innsendinger")
    search_label = lazy("Søk etter kunde eller inntektsår")
    columns = (
        Column(lazy("Kunde")),
        Column(lazy("Tjeneste")),
        Column(lazy("Tilstand"), "changed", ("-status_at", "-pk")),
        Column(lazy("Neste steg")),
    )
    order = ("-created_at", "-pk")
    file_name = "innsendinger"
    fields = (
        *customer_fields(lambda row: row.submission.customer),
        Field(lazy("Tjeneste"), lambda row: row.service_name),
        Field(lazy("Periode"), lambda row: row.submission.period.spoken),
        Field(lazy("Tilstand"), lambda row: row.submission.get_status_display()),
        Field(lazy("Opprettet"), lambda row: row.submission.created_at),
        Field(lazy("Levert"), lambda row: row.submission.delivered_at),
        *step_fields(),
    )
    nothing = Nothing(
        lazy("Ingen innsendinger ennå"),
        lazy("Når en kunde har gitt systemtilgang, kan du sende den første oppgaven."),
    )
    new = Link("submission-new", lazy("Ny innsending"))

    def find(self) -> SubmissionQuerySet:
        request = self.request
        rows = listing.find_submissions(user=request.user, environment=request.environment, text=self.text)
        rows = changed.narrowed(rows, OF_SUBMISSIONS, request.GET)
        rows = customer_filter.chosen(rows, request.GET, user=request.user, customer="customer")
        return listing.of_period(narrowed(rows, request.GET), request.GET.get(PERIOD, ""))

    @cached_property
    def selects(self) -> list[Select]:
        request, settings = self.request, catalogue.local(self.request.environment)
        services = [*catalogue.reports(settings), *catalogue.answering(settings)]
        changes = changed.changed_selects(OF_SUBMISSIONS, request.GET)
        whose = customer_filter.selects(request.user, request.GET, environment=request.environment)
        portfolio, *others = whose
        return [portfolio, service_select(request, services), period_select(request), *others, *changes]

    def groups(self) -> list[Group]:
        whose: dict[str, Any] = {"user": self.request.user, "environment": self.request.environment}
        return [*listing.groups(self.at), *listing.groups_of_work(**whose, at=self.at)]

    def apart(self) -> Group:
        return listing.of_ended()

    def load(self, rows: SubmissionQuerySet) -> SubmissionQuerySet:
        return rows.select_related("customer").with_correction()

    def row(self, each: Submission) -> listing.Row:
        return listing.row_of(each, at=self.at, working=self.is_working)


@staff_page()
def submissions(request: StaffRequest) -> HttpResponse:
    return Submissions(request).respond()
