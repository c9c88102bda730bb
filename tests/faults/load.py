"""Load for a portal that runs elsewhere. Called by `manage.py shell` in a process with that portal's settings."""

from __future__ import annotations

import hashlib
import io
import json
import sys
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

import httpx
from django.apps import apps
from django.conf import settings
from django.db import connections
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.models import Capability, Customer, User
from portal.core import lease
from portal.core.audit import AuditEvent
from portal.core.environments import Environment
from portal.core.lease import Leased
from portal.desk.attention import attention
from portal.local.demo import DOMAIN, STAFF, introduce, password
from portal.local.tour import Tour
from submissions.models import Attachment, Dialog, Document, Submission, Transmission
from submissions.services.documents import read_document
from submissions.services.inbox.sources import LETTER_SCOPES
from submissions.tasks import pull_dialogs, reconcile_submissions, send_submissions, sweep_cursors
from systemusers.models import Access, FoundSystemUser, Kind, MaskinportenClient, System, SystemUser
from systemusers.services import adoption
from systemusers.services.access import reconcile_system
from systemusers.services.clients import save_client
from systemusers.tasks import take_over_system_users
from tests.faults import chaos_load as chaos  # noqa: F401 - called by name
from tests.faults import erp_load as erp  # noqa: F401 - called by name
from tests.faults.examples import queue_example
from tests.submissions.world import make_draft, package, queue_package


def serve() -> None:
    """Do what each line says, a call of a function of this module, of `chaos` or of `erp`, until there are no more.

    Answers with a line of JSON.
    """
    answers = sys.stdout
    for line in sys.stdin:
        with io.StringIO() as printed, redirect_stdout(printed):
            try:
                eval(line, globals())  # noqa: S307 - the test wrote the line
                answer = {"printed": printed.getvalue()}
            except Exception:
                answer = {"error": traceback.format_exc()}
        connections.close_all()
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def prepare(customers: int = 1) -> None:
    """Customers in the sandbox give access."""
    user = User.objects.who_may(Capability.ADMINISTER, "SANDBOX").order_by("pk")[0]
    with httpx.Client(base_url=settings.SANDBOX_URL, timeout=20) as sandbox:
        tour = Tour(lambda _line: None, Path(settings.DATA_DIR), user, sandbox)
        profile = tour.connect().profiles.order_by("pk")[0]
        for _ in range(customers):
            tour.approve(tour.ask(profile, "Last"))


def order_letters() -> None:
    """Our client gets the scope that letters need, here and in the sandbox."""
    client = MaskinportenClient.objects.filter(environment=Environment.SANDBOX).order_by("pk")[0]
    client.scopes = sorted({*client.scopes, *LETTER_SCOPES})
    save_client(client=client, by="task:load", at=timezone.now())
    introduce(url=settings.SANDBOX_URL)


def queue_reports(count: int) -> None:
    """No worker is woken: the sweep finds them."""
    [access] = Access.objects.filter(status__in=Access.USABLE)
    for _ in range(count):
        at = timezone.now()
        submission = make_draft(access, at=at)
        queue_package(submission, package(submission), at=at, by="task:load")


def queue_examples(*services: str) -> None:
    """One report of each service for each customer; every third has a wrong sum, and its `created_by` says so."""
    number = 0
    for access in Access.objects.filter(status__in=Access.USABLE).order_by("pk"):
        for service in services:
            queue_example(access, service, wrong=number % 3 == 2)
            number += 1


def customers() -> None:
    """Print the organisation numbers of those who gave access, as JSON."""
    usable = Access.objects.filter(status__in=Access.USABLE)
    print(json.dumps(sorted(usable.values_list("customer__orgnr", flat=True))))  # noqa: T201


def wake(count: int) -> None:
    """Many messages for the same work."""
    for _ in range(count):
        send_submissions.delay()
        reconcile_submissions.delay()
        sweep_cursors.delay()
        pull_dialogs.delay()


def hurry(*names: str) -> None:
    """The waits are over: all that waits for a time, or all of the models with these names, is due now. Leases run on."""
    for model in apps.get_models():
        if issubclass(model, Leased) and (not names or model.__name__ in names):
            lease.make_due(model._base_manager.filter(next_attempt_at__isnull=False), at=timezone.now())


def books() -> None:
    """Print what this portal holds, to be compared with the sandbox, as JSON."""
    attachments = Attachment.objects.all()
    found = {
        "reports": [
            {"delivery": str(row.transmission_id or ""), "status": row.status, "wrong": row.created_by == "task:wrong"}
            for row in Submission.objects.all()
        ],
        "told": _told(),
        "dialogs": sorted(str(dialog_id) for dialog_id in Dialog.objects.values_list("dialog_id", flat=True)),
        "transmissions": sorted(str(pk) for pk in Transmission.objects.values_list("transmission_id", flat=True)),
        "attachments": attachments.exclude(status=Attachment.Status.WAITING).count(),
        "refused": attachments.filter(status=Attachment.Status.REFUSED).count(),
        "letters": sorted(_letters().values_list("attachment_id", "status")),
        "letters_read": sorted(_letters_read()),
    }
    print(json.dumps(found))  # noqa: T201


def _letters() -> QuerySet[Attachment]:
    """Documents that answer no report."""
    return Attachment.objects.filter(transmission__submission__isnull=True, transmission__type="Information")


def _letters_read() -> Iterator[str]:
    """The letters whose stored document can be read."""
    for document in Document.objects.filter(submission__isnull=True, transmission__type="Information"):
        if read_document(document).startswith(b"%PDF"):
            yield document.attachment_id


def _told() -> int:
    """How much the overview says that waits for an administrator."""
    user = User.objects.who_may(Capability.ADMINISTER, "SANDBOX").order_by("pk")[0]
    lines = attention(user=user, environment=Environment.SANDBOX, at=timezone.now())
    return sum(line.count for line in lines)


def control(method: str, path: str, **body: object) -> None:
    """Tell the sandbox something, and print its answer as JSON."""
    answer = httpx.request(
        method, f"{settings.SANDBOX_URL}/control/{path}", json=body or None, timeout=60
    ).raise_for_status()
    print(json.dumps(answer.json() if answer.content else None))  # noqa: T201


def is_up(url: str) -> None:
    """Print whether the portal there does its work."""
    try:
        answer = httpx.get(f"{url}/readyz", timeout=20).json()
    except (httpx.HTTPError, ValueError):
        answer = {}
    print(json.dumps(answer.get("status") == "ready"))  # noqa: T201


def held() -> None:
    """Print the numbers of the reports that a worker has in its hands, or had when it died, and whose calls are not through."""
    rows = Submission.objects.filter(status=Submission.Status.SENDING, lease_until__gt=timezone.now())
    print(json.dumps(sorted(rows.values_list("pk", flat=True))))  # noqa: T201


def unfinished() -> None:
    """Print how many reports have work left, and how many documents of each role there are."""
    left = Submission.objects.filter(next_attempt_at__isnull=False).count()
    print(json.dumps({"left": left, "roles": Counter(Document.objects.values_list("role", flat=True))}))  # noqa: T201


def fetch_documents(url: str) -> None:
    """Log in to the portal there, and fetch every document. Print how many were what was stored, their hashes, and the ids of others."""
    hashes: list[str] = []
    damaged: list[int] = []
    with httpx.Client(base_url=url, headers={"Host": "127.0.0.1"}, timeout=60, follow_redirects=True) as browser:
        browser.get("/accounts/login/")
        form = {
            "login": f"{STAFF[0][0]}@{DOMAIN}",
            "password": password(),
            "csrfmiddlewaretoken": browser.cookies["portal_csrf"],
        }
        browser.post("/accounts/login/", data=form).raise_for_status()
        for document in Document.objects.order_by("pk"):
            address = reverse("document-file", kwargs={"environment": "sandbox", "pk": document.pk})
            digest = hashlib.sha256(browser.get(address).raise_for_status().content).hexdigest()
            if digest == document.sha256:
                hashes.append(digest)
            else:
                damaged.append(document.pk)
    print(json.dumps({"read": len(hashes), "hashes": sorted(set(hashes)), "damaged": damaged}))  # noqa: T201


def count() -> None:
    """Print how many reports have which status, how many are delivered, and how many transmissions, as JSON."""
    rows = list(Submission.objects.values_list("status", "delivered_at", "transmission_id"))
    found = {
        "statuses": Counter(status for status, _, _ in rows),
        "delivered": sum(delivered_at is not None for _, delivered_at, _ in rows),
        "transmissions": len({transmission_id for _, _, transmission_id in rows if transmission_id}),
    }
    print(json.dumps(found))  # noqa: T201


def make_elsewhere(number: int) -> None:
    """So many organisations have a system user that no access of ours stands for."""
    system = System.objects.filter(environment=Environment.SANDBOX).order_by("pk")[0]
    order = {"organisations": number, "system_id": system.system_id, "references": "guid"}
    httpx.post(f"{settings.SANDBOX_URL}/control/bulk", json=order, timeout=60).raise_for_status()


def take_over_all() -> None:
    """Choose every system user in Altinn's list that is no access of ours. A worker is woken."""
    system = System.objects.filter(environment=Environment.SANDBOX).order_by("pk")[0]
    reconcile_system(system=system, at=timezone.now())
    profile = adoption.default_profile(system=system, kind=Kind.STANDARD, by="task:load", at=timezone.now())
    adoption.take_over(rows=FoundSystemUser.objects.all(), profile=profile, by="task:load", at=timezone.now())
    take_over_system_users.delay()


def count_taken() -> None:
    """As JSON: what is left to take over, what was taken, how often each, and what was recorded."""
    taken = FoundSystemUser.objects.exclude(access=None)
    numbers = {
        "left": FoundSystemUser.objects.filter(access=None).count(),
        "taken": taken.count(),
        "accesses": Access.objects.filter(pk__in=taken.values("access"), status__in=Access.USABLE).count(),
        "system_users": SystemUser.objects.filter(access__in=taken.values("access")).count(),
        "customers": Customer.objects.filter(accesses__found__isnull=False).distinct().count(),
        "all_customers": Customer.objects.count(),
        "recorded": AuditEvent.objects.filter(what="taken-over").count(),
    }
    print(json.dumps(numbers))  # noqa: T201
