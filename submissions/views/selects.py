"""The choices beside the search of lists with a customer and a service: portfolio, service, and period where rows have one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.guard import StaffRequest
from accounts.services.portfolio_filter import PARAMETER, in_portfolio, portfolio_select
from portal.core.lists import Select
from submissions.models import OrderQuerySet, SubmissionQuerySet
from submissions.services.catalogue import Service
from submissions.services.pages import listing

SERVICE, PERIOD = "service", "period"
Rows = TypeVar("Rows", SubmissionQuerySet, OrderQuerySet)


def selects_of(request: StaffRequest, services: Iterable[Service]) -> list[Select]:
    """By portfolio and service."""
    return [portfolio_select(request.user, request.GET), service_select(request, services)]


def service_select(request: StaffRequest, services: Iterable[Service]) -> Select:
    """`services` are those to choose from; a chosen one that is not among them is offered too."""
    chosen = request.GET.get(SERVICE, "")
    options = listing.service_choices(one.id for one in services)
    if chosen and chosen not in dict(options):
        options += listing.service_choices([chosen])
    return Select(SERVICE, _("Tjeneste"), options if len(options) > 1 else [], chosen)


def period_select(request: StaffRequest) -> Select:
    return Select(PERIOD, _("Inntektsår"), listing.year_choices(request.environment), request.GET.get(PERIOD, ""))


def narrowed(rows: Rows, query: QueryDict) -> Rows:
    """By the chosen portfolio and service."""
    rows = in_portfolio(rows, query.get(PARAMETER, ""))
    service = query.get(SERVICE, "").replace("\x00", "")
    return rows.filter(service=service) if service else rows
