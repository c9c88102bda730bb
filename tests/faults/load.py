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
from submissions.services.sending.queue import queue
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
        queue(submission=submission, by="task:load", at=at, confirmed=frozenset({"duplicate", "replaces"}))


def count() -> None:
    """Print how many reports have which status, how many are delivered, and how many transmissions, as JSON."""
    rows = list(Submission.objects.values_list("status", "delivered_at", "transmission_id"))
    found = {
        "statuses": Counter(status for status, _, _ in rows),
        "delivered": sum(delivered_at is not None for _, delivered_at, _ in rows),
        "transmissions": len({transmission_id for _, _, transmission_id in rows if transmission_id}),
    }
    print(json.dumps(found))  # noqa: T201
