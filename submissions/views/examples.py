"""Example files for the sandbox: a stranger can walk the whole way without a report of their own at hand."""

from __future__ import annotations

import io

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from portal.access import StaffRequest, staff_page
from portal.environments import Environment
from submissions.rf1086 import samples
from submissions.services import drafts
from submissions.views.one import find


class Example(io.BytesIO):
    """A file as a form would give it."""

    def __init__(self, name: str, content: bytes) -> None:
        super().__init__(content)
        self.name, self.size = name, len(content)


@staff_page(may="may_work")
@require_POST
def add_examples(request: StaffRequest, pk: int) -> HttpResponse:
    """Synthetic RF-1086 files for the draft's customer and year; with `wrong_sum` Skatteetaten will reject them."""
    if request.environment != Environment.SANDBOX:
        raise Http404
    draft = find(request, pk)
    wrong_sum = "wrong_sum" in request.POST
    files = samples.example(draft.customer.orgnr, draft.customer.name, draft.year, shareholders=3, wrong_sum=wrong_sum)
    uploads = [Example(file.name, file.content) for file in files]
    drafts.add_files(submission=draft, files=uploads, by=request.user.actor, at=timezone.now())
    return redirect("submission", environment=request.environment, pk=pk)
