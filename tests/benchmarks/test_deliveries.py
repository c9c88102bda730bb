"""What a worker spends on deliveries, beside a bare loop that makes the same calls with prepared tokens.

Each delivery is two calls: a search for what the customer has already, and the post. Around them the worker takes the row,
stores the intent before the call and the answer after it, and the receipt. The times are this process's own CPU; the sandbox
has a process of its own.
"""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import pytest
from django.db import connections
from django.utils import timezone

from accounts.models import Customer, Portfolio, Vendor
from portal.core.environments import Environment, addresses
from portal.gateways import http, urns
from portal.gateways.http import CallStats
from submissions.adapters.base import About
from submissions.adapters.gld_json import samples
from submissions.adapters.gld_json.checking import MESSAGE
from submissions.models import Call, Document, Submission
from submissions.period import Period, PeriodKind
from submissions.services import catalogue, documents
from submissions.services.catalogue import Service
from submissions.services.sending import send
from submissions.services.sending.queue import plan_calls
from systemusers.models import Access, System, SystemUser
from systemusers.services import tokens
from systemusers.services.remote import system_user_requests
from systemusers.services.system_register.push import register_system
from tests.benchmarks.process import Remote, remote
from tests.fixtures import portfolio, vendor
from tests.submissions.rows import own_storage
from tests.submissions.world import make_key
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


@pytest.fixture
def answers() -> Iterator[Counter[int | None]]:
    """How many answers of Skatteetaten had each status. The sandbox says 429 to a sixth call at once of one API."""
    seen: Counter[int | None] = Counter()

    def note(stats: CallStats) -> None:
        if stats.service == "skatteetaten":
            seen[stats.status] += 1

    http.observers.append(note)
    yield seen
    http.observers.remove(note)


def work_as_one_worker(_number: int) -> None:
    """Task after task, until nothing waits."""
    try:
        while Submission.objects.filter(status__in=["QUEUED", "SENDING"], lease_until=None).exists():
            send.send_due(at=timezone.now(), when_full=lambda: None)
    finally:
        connections.close_all()


def bare_loop(deliveries: list[Delivery], prepared: list[tuple[str, str, bytes]], origin: str) -> None:
    """A search and a post for each; one after the other, nothing stored."""
    since = datetime(2025, 1, 1, tzinfo=UTC).isoformat()
    with httpx.Client() as client:
        for one, (reading, sending, content) in zip(deliveries, prepared, strict=True):
            found = client.get(
                f"{origin}/platform/dialogporten/api/v1/enduser/dialogs",
                params={
                    "party": urns.organisation(one.access.customer.orgnr), "orderBy": "updatedAt_asc", "limit": 100,
                    "serviceResource": list(one.service.resource_urns), "updatedAfter": since,
                },
                headers={"Authorization": f"Bearer {reading}"},
            )  # fmt: skip
            assert found.raise_for_status().json()["items"] == []
            base = one.service.base_url(addresses(Environment.SANDBOX))
            sent = client.post(
                f"{base}/{YEAR.start.year}",
                content=content,
                headers={
                    "Authorization": f"Bearer {sending}", "Content-Type": "application/json",
                    "Accept": "application/json", "idempotencyKey": str(uuid.uuid4()),
                },
            )  # fmt: skip
            assert sent.raise_for_status().json()["forsendelseId"]


def token_of(access: Access, scopes: tuple[str, ...]) -> str:
    return tokens.system_user_token(access=access, scopes=scopes, at=timezone.now())


@pytest.mark.benchmark
@pytest.mark.django_db(transaction=True)
def test_deliveries_cost_at_most_three_times_the_bare_calls_and_keep_to_five_at_once(
    deliveries: list[Delivery], remote: Remote, answers: Counter[int | None]
) -> None:
    bare_customers = {one.access.pk for one in deliveries[:BARE]}
    bare = [one for one in deliveries if one.access.pk in bare_customers]
    ours = [one for one in deliveries if one.access.pk not in bare_customers]
    prepared = [
        (token_of(one.access, ("digdir:dialogporten",)), token_of(one.access, tuple(one.service.scopes)), one.content)
        for one in bare
    ]
    put_in_queue(ours)

    began = time.process_time()
    bare_loop(bare, prepared, remote.origin)
    bare_work = (time.process_time() - began) / len(bare)
    began, started = time.process_time(), time.perf_counter()
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work_as_one_worker, range(WORKERS)))
    work, seconds = (time.process_time() - began) / len(ours), time.perf_counter() - started

    print(f"{len(ours)} deliveries with {WORKERS} workers: {len(ours) / seconds:.0f} a second")
    print(f"Own CPU: {work * 1000:.1f} ms each, {work / bare_work:.2f} times the bare calls' (goal {MOST})")
    assert Submission.objects.filter(status="DELIVERED").count() == len(ours) == CUSTOMERS * SERVICES
    assert Document.objects.filter(role="RECEIPT").count() == len(ours)
    assert not Call.objects.exclude(status="DONE", attempts=1).exists()
    assert answers == {200: len(ours)}
    assert work <= MOST * bare_work
