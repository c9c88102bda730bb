"""Reading is in the trail with address and session, once an hour for each person and thing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Customer, User
from portal.core import origin, readings
from portal.core.audit import AuditEvent
from portal.core.audit_events import AuditType
from tests.fixtures import AT

pytestmark = pytest.mark.django_db
READ = AuditType.READ


def test_an_hour_has_one_row_for_each_person_thing_and_way(customer: Customer, case_worker: User, reader: User) -> None:
    for minutes in (0, 1, 59, 60):
        readings.note(by=case_worker.actor, at=AT + timedelta(minutes=minutes), target=customer, what=READ)
    readings.note(by=reader.actor, at=AT, target=customer, what=READ)
    readings.note(by=case_worker.actor, at=AT, target=customer, what=AuditType.FETCHED)

    counted = {who: AuditEvent.objects.filter(by=who.actor).count() for who in (case_worker, reader)}

    assert counted == {case_worker: 3, reader: 1}


def test_two_letters_of_one_dialog_are_two(customer: Customer, case_worker: User) -> None:
    for letter in ("one", "other", "one"):
        readings.note(
            by=case_worker.actor, at=AT, target=customer, what=AuditType.LETTER_READ, transmission=letter, environment="TEST"
        )  # fmt: skip

    assert [event.detail for event in AuditEvent.objects.order_by("pk")] == [
        {"transmission": letter} for letter in ("one", "other")
    ]


def test_outside_of_a_request_nothing_is_said_of_an_address(customer: Customer, case_worker: User) -> None:
    readings.note(by=case_worker.actor, at=AT, target=customer, what=READ)

    assert AuditEvent.objects.get().detail == {}


def test_what_is_told_for_one_request_is_forgotten_after_it() -> None:
    with origin.told(lambda: {"ip": "192.0.2.1", "session": "s"}):
        assert origin.current() == {"ip": "192.0.2.1", "session": "s"}
    assert origin.current() == {}


def test_a_download_says_from_where_and_two_sessions_differ(vendor: Any, customer: Customer, reader: User) -> None:
    sessions = []
    for _ in range(2):
        client = Client(REMOTE_ADDR="192.0.2.7")
        client.force_login(reader)
        b"".join(client.get("/sandbox/customers/?file=csv").streaming_content)  # type: ignore[attr-defined]
        sessions.append(client.session.session_key)

    told = [event.detail for event in AuditEvent.objects.filter(what=AuditType.LIST_EXPORTED).order_by("pk")]

    assert [each["ip"] for each in told] == ["192.0.2.7"] * 2
    assert told[0]["session"] != told[1]["session"]
    assert all(len(each["session"]) == 16 and each["session"] not in str(sessions) for each in told)


def test_a_search_for_a_person_is_in_the_trail_without_the_number(client: Client, vendor: Any, reader: User) -> None:
    client.force_login(reader)

    for _ in range(3):
        client.get("/sandbox/customers/?q=01017012345")

    event = AuditEvent.objects.get(what=AuditType.PERSON_SOUGHT)
    assert (event.by, event.detail) == (reader.actor, {})
    assert not AuditEvent.objects.filter(detail__icontains="01017012345").exists()
