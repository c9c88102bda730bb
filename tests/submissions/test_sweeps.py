"""Sweeps that run every few seconds read by index when nothing is due, however many customers there are."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import REMARKED, Customer, Portfolio, User, Vendor
from portal.core.environments import Environment
from portal.desk.connection import nine_steps
from submissions.models import Attachment, Dialog, EventSubscription, PollCursor, Transmission
from submissions.services import labels
from submissions.services.inbox import attachments, cursors, missed, poll, presence, pull
from submissions.services.inbox.subscriptions import asking, comparing, wanted
from systemusers.models import Access, SystemUser
from tests.submissions.rows import RESOURCE
from tests.world import make_client, make_profile, make_system

MANY = 10_000
ROWS = [
    """
    INSERT INTO accounts_customer (environment, orgnr, name, reference, portfolio_id, language, contact_name, contact_email,
        contact_phone, end_asked_by, business_register, test_approver, created_at)
    SELECT 'SANDBOX', (210000000 + n)::text, 'Kunde', '', %(portfolio)s, 'nb', '', '', '', '', '{}', '', now()
    FROM generate_series(1, %(many)s) n""",
    """
    INSERT INTO systemusers_access (environment, customer_id, profile_id, reference, external_ref, rights, packages,
        sealed_link, link_hash, status, status_at, answered_at, altinn_id, confirm_url, remote_status, requested_by, sent_at, attempts,
        failures, problem_code, created_at)
    SELECT 'SANDBOX', id, %(profile)s, gen_random_uuid(), orgnr, jsonb_build_array(%(right)s::text), '[]', '', orgnr,
        CASE WHEN row_number() OVER () %% 20 = 0 THEN 'EXPIRED' ELSE 'IN_USE' END, t, t, orgnr, '', '', 'user:x', t, 0, 0, '', t
    FROM accounts_customer, LATERAL (SELECT now() - interval '1 day' * (id %% 1000) AS t) moment""",
    """
    INSERT INTO systemusers_systemuser (access_id, altinn_id, kind)
    SELECT id, gen_random_uuid(), 'STANDARD' FROM systemusers_access WHERE status = 'IN_USE'""",
    """
    INSERT INTO submissions_pollcursor (access_id, tokens, asked, overlap_tokens, overlap_is_full, tier, since,
        next_attempt_at, full_began_at, rights_at, attempts, failures, problem_code)
    SELECT access_id, '[]', '[]', '[]', false, 'QUIET', now(), now() + interval '1 hour', now(), now(), 0, 0, ''
    FROM systemusers_systemuser""",
    """
    INSERT INTO submissions_eventsubscription (access_id, resource, secret_hash, validated_at, created_at, attempts,
        failures, problem_code)
    SELECT access_id, 'urn:altinn:resource:' || %(right)s, access_id::text, now(), now(), 0, 0, ''
    FROM systemusers_systemuser""",
    """
    INSERT INTO submissions_subscriptionround (access_id, next_attempt_at, attempts, failures, problem_code)
    SELECT access_id, now() + interval '1 hour', 0, 0, '' FROM systemusers_systemuser""",
    """
    INSERT INTO submissions_dialog (environment, customer_id, access_id, dialog_id, org, service_resource, status,
        extended_status, external_reference, title, summary, created_at, updated_at, content_updated_at, attempts, failures,
        problem_code, is_content_seen, system_labels, gone_reason, news_at, handled_by, texts, context_revision)
    SELECT 'SANDBOX', customer_id, id, gen_random_uuid(), 'ske', '', 'Completed', '', '', '', '', now(), now(), now(), 0, 0,
        '', false, '[]', '', now(), '', '{}', ''
    FROM systemusers_access WHERE status = 'IN_USE'""",
    """
    INSERT INTO submissions_transmission (dialog_id, transmission_id, type, title, summary, external_reference, is_authorized,
        created_at, content_reference, read_by, texts)
    SELECT id, gen_random_uuid(), 'Acceptance', '', '', '', true, now(), '', '', '{}' FROM submissions_dialog""",
    """
    INSERT INTO submissions_attachment (transmission_id, attachment_id, name, media_type, api_url, gui_url, status, status_at,
        attempts, failures, problem_code)
    SELECT id, 'a', '', '', '', '', 'FETCHED', now(), 0, 0, '' FROM submissions_transmission""",
]
TABLES = (Customer, Access, SystemUser, PollCursor, EventSubscription, Dialog, Transmission, Attachment)
SWEEPS: list[Callable[..., Any]] = [
    cursors.make_cursors, cursors.note_rights, poll.poll_due, pull.pull_due, attachments.fetch_due, wanted.make_subscriptions,
    asking.subscribe_due, missed.find_due, presence.sweep,
    asking.end_unwanted, asking.remove_due, comparing.make_rounds, comparing.compare_due, labels.set_due,
]  # fmt: skip


@pytest.fixture
def many(vendor: Vendor, portfolio: Portfolio) -> None:
    profile = make_profile(make_system(make_client(), packages=[]))
    values = {"portfolio": portfolio.pk, "profile": profile.pk, "right": RESOURCE, "many": MANY}
    with connection.cursor() as cursor:
        for statement in ROWS:
            cursor.execute(statement, values)
        for table in TABLES:
            cursor.execute(f"ANALYZE {table._meta.db_table}")


def plan_of(statement: str) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (FORMAT JSON) " + statement)
        [(answer,)] = cursor.fetchall()
    found: dict[str, Any] = (json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"]
    return found


def scanned(plan: dict[str, Any]) -> Iterator[str]:
    """The tables that are read from one end to the other."""
    if plan["Node Type"] == "Seq Scan":
        yield plan["Relation Name"]
    for part in plan.get("Plans", []):
        yield from scanned(part)


def test_a_sweep_with_nothing_due_reads_no_whole_table(many: None) -> None:
    at, read = timezone.now(), {}

    for sweep in SWEEPS:
        with CaptureQueriesContext(connection) as queries:
            assert not getattr(sweep(at=at), "taken", 0)
        statements = [
            q["sql"] for q in queries.captured_queries if q["sql"].lstrip("( ").startswith(("SELECT", "UPDATE", "WITH"))
        ]
        assert statements
        read[sweep.__name__] = sorted({table for one in statements for table in scanned(plan_of(one))})

    big = {table._meta.db_table for table in TABLES}
    assert {name: [t for t in tables if t in big] for name, tables in read.items()} == {name: [] for name in read}
    assert read.keys() == {sweep.__name__ for sweep in SWEEPS}


def selects(queries: CaptureQueriesContext) -> list[str]:
    return [q["sql"] for q in queries.captured_queries if q["sql"].lstrip("( ").startswith("SELECT")]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


def test_the_newest_row_of_each_step_of_the_connection_is_found_by_index(many: None, administrator: User) -> None:
    """The counts read many rows; no step sorts a table to find its newest row."""
    with CaptureQueriesContext(connection) as queries:
        nine_steps(environment=Environment.SANDBOX, user=administrator, at=timezone.now())

    newest = [sql for sql in selects(queries) if " LIMIT 1" in sql and " ORDER BY " in sql]
    sorted_rows = {
        sql: node["Plan Rows"] for sql in newest for node in nodes(plan_of(sql)) if node["Node Type"] == "Sort"
    }
    assert any('"submissions_dialog"' in sql for sql in newest)
    assert any('"systemusers_access"' in sql for sql in newest)
    assert {sql for sql, number in sorted_rows.items() if number > 100} == set()


def test_customers_with_a_remark_are_found_by_index(many: None) -> None:
    Customer.objects.filter(orgnr="210000007").update(business_register={"is_bankrupt": True, "main_unit": ""})
    rows = Customer.objects.filter(REMARKED, environment="SANDBOX")

    with CaptureQueriesContext(connection) as queries:
        found = [row.orgnr for row in rows.order_by()]

    used = {node.get("Index Name") for node in nodes(plan_of(queries.captured_queries[0]["sql"]))}
    assert found == ["210000007"]
    assert "customer_remarked" in used
