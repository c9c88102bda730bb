"""Example files for the sandbox: the whole flow can be tried without a report of one's own."""

from __future__ import annotations

import io

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from accounts.guard import StaffRequest
from portal.core.environments import Environment
from submissions.adapters import adapter
from submissions.adapters.base import About
from submissions.models import Submission
from submissions.services import catalogue
from submissions.services.drafting import drafts
from submissions.services.versions import about_whole
from submissions.views.one import act, say_not_stored


class Example(io.BytesIO):
    """A file as a form would give it."""

    def __init__(self, name: str, content: bytes) -> None:
        super().__init__(content)
        self.name, self.size = name, len(content)


def examples(about: About, *, name: str, wrong: bool) -> list[Example]:
    """Synthetic files about the customer with this name; with `wrong` the authority will reject them."""
    files = adapter(catalogue.service(about.service).adapter).examples(about, name=name, wrong=wrong)
    return [Example(file.name, file.content) for file in files]


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
