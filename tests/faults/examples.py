"""The example files of a service as a report that is on its way."""

from __future__ import annotations

import time

from django.utils import timezone, translation

from submissions.period import Period
from submissions.services.drafting.drafts import add_files, create_draft
from submissions.services.sending.queue import queue
from submissions.services.ways import about_of, adapter_of
from submissions.views.examples import Example
from systemusers.models import Access


def queue_example(access: Access, service: str, *, wrong: bool) -> None:
    """With `wrong` a sum does not fit, and `created_by` says so."""
    at, by = timezone.now(), "task:wrong" if wrong else "task:right"
    with translation.override("nb"):
        draft = create_draft(access=access, service=service, period=Period.year(2025), by=by, at=at)
        files = adapter_of(draft).examples(about_of(draft), name=draft.customer.name, wrong=wrong)
        add_files(submission=draft, files=[Example(f.name, f.content) for f in files], by=by, at=at)
        draft.refresh_from_db()
        while not draft.is_checked:  # on a slow machine a worker goes on with it
            time.sleep(0.5)
            draft.refresh_from_db()
        queue(submission=draft, by=by, at=timezone.now(), confirmed=frozenset({"warnings"}))
