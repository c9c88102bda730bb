"""Example files for the sandbox: the whole flow can be tried without a report of one's own."""

from __future__ import annotations

import io

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.guard import StaffRequest, staff_page
from accounts.models import Customer
from portal.core.environments import Environment
from submissions.adapters.rf1086 import samples
from submissions.services import drafts
from submissions.views.one import find, say_not_stored


class Example(io.BytesIO):
    """A file as a form would give it."""

    def __init__(self, name: str, content: bytes) -> None:
        super().__init__(content)
        self.name, self.size = name, len(content)


def examples(customer: Customer, year: int, *, wrong_sum: bool) -> list[Example]:
    """Synthetic RF-1086 files for the customer and year; with `wrong_sum` Skatteetaten will reject them."""
    files = samples.example(customer.orgnr, customer.name, year, shareholders=3, wrong_sum=wrong_sum)
    return [Example(file.name, file.content) for file in files]


@staff_page(may="may_work")
@require_POST
def add_examples(request: StaffRequest, pk: int) -> HttpResponse:
    if request.environment != Environment.SANDBOX:
        raise Http404
    draft = find(request, pk)
    files = examples(draft.customer, draft.year, wrong_sum="wrong_sum" in request.POST)
    try:
        drafts.add_files(submission=draft, files=files, by=request.user.actor, at=timezone.now())
    except drafts.NotStored as error:
        say_not_stored(request, error)
    return redirect("submission", environment=request.environment, pk=pk)
