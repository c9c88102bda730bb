"""Example files for the sandbox: the whole flow can be tried without a report of one's own."""

from __future__ import annotations

import io
from datetime import date

from django.db.models import Exists, OuterRef
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from accounts.guard import StaffRequest
from accounts.models import Customer, User
from portal.core.environments import Environment
from submissions.adapters import HAND_OVERS, adapter
from submissions.adapters.base import About
from submissions.forms import ended
from submissions.models import Submission
from submissions.period import Period, PeriodKind
from submissions.services import catalogue
from submissions.services.drafting import drafts
from submissions.services.offers import Offer, offers_for
from submissions.services.versions import about_whole
from submissions.views.one import act, say_not_stored
from systemusers.models import Access

MANY = 6
"""So many customers have a report in a heap of examples."""


class Example(io.BytesIO):
    """A file as a form would give it."""

    def __init__(self, name: str, content: bytes) -> None:
        super().__init__(content)
        self.name, self.size = name, len(content)


def examples(about: About, *, name: str, wrong: bool) -> list[Example]:
    """Synthetic files about the customer with this name; with `wrong` the authority will reject them."""
    files = adapter(catalogue.service(about.service).adapter).examples(about, name=name, wrong=wrong)
    return [Example(file.name, file.content) for file in files]


def examples_of_many(*, user: User, today: date) -> list[Example]:
    """Reports of customers of the sandbox that have given an access, of several services, and a file that is none; [] without customers."""
    usable = Access.objects.filter(customer=OuterRef("pk"), status__in=Access.USABLE)
    customers = Customer.objects.visible_to(user).current().filter(Exists(usable), environment=Environment.SANDBOX)
    files: list[Example] = []
    for number, customer in enumerate(customers.order_by("sort_name", "pk")[:MANY]):
        if offers := [offer for offer in offers_for(customer) if offer.is_allowed and _is_sorted(offer)]:
            files += _named(customer, offers[number % len(offers)], today)
    return [*files, Example("notat.txt", b"Ikke en oppgave")] if files else []


def _is_sorted(offer: Offer) -> bool:
    """Whether its files say whom they are about and when, and nobody has to finish it by hand."""
    return offer.service.adapter not in HAND_OVERS and offer.service.period != PeriodKind.NONE


def _named(customer: Customer, offer: Offer, today: date) -> list[Example]:
    service, period = offer.service, ended(offer.service.period, today)
    assert isinstance(period, Period)  # noqa: S101 - see _is_sorted
    files = examples(About(customer.orgnr, period, service.id, service.options), name=customer.name, wrong=False)
    return [Example(f"{customer.orgnr} {file.name}", file.getvalue()) for file in files]


@act
def add_examples(request: StaffRequest, draft: Submission) -> HttpResponse:
    if request.environment != Environment.SANDBOX:
        raise Http404
    files = examples(about_whole(draft), name=draft.customer.name, wrong="wrong_sum" in request.POST)
    try:
        drafts.add_files(submission=draft, files=files, by=request.user.actor, at=timezone.now())
    except drafts.NotStored as error:
        say_not_stored(request, error)
    return redirect("submission", environment=request.environment, pk=draft.pk)
