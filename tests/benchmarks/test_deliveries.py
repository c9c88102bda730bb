"""What workers spend on deliveries, beside a bare loop that makes the same calls.

Each delivery is a token for its service, a search for what the customer has already, and the post. Around them a worker takes
the row, stores the intent before the call and the answer after it, and the receipt. The times are CPU of the workers' own
processes, and of this one for the bare loop; the sandbox has a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.models import Customer, Portfolio, Vendor
from portal.core.environments import Environment, addresses
from portal.gateways import urns
from submissions.adapters.base import About
from submissions.adapters.gld_json import samples
from submissions.adapters.one_file import MESSAGE
from submissions.models import Call, Document, Submission
from submissions.period import Period, PeriodKind
from submissions.services import catalogue, documents
from submissions.services.catalogue import Service
from submissions.services.sending.queue import plan_calls
from systemusers.models import Access, System, SystemUser
from systemusers.services import tokens
from systemusers.services.remote import system_user_requests
from systemusers.services.system_register.push import register_system
from tests.benchmarks.process import BareTokens, Remote, remote
from tests.fixtures import portfolio, vendor
from tests.submissions.rows import own_storage
from tests.submissions.world import key_pair, make_key
from tests.world import BY, make_client, make_profile, make_system

__all__ = ["own_storage", "portfolio", "remote", "vendor"]

CUSTOMERS, SERVICES, BARE = 500, 10, 50
"""5 000 deliveries by the worker; the bare loop has customers of its own, as the worker looks for earlier deliveries."""
WORKERS = 8
"""More than Skatteetaten lets call one API at once."""
MOST = 3.0
"""Own CPU, in times of the bare loop's."""
YEAR = Period.year(2025)
TOKEN_SCOPES = ("altinn:authentication/systemregister.write", "altinn:authentication/systemuser.request.read")


@dataclass(frozen=True)
class Delivery:
    """One message of one customer."""

    access: Access
    service: Service

    @property
    def content(self) -> bytes:
        about = About(self.access.customer.orgnr, YEAR, self.service.id, self.service.options)
        return samples.example(about, wrong=False).content


def chosen_services() -> list[Service]:
    wanted = [s for s in catalogue.services() if s.adapter == "gld_json" and s.period == PeriodKind.YEAR]
    return wanted[:SERVICES]


@pytest.fixture
def deliveries(remote: Remote, vendor: Vendor, portfolio: Portfolio) -> list[Delivery]:
    """Customers whose access allows all the services. Grouped by service, so that the workers want the same API at once."""
    now, services = timezone.now(), chosen_services()
    scopes = ["digdir:dialogporten", *TOKEN_SCOPES, *(scope for service in services for scope in service.scopes)]
    rights = [resource for service in services for resource in service.resources]
    system = make_system(make_client(scopes=scopes), rights=rights, packages=[])
    jwk = make_key(system.client, now)
    client = {"client_id": system.client.client_id, "orgnr": vendor.orgnr, "scopes": scopes, "jwks": {"keys": [jwk]}}
    remote.control("POST", "organisations", {"orgnr": vendor.orgnr, "name": vendor.name})
    remote.control("POST", "clients", client)
    register_system(system=system, by="task:bench", at=now)
    remote.control("POST", "bulk", {"organisations": CUSTOMERS + BARE, "system_id": system.system_id})
    made = accesses_of(system, portfolio, rights, now)
    return [Delivery(access, service) for service in services for access in made]


def accesses_of(system: System, portfolio: Portfolio, rights: list[str], now: datetime) -> list[Access]:
    """Customers and accesses of the system users that Altinn lists."""
    token = tokens.vendor_token(client=system.client, scopes=TOKEN_SCOPES, at=now)
    users = list(system_user_requests(Environment.SANDBOX).system_users(system.system_id, token=token))
    profile = make_profile(system, rights=rights)
    customers = Customer.objects.bulk_create(
        Customer(environment=Environment.SANDBOX, orgnr=user.orgnr, name=user.orgnr, portfolio=portfolio)
        for user in users
    )
    made = Access.objects.bulk_create(
        Access(
            environment=Environment.SANDBOX, customer=customer, profile=profile, external_ref=customer.orgnr,
            rights=rights, status="IN_USE", status_at=now, altinn_id=str(uuid.uuid4()), requested_by="task:bench",
        )
        for customer in customers
    )  # fmt: skip
    SystemUser.objects.bulk_create(
        SystemUser(access=access, altinn_id=user.id, kind="STANDARD", first_token_at=now)
        for access, user in zip(made, users, strict=True)
    )
    return made


def put_in_queue(deliveries: list[Delivery]) -> None:
    """As `queue` leaves them, without the look at each."""
    now = timezone.now()
    rows = Submission.objects.bulk_create(
        Submission(
            environment=one.access.environment, customer=one.access.customer, access=one.access, service=one.service.id,
            status="QUEUED", status_at=now, created_by=BY, created_at=now, queued_by=BY, queued_at=now,
            next_attempt_at=now, **YEAR.columns(),
        )
        for one in deliveries
    )  # fmt: skip
    for one, row in zip(deliveries, rows, strict=True):
        documents.store_document(
            content=one.content, filename="melding.json", media_type="application/json", role=MESSAGE,
            customer=row.customer, submission=row, at=now,
        )  # fmt: skip
        plan_calls(row)


def send_all(remote: Remote) -> tuple[float, Counter[int | None]]:
    """All that waits, by worker processes: their seconds of CPU, and how many answers of Skatteetaten had each status.

    The sandbox says 429 to a sixth call at once of one API.
    """
    documents: Any = settings.STORAGES["documents"]
    where = {
        "database": connection.settings_dict["NAME"], "sandbox": remote.origin,
        "documents": str(documents["OPTIONS"]["location"]),
    }  # fmt: skip
    with ExitStack() as stack:
        workers = [stack.enter_context(_process()) for _ in range(WORKERS)]
        for worker in workers:
            _tell(worker, json.dumps(where))
        for worker in workers:
            assert _line(worker) == "ready"
        for worker in workers:
            _tell(worker, "go")
        results = [json.loads(_line(worker)) for worker in workers]
    answers: Counter[int | None] = Counter()
    for result in results:
        answers.update(dict(result["answers"]))
    return sum(result["seconds"] for result in results), answers


def _process() -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.benchmarks.sender"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True)


def _tell(worker: subprocess.Popen[str], line: str) -> None:
    assert worker.stdin is not None
    worker.stdin.write(line + "\n")
    worker.stdin.flush()


def _line(worker: subprocess.Popen[str]) -> str:
    assert worker.stdout is not None
    return worker.stdout.readline().strip()


def bare_loop(deliveries: list[Delivery], origin: str) -> None:
    """The calls of each delivery, one after the other, nothing stored.

    A token for the service, a search, a post; and for each customer one token for searches, which is kept.
    """
    tokens = BareTokens(deliveries[0].access.profile.system.client.client_id, key_pair(0), origin)
    reading: dict[int, str] = {}
    since = datetime(2025, 1, 1, tzinfo=UTC).isoformat()
    with httpx.Client() as client:
        for one in deliveries:
            orgnr = one.access.customer.orgnr
            if one.access.pk not in reading:
                reading[one.access.pk] = tokens.fetch(client, orgnr, "digdir:dialogporten")
            sending = tokens.fetch(client, orgnr, " ".join(one.service.scopes))
            found = client.get(
                f"{origin}/platform/dialogporten/api/v1/enduser/dialogs",
                params={
                    "party": urns.organisation(orgnr), "orderBy": "updatedAt_asc", "limit": 100,
                    "serviceResource": list(one.service.resource_urns), "updatedAfter": since,
                },
                headers={"Authorization": f"Bearer {reading[one.access.pk]}"},
            )  # fmt: skip
            assert found.raise_for_status().json()["items"] == []
            base = one.service.base_url(addresses(Environment.SANDBOX))
            sent = client.post(
                f"{base}/{YEAR.start.year}",
                content=one.content,
                headers={
                    "Authorization": f"Bearer {sending}", "Content-Type": "application/json",
                    "Accept": "application/json", "idempotencyKey": str(uuid.uuid4()),
                },
            )  # fmt: skip
            assert sent.raise_for_status().json()["forsendelseId"]


@pytest.mark.benchmark
@pytest.mark.django_db(transaction=True)
def test_deliveries_cost_at_most_three_times_the_bare_calls_and_keep_to_five_at_once(
    deliveries: list[Delivery], remote: Remote
) -> None:
    bare_customers = {one.access.pk for one in deliveries[:BARE]}
    bare = [one for one in deliveries if one.access.pk in bare_customers]
    ours = [one for one in deliveries if one.access.pk not in bare_customers]
    put_in_queue(ours)

    began = time.process_time()
    bare_loop(bare, remote.origin)
    bare_work = (time.process_time() - began) / len(bare)
    started = time.perf_counter()
    work, answers = send_all(remote)
    work, seconds = work / len(ours), time.perf_counter() - started

    print(f"{len(ours)} deliveries with {WORKERS} workers: {len(ours) / seconds:.0f} a second")
    print(f"Own CPU: {work * 1000:.1f} ms each, {work / bare_work:.2f} times the bare calls' (goal {MOST})")
    assert Submission.objects.filter(status="DELIVERED").count() == len(ours) == CUSTOMERS * SERVICES
    assert Document.objects.filter(role="RECEIPT").count() == len(ours)
    assert not Call.objects.exclude(status="DONE", attempts=1).exists()
    assert answers == {200: len(ours)}
    assert work <= MOST * bare_work
