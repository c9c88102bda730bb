"""The report of who acted for whom on a trail of a million rows, beside one of a thousand; and how fast such a trail is verified."""

from __future__ import annotations

import statistics
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import Role
from portal.core import audit_chain
from portal.core.audit import AuditEvent
from portal.core.trail import verifying
from portal.desk.oversight import acts
from tests.fixtures import make_user, vendor

SMALL, LARGE, SEALED = 1_000, 1_000_000, 100_000
VISITS = 3
MOST_TIMES = 4
"""The page of one day of the large trail may take so many times as long as that of the small one, which has fewer rows in a day."""
EVENTS = """
INSERT INTO portal_auditevent (at, by, environment, target, customer_id_ref, what, detail)
SELECT now() - (%s - n) * (interval '360 days' / %s), 'user:person' || n %% 40 || '@vendor.example', 'SANDBOX',
    'submissions.Submission:' || n,
    n %% 20000, (ARRAY['read', 'fetched', 'edited', 'READY->QUEUED'])[1 + n %% 4], '{}' FROM generate_series(1, %s) n
"""
pytestmark = [pytest.mark.benchmark, pytest.mark.django_db(transaction=True)]
__all__ = ["vendor"]


def fill(rows: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(EVENTS, [rows, rows, rows])
        cursor.execute("VACUUM ANALYZE portal_auditevent")


def seconds(client: Client, query: str) -> float:
    taken = []
    for _ in range(VISITS):
        began = time.perf_counter()
        assert client.get(f"/sandbox/oversight/who/?{query}").status_code == 200
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def test_a_million_rows_are_read_by_their_indexes(vendor: object) -> None:
    client, today = Client(), timezone.localdate()
    administrator = make_user(Role.ADMINISTRATOR)
    client.force_login(administrator)
    queries = {
        "one day": f"first={today}&last={today}",
        "a month": f"first={today - timedelta(days=30)}&last={today}",
        "a year": f"first={today - timedelta(days=359)}&last={today}",
        "one employee in a year": f"first={today - timedelta(days=359)}&last={today}&who=person7%40vendor.example",
    }
    fill(SMALL)
    small = {name: seconds(client, query) for name, query in queries.items()}
    fill(LARGE)
    large = {name: seconds(client, query) for name, query in queries.items()}
    for name in queries:
        print(f"  {name}: {small[name] * 1000:.0f} ms of {SMALL} rows, {large[name] * 1000:.0f} ms of {LARGE + SMALL}")

    period = acts.Period(today - timedelta(days=359), today)
    for who, index in (("", "audit_by_time"), ("person7@vendor.example", "audit_by_actor")):
        rows = acts.find_acts(user=administrator, environment="SANDBOX", period=period, who=who)  # type: ignore[arg-type]
        assert index in rows.order_by("-at", "-pk")[:50].explain()
    assert large["one day"] < MOST_TIMES * small["one day"]


def test_how_fast_the_trail_is_sealed_and_verified() -> None:
    fill(SEALED)

    began = time.perf_counter()
    sealed = audit_chain.seal_all(at=timezone.now())
    middle = time.perf_counter()
    verified = verifying.verify().rows
    ended = time.perf_counter()

    assert verified == sealed == AuditEvent.objects.count()
    print(f"  rows a second: {sealed / (middle - began):.0f} sealed, {verified / (ended - middle):.0f} verified")
