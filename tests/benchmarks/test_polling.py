"""How quickly one worker process asks Dialogporten about many customers, beside a bare loop that makes the same calls.

The sandbox has a process of its own, so that only our own work is counted. Each customer costs a signed grant, a token
and a search; each of the newcomers a dialog to store as well.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable

import httpx
import pytest
from django.utils import timezone

from accounts.models import Customer, Portfolio, Vendor
from portal.core.environments import Environment
from portal.core.valkey import valkey
from submissions.models import Dialog, PollCursor
from submissions.services.inbox import cursors, poll
from systemusers.models import Access, System, SystemUser
from systemusers.services.remote import system_user_requests
from systemusers.services.system_register.push import register_system
from systemusers.services.tokens import vendor_token
from tests.benchmarks.figures import Figures
from tests.benchmarks.process import BareTokens, Remote, remote
from tests.fixtures import portfolio, vendor
from tests.submissions.world import RESOURCE, key_pair, make_key
from tests.world import make_client, make_profile, make_system

MANY, FEW = 600, 100
FAR_AWAY = 0.05
"""Seconds that a call takes when the services are not on the same machine."""
MOST_WORK = 1.6
"""Own CPU, in times of the bare loop's: leases, cursors and threads come on top of the same signatures and calls."""
LEAST_PACE, LEAST_PACE_WITH_NEWS = 0.75, 0.6
SCOPES = [
    "digdir:dialogporten", "altinn:authentication/systemregister.write",
    "altinn:authentication/systemuser.request.read",
]  # fmt: skip


@pytest.fixture
def accesses(remote: Remote, vendor: Vendor, portfolio: Portfolio) -> list[Access]:
    """Customers with an access in use and one dialog each, in the sandbox and in our tables; none was polled yet."""
    now = timezone.now()
    system = make_system(make_client(scopes=SCOPES), packages=[])
    jwk = make_key(system.client, now)
    client = {"client_id": system.client.client_id, "orgnr": vendor.orgnr, "scopes": SCOPES, "jwks": {"keys": [jwk]}}
    remote.control("POST", "organisations", {"orgnr": vendor.orgnr, "name": vendor.name})
    remote.control("POST", "clients", client)
    register_system(system=system, by="task:bench", at=now)
    order = {"organisations": MANY, "system_id": system.system_id, "dialogs_per_organisation": 1, "resource": RESOURCE}
    remote.control("POST", "bulk", order)
    return _stored(system, portfolio)


def _stored(system: System, portfolio: Portfolio) -> list[Access]:
    now, profile = timezone.now(), make_profile(system)
    token = vendor_token(client=system.client, scopes=tuple(SCOPES[1:]), at=now)
    result = list(system_user_requests(Environment.SANDBOX).system_users(system.system_id, token=token))
    customers = Customer.objects.bulk_create(
        Customer(environment=Environment.SANDBOX, orgnr=user.orgnr, name=user.orgnr, portfolio=portfolio)
        for user in result
    )
    made = Access.objects.bulk_create(
        Access(
            environment=Environment.SANDBOX, customer=customer, profile=profile, external_ref=customer.orgnr,
            rights=[RESOURCE], status="IN_USE", status_at=now, altinn_id=str(uuid.uuid4()), requested_by="task:bench",
        )
        for customer in customers
    )  # fmt: skip
    SystemUser.objects.bulk_create(
        SystemUser(access=access, altinn_id=user.id, kind="STANDARD") for access, user in zip(made, result, strict=True)
    )
    cursors.make_cursors(at=now)
    return made


def _bare_loop(accesses: list[Access], origin: str) -> None:
    """A signed grant, a token, a search; one after the other, nothing stored."""
    tokens = BareTokens(accesses[0].profile.system.client.client_id, key_pair(0), origin)
    with httpx.Client(base_url=origin) as client:
        for access in accesses:
            party = f"urn:altinn:organization:identifier-no:{access.external_ref}"
            result = client.get(
                "/platform/dialogporten/api/v1/enduser/dialogs",
                params={"party": party, "orderBy": "updatedAt_asc", "limit": 1000},
                headers={"Authorization": f"Bearer {tokens.fetch(client, access.external_ref, SCOPES[0])}"},
            )
            assert len(result.raise_for_status().json()["items"]) == 1


def _poll(accesses: list[Access], batch: int) -> None:
    """What the worker does with those whose turn has come, `batch` of them to a task."""
    now = timezone.now()
    PollCursor.objects.filter(access__in=accesses).update(next_attempt_at=now, lease_until=None)
    left = len(accesses)
    while left:
        left -= poll.poll_due(at=now, limit=batch).taken
    assert not PollCursor.objects.exclude(problem_code="").exists()


def _seconds(work: Callable[[], None]) -> float:
    return _spent(work)[0]


def _spent(work: Callable[[], None]) -> tuple[float, float]:
    """Seconds by the clock, and of this process's CPU: each the better of two, with no tokens kept."""
    taken, worked = [], []
    for _ in range(2):
        valkey().flushdb()
        began, began_work = time.perf_counter(), time.process_time()
        work()
        taken.append(time.perf_counter() - began)
        worked.append(time.process_time() - began_work)
    return min(taken), min(worked)


@pytest.mark.benchmark
@pytest.mark.django_db(transaction=True)
def test_polling_keeps_six_tenths_of_a_bare_loops_pace_and_five_times_that_of_a_task_for_each_customer(
    accesses: list[Access], remote: Remote
) -> None:
    began = time.perf_counter()
    _poll(accesses, poll.BATCH)
    news = time.perf_counter() - began
    assert Dialog.objects.count() == MANY

    bare, bare_work = _spent(lambda: _bare_loop(accesses, remote.origin))
    quiet, work = _spent(lambda: _poll(accesses, poll.BATCH))
    remote.control("POST", "faults", {"service": "*", "kind": "slow", "seconds": FAR_AWAY, "times": 10**6})
    few = accesses[:FEW]
    together, one_each = _seconds(lambda: _poll(few, poll.BATCH)), _seconds(lambda: _poll(few, 1))

    figures = Figures("polling")
    figures.fact(
        "customers a second: bare loop, quiet, with a new dialog each",
        [round(MANY / one) for one in (bare, quiet, news)],
    )
    figures.fact("milliseconds of own CPU for a quiet customer", round(work / MANY * 1000, 2))
    figures.at_least("pace with nothing new, of a bare loop", bare / quiet, LEAST_PACE, holds=0.6)
    figures.at_least("pace with a new dialog each, of a bare loop", bare / news, LEAST_PACE_WITH_NEWS, holds=0.25)
    figures.at_most("own CPU for a quiet customer, of the bare loop", work / bare_work, MOST_WORK)
    figures.at_least("pace at 50 ms a call, of a task for each customer", one_each / together, 5)
    figures.settle()


__all__ = ["portfolio", "remote", "vendor"]
