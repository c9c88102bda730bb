"""Fristkalenderen: rules with sources, and the dates that an administrator sets."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from submissions.models import DeadlineDate
from tests.submissions.due.rows import SALARY, SHARES

CALENDAR = "/sandbox/due/calendar/"
SET = f"{CALENDAR}{SHARES}/set/"
FORM = {
    "period": "2025",
    "day": "2026-02-16",
    "note": "Utsatt for alle",
    "source": "https://www.skatteetaten.no/utsatt",
}


def test_each_rule_is_shown_with_its_source_and_when_it_was_read(client: Client, reader: User) -> None:
    client.force_login(reader)

    rows = {rule.service.id: rule for rule in client.get(CALENDAR).context["rows"]}

    assert rows[SALARY].weekend == "I helg og på helligdag: neste virkedag"
    assert rows[SALARY].next.source.endswith("/frister-og-betaling-i-a-meldingen/")
    assert rows[SHARES].weekend == "I helg og på helligdag: ikke kjent om den flyttes"
    assert rows[SHARES].next.checked.year == 2026


def test_an_administrator_sets_a_date_and_lets_the_rule_hold_again(client: Client, administrator: User) -> None:
    client.force_login(administrator)

    page = client.post(SET, FORM, follow=True).content.decode()
    row = DeadlineDate.objects.get()
    assert "mandag 16. februar 2026" in page
    assert "Utsatt for alle" in page
    client.post(f"{CALENDAR}dates/{row.pk}/remove/")

    assert not DeadlineDate.objects.exists()


def test_a_date_needs_a_reason(client: Client, administrator: User) -> None:
    client.force_login(administrator)

    reply = client.post(SET, {**FORM, "note": ""})

    assert reply.status_code == 422
    assert not DeadlineDate.objects.exists()


@pytest.mark.parametrize("address", [SET, f"{CALENDAR}dates/1/remove/"])
def test_others_set_no_dates(client: Client, case_worker: User, address: str) -> None:
    client.force_login(case_worker)

    assert client.post(address, FORM).status_code == 403


def test_a_service_without_periods_has_no_date(client: Client, administrator: User) -> None:
    client.force_login(administrator)

    assert client.get(f"{CALENDAR}skattekorttilarbeidsgiver/set/").status_code == 404
