"""The page of one customer shows what it has of each kind, and what can be done next."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import Customer
from portal.core.audit import record
from submissions.models import Submission
from submissions.period import Period
from systemusers.models import Access
from tests.fixtures import AT
from tests.submissions.world import make_draft

pytestmark = pytest.mark.django_db


def shown(client: Client, user: Any, customer: Customer) -> str:
    client.force_login(user)
    return client.get(f"/sandbox/customers/{customer.pk}/").content.decode()


def test_a_customer_who_was_never_asked_leads_to_asking_and_nothing_else(
    client: Client, vendor: Any, customer: Customer, case_worker: Any
) -> None:
    text = shown(client, case_worker, customer)

    assert f"/sandbox/access/new/?customer={customer.pk}" in text
    assert "/sandbox/submissions/new/" not in text


def test_its_submissions_stand_there_with_their_next_step(client: Client, access: Access, case_worker: Any) -> None:
    for year in range(2018, 2026):
        make_draft(access, period=Period.year(year), status="READY")

    text = shown(client, case_worker, access.customer)

    assert f"/sandbox/submissions/new/?customer={access.customer_id}" in text
    assert [year for year in range(2018, 2026) if f'<span class="row__sub num">{year}</span>' in text] == [
        2021, 2022, 2023, 2024, 2025,
    ]  # fmt: skip
    assert "Se over og send" in text


def test_a_long_history_folds_what_is_older_than_ten_events(client: Client, access: Access, case_worker: Any) -> None:
    draft = make_draft(access, period=Period.year(2024))
    for _ in range(15):
        record(by="user:x", at=AT, target=draft, what="DRAFT->READY", customer_id=access.customer_id)

    text = shown(client, case_worker, access.customer)

    seen, folded = text.split("Vis eldre hendelser")
    assert seen.count('class="timeline__event"') == 10
    assert folded.count('class="timeline__event"') >= 5


def test_the_history_names_the_report_it_tells_of(client: Client, access: Access, case_worker: Any) -> None:
    draft: Submission = make_draft(access, period=Period.year(2024))
    record(by="user:x", at=AT, target=draft, what="DRAFT->READY")

    assert "Aksjonærregisteroppgaven 2024" in shown(client, case_worker, access.customer)


def test_the_page_costs_few_queries(
    client: Client, access: Access, administrator: Any, django_assert_max_num_queries: Any
) -> None:
    for year in range(2018, 2026):
        make_draft(access, period=Period.year(year))
    shown(client, administrator, access.customer)

    with django_assert_max_num_queries(12):
        client.get(f"/sandbox/customers/{access.customer_id}/")
