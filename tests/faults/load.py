"""Load for a portal that runs elsewhere. Called by `manage.py shell` in a process with that portal's settings."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import httpx
from django.conf import settings
from django.utils import timezone

from accounts.models import Role, User
from portal.local.tour import Tour
from submissions.models import Submission
from submissions.period import Period
from submissions.services.documents import store_document
from submissions.services.queue import queue
from submissions.services.ways import about_of, adapter_of
from submissions.tasks import reconcile_submissions, send_submissions
from systemusers.models import Access
from tests.submissions.rows import make_draft
from tests.submissions.world import store_package


def prepare() -> None:
    """A customer in the sandbox gives access."""
    user = User.objects.filter(role=Role.ADMINISTRATOR).order_by("pk")[0]
    with httpx.Client(base_url=settings.SANDBOX_URL, timeout=20) as sandbox:
        tour = Tour(lambda _line: None, Path(settings.DATA_DIR), user, sandbox)
        profile = tour.connect().profiles.order_by("pk")[0]
        tour.approve(tour.ask(profile, "Last"))


def queue_reports(count: int) -> None:
    """No worker is woken: the sweep finds them."""
    [access] = Access.objects.filter(status__in=Access.USABLE)
    for _ in range(count):
        at = timezone.now()
        submission = make_draft(access, at=at, status="READY")
        store_package(submission)
        queue(submission=submission, by="task:load", at=at, confirmed=frozenset({"duplicate"}))


def queue_examples(count: int, service: str) -> None:
    """Reports of one service, customer and year. No worker is woken."""
    [access] = Access.objects.filter(status__in=Access.USABLE)
    for number in range(count):
        at, period = timezone.now(), Period.year(2025)
        submission = make_draft(access, at=at, status="READY", service=service, period=period)
        adapter, about = adapter_of(submission), about_of(submission)
        for file in adapter.examples(about, name=f"Last {number}", wrong=False):
            role = adapter.inspect(file, about).role
            store_document(
                content=file.content, filename=file.name, media_type="application/xml", role=role,
                customer=submission.customer, submission=submission, at=at,
            )  # fmt: skip
        queue(submission=submission, by="task:load", at=at, confirmed=frozenset({"duplicate"}))


def wake(count: int) -> None:
    """Many messages for the same work."""
    for _ in range(count):
        send_submissions.delay()
        reconcile_submissions.delay()


def same_as(received: list[str]) -> None:
    """Print whether our reports name exactly these deliveries."""
    ours = Submission.objects.filter(transmission_id__isnull=False).values_list("transmission_id", flat=True)
    print(sorted(map(str, ours)) == sorted(received))  # noqa: T201


def count() -> None:
    """Print how many reports have which status, how many are delivered, and how many transmissions, as JSON."""
    rows = list(Submission.objects.values_list("status", "delivered_at", "transmission_id"))
    found = {
        "statuses": Counter(status for status, _, _ in rows),
        "delivered": sum(delivered_at is not None for _, delivered_at, _ in rows),
        "transmissions": len({transmission_id for _, _, transmission_id in rows if transmission_id}),
    }
    print(json.dumps(found))  # noqa: T201
