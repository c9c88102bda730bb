"""The lists and the overview of a large vendor: how long they take, and what a page near the end costs beside the first.

The rows are made by the database itself; what they say does not matter here, only how many there are and how they are spread.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

import pytest
from django.db import connection
from django.db.models import Model
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Customer, Portfolio, Role, User, Vendor
from portal.core.paging import paginate
from submissions.models import Dialog, Submission
from systemusers.models import Access
from tests.fixtures import make_user, vendor
from tests.world import RESOURCE, SERVICE, make_client, make_profile, make_system

CUSTOMERS, PORTFOLIOS, SUBMISSIONS, DIALOGS = 200_000, 20, 1_000_000, 5_000_000
VISITS = 40
MOST_QUERIES = 12

CUSTOMER_ROWS = """
INSERT INTO accounts_customer (environment, orgnr, name, reference, portfolio_id, language, contact_name, contact_email,
    contact_phone, end_asked_by, business_register, test_approver, created_at)
SELECT 'SANDBOX', (210000000 + n)::text,
    (ARRAY['Rask', 'Ærlig', 'Stille', 'Blid'])[1 + h %% 4] || ' ' || (ARRAY['Elg', 'Ørn', 'Rev', 'Laks', 'Gaupe'])[1 + h / 4 %% 5]
        || ' ' || md5(n::text),
    '', %s + h / 20 %% %s, 'nb', '', '', '', '', '{}', '', now()
FROM generate_series(1, %s) n, LATERAL (SELECT hashint4(n) & 65535 AS h) mixed
"""
ACCESS_ROWS = """
INSERT INTO systemusers_access (environment, customer_id, profile_id, reference, external_ref, rights, packages,
    sealed_link, link_hash, status, status_at, altinn_id, confirm_url, remote_status, requested_by, sent_at, attempts, failures,
    problem_code, created_at, next_attempt_at)
SELECT 'SANDBOX', id, %s, gen_random_uuid(), orgnr, '[]', '[]', '', orgnr,
    CASE WHEN h < 80 THEN 'IN_USE' WHEN h < 88 THEN 'SENT' WHEN h < 92 THEN 'REJECTED' WHEN h < 96 THEN 'EXPIRED' ELSE 'APPROVED' END,
    now() - id * interval '1 minute', orgnr, '', '', 'user:x', now(), 0, 0, '', now(),
    CASE WHEN h >= 80 AND h < 88 THEN now() END
FROM accounts_customer, LATERAL (SELECT (hashint4(id::int + 1) & 65535) %% 100 AS h) mixed
"""
SUBMISSION_ROWS = """
INSERT INTO submissions_submission (environment, customer_id, access_id, service, period_kind, period_start, reference,
    status, status_at, is_checked, errors, warnings, created_by, created_at, queued_by, attempts, failures, delivered_at,
    receipt_reference, problem_code, problem_detail,
    correlation_id, own_reference, replaces_reference)
SELECT 'SANDBOX', r.customer_id, r.id, %s, 'YEAR', make_date(2020 + y, 1, 1), gen_random_uuid(),
    CASE WHEN h %% 100 < 92 THEN 'ACCEPTED' WHEN h %% 100 < 94 THEN 'REJECTED' WHEN h %% 100 < 97 THEN 'DELIVERED' ELSE 'DRAFT' END,
    t, true, 0, 0, 'user:x', t, '', 1, 0, t, '', '', '', '', '', ''
FROM systemusers_access r, generate_series(1, %s) y,
    LATERAL (SELECT hashint4(r.id::int * 100 + y) & 2147483647 AS h) mixed,
    LATERAL (SELECT now() - h %% 500000 * interval '1 minute' AS t) moment
"""
DIALOG_ROWS = """
INSERT INTO submissions_dialog (environment, customer_id, access_id, dialog_id, org, service_resource, status, extended_status,
    external_reference, title, summary, created_at, updated_at, content_updated_at, due_at, attempts, failures, problem_code,
    is_content_seen, system_labels, gone_reason, news_at, handled_by, texts, context_revision)
SELECT 'SANDBOX', r.customer_id, r.id, gen_random_uuid(), 'ske', %s,
    CASE WHEN h %% 100 < 60 THEN 'Completed' WHEN h %% 100 < 88 THEN 'NotApplicable' WHEN h %% 100 < 98 THEN 'Awaiting'
        ELSE 'RequiresAttention' END,
    '', '', 'Oppgave ' || y, '', t, t, t,
    CASE WHEN h / 100 %% 20 = 0 THEN now() + (h %% 300) * interval '1 day' END, 0, 0, '', false, '[]', '', t, '', '{}', ''
FROM systemusers_access r, generate_series(1, %s) y,
    LATERAL (SELECT hashint4(r.id::int * 100 + y) & 2147483647 AS h) mixed,
    LATERAL (SELECT now() - h %% 900000 * interval '1 minute' AS t) moment
"""


@pytest.fixture
def rows(vendor: Vendor) -> None:
    profile = make_profile(make_system(make_client(), packages=[]))
    portfolios = [Portfolio.objects.create(name=f"Portefølje {n}") for n in range(PORTFOLIOS)]
    with connection.cursor() as cursor:
        cursor.execute(CUSTOMER_ROWS, [portfolios[0].pk, PORTFOLIOS, CUSTOMERS])
        cursor.execute(ACCESS_ROWS, [profile.pk])
        cursor.execute(SUBMISSION_ROWS, [SERVICE, SUBMISSIONS // CUSTOMERS])
        cursor.execute(DIALOG_ROWS, [f"urn:altinn:resource:{RESOURCE}", DIALOGS // CUSTOMERS])
        for table in (Customer, Access, Submission, Dialog):
            cursor.execute(f"VACUUM ANALYZE {table._meta.db_table}")


def _visit(client: Client, address: str) -> tuple[float, int]:
    """The 95th percentile of the seconds, and the queries of one visit."""
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    number, taken = len(queries), []
    for _ in range(VISITS):
        began = time.perf_counter()
        client.get(address)
        taken.append(time.perf_counter() - began)
    return statistics.quantiles(taken, n=20)[-1], number


def _people() -> Iterator[tuple[str, User]]:
    worker = make_user(Role.CASE_WORKER)
    worker.portfolios.add(*Portfolio.objects.order_by("pk")[:2])
    yield "who sees all customers", make_user(Role.ADMINISTRATOR)
    yield "a case worker of two portfolios", worker


def _place(model: type[Model], *order: str) -> str:
    """The address's words for a place nineteen twentieths into a list."""
    rows = model._default_manager.order_by(*order)
    two = [row.pk for row in rows[rows.count() * 19 // 20 :][:2]]
    return paginate(rows.filter(pk__in=two), query=QueryDict(), order=order, size=1).next_query


@pytest.mark.benchmark
@pytest.mark.django_db(transaction=True)
def test_a_lists_last_page_costs_no_more_than_its_first_and_twelve_queries_do(rows: None) -> None:
    cursors = {
        "customers": _place(Customer, "sort_name", "pk"),
        "accesses": _place(Access, "-status_at", "-pk"),
        "submissions": _place(Submission, "-created_at", "-pk"),
        "dialogs": _place(Dialog, "-content_updated_at", "-pk"),
    }
    for who, user in _people():
        client = Client()
        client.force_login(user)
        print(f"For {who}, 95th percentile:")
        home, _queries = _visit(client, reverse("dashboard", kwargs={"environment": "sandbox"}))
        print(f"  overview: {home * 1000:.0f} ms")
        for what, text in (("a name", "rask+elg"), ("an id", "01980000-aaaa-7bbb-8ccc-0123456789ab")):
            taken, queries = _visit(client, f"{reverse('search', kwargs={'environment': 'sandbox'})}?q={text}")
            print(f"  search by {what}: {taken * 1000:.0f} ms (goal 50), {queries} queries")
            assert queries <= MOST_QUERIES
        for name, cursor in cursors.items():
            address = reverse(name, kwargs={"environment": "sandbox"})
            first, queries = _visit(client, address)
            last, _queries = _visit(client, f"{address}?{cursor}")
            searched, _queries = _visit(client, f"{address}?q=rask+elg")
            print(
                f"  {name}: {first * 1000:.0f} ms (goal 50), near the end {last / first:.1f} times that, "
                f"{queries} queries; by name {searched * 1000:.0f} ms"
            )
            assert last / first < 2
            assert queries <= MOST_QUERIES
        _visit_inbox(client)


INBOX = (
    "state=unread", "state=attention&due=overdue", "due=week", "assignee=me&read=unread", "tied=no&status=RequiresAttention",
    f"service={SERVICE}&due=none&assignee=none", "state=done",
)  # fmt: skip


def _visit_inbox(client: Client) -> None:
    """The inbox by its filters, alone and combined."""
    for query in INBOX:
        taken, queries = _visit(client, f"{reverse('dialogs', kwargs={'environment': 'sandbox'})}?{query}")
        print(f"  dialogs by {query}: {taken * 1000:.0f} ms (goal 50), {queries} queries")
        assert queries <= MOST_QUERIES


__all__ = ["vendor"]
