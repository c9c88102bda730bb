"""From an event to a document that staff see: beside the time that the calls outside take, with a real broker and worker."""

from __future__ import annotations

import statistics
import time
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Portfolio, Role, Vendor
from portal.core.queues import Purpose
from portal.core.valkey import valkey
from submissions.models import Document, EventSubscription, Submission
from submissions.services.inbox import attachments, poll, pull
from submissions.services.inbox.subscriptions.wanted import hashed
from submissions.services.sending import send
from systemusers.models import Access
from tests.benchmarks.figures import Figures
from tests.benchmarks.followed import followed
from tests.benchmarks.process import Remote, remote
from tests.benchmarks.worker import working
from tests.fixtures import make_user, portfolio, vendor
from tests.submissions.rows import own_storage
from tests.submissions.world import RESOURCE, make_draft, package, queue_package

__all__ = ["own_storage", "portfolio", "remote", "vendor"]
CUSTOMERS = 12
FAR_AWAY = 0.1
"""Seconds of each call: what Altinn and Skatteetaten take on an ordinary day."""
MOST = 1.5
PATIENCE = 30
SECRET = "a-secret-of-the-webhook-{}"


@pytest.fixture
def reports(remote: Remote, vendor: Vendor, portfolio: Portfolio) -> list[Submission]:
    """One for each customer: delivered, followed, and not answered."""
    remote.control("PATCH", "settings", {"feedback_delay_seconds": 86400})
    made = followed(remote, vendor, portfolio, customers=CUSTOMERS)
    now = timezone.now()
    drafts = [make_draft(access, at=now) for access in made]
    for draft in drafts:
        queue_package(draft, package(draft), at=now)
    while Submission.objects.filter(status__in=["QUEUED", "SENDING"]).exists():
        send.send_due(at=timezone.now(), when_full=lambda: None)
    subscribe(made)
    read_all()
    return list(Submission.objects.filter(status="DELIVERED").select_related("access__customer"))


def subscribe(accesses: list[Access]) -> None:
    now = timezone.now()
    EventSubscription.objects.bulk_create(
        EventSubscription(
            access=access, resource=f"urn:altinn:resource:{RESOURCE}", secret_hash=hashed(SECRET.format(access.pk)),
            altinn_id=access.pk, validated_at=now, created_at=now,
        )
        for access in accesses
    )  # fmt: skip


def read_all() -> None:
    """What there is so far is here."""
    for _ in range(3):
        while poll.poll_due(at=timezone.now()).taken == poll.BATCH:
            pass
        while pull.pull_due(at=timezone.now()):
            pass
        while attachments.fetch_due(at=timezone.now()):
            pass


@pytest.mark.benchmark
@pytest.mark.django_db(transaction=True)
def test_a_document_is_seen_soon_after_the_event(reports: list[Submission], remote: Remote, client: Client) -> None:
    figures = Figures("from an event to its document")
    client.force_login(make_user(Role.ADMINISTRATOR))
    assert len(reports) == CUSTOMERS
    valkey().flushdb()
    ratios, seconds = [], []
    with working(origin=remote.origin, queues=list(Purpose)):
        for report in reports:
            answer(remote, report)
            remote.control("POST", "faults", {"service": "*", "kind": "slow", "seconds": FAR_AWAY, "times": 10**6})
            taken, number = until_seen(client, report, remote)
            remote.control("DELETE", "faults")
            ratios.append(taken / (number * FAR_AWAY))
            seconds.append(taken)
    figures.fact("calls", number)
    figures.fact("seconds, 95th percentile", round(statistics.quantiles(seconds, n=20)[-1], 2))
    figures.at_most(
        "event to document, of the calls' time", statistics.median(ratios[1:]), MOST,
        about=f"{statistics.median(seconds):.2f} s with {number} calls of {FAR_AWAY} s",
    )  # fmt: skip
    figures.settle()


def answer(remote: Remote, report: Submission) -> None:
    received = remote.control("GET", f"submissions?orgnr={report.access.customer.orgnr}")
    remote.control("POST", f"submissions/{received[0]['id']}/feedback", {})


def until_seen(client: Client, report: Submission, remote: Remote) -> tuple[float, int]:
    """Seconds from the event to the page with the document, and how many calls were made outside."""
    before, access = len(calls(remote)), report.access
    event: dict[str, Any] = {
        "specversion": "1.0", "id": f"event-{report.pk}", "type": "dialogporten.dialog.updated.v1",
        "source": f"https://platform.example/dialogs/{report.dialog_id}", "resource": f"urn:altinn:resource:{RESOURCE}",
        "subject": f"urn:altinn:organization:identifier-no:{access.customer.orgnr}",
    }  # fmt: skip
    began = time.perf_counter()
    reply = client.post(f"/hooks/events/{SECRET.format(access.pk)}", event, content_type="application/json")
    assert reply.status_code == 204
    rows = Document.objects.filter(submission=report, role="FEEDBACK")
    while not rows.exists():
        assert time.perf_counter() - began < PATIENCE
        time.sleep(0.005)
    page = client.get(f"/sandbox/submissions/{report.pk}/")
    assert f"/documents/{rows[0].pk}/" in page.content.decode()
    return time.perf_counter() - began, len(calls(remote)) - before


def calls(remote: Remote) -> list[Any]:
    """Those to the services."""
    return [one for one in remote.control("GET", "calls?limit=10000") if one["service"] != "control"]
