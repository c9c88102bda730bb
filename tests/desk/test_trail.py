"""Administrators are told when the audit trail does not fit: on the overview, on the operator's page, and by a metric."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from portal.core.trail import watch
from portal.desk.operation.metrics import exposition
from tests.core.trail.rows import tamper, write_and_seal

pytestmark = pytest.mark.django_db
CHANGED = "UPDATE portal_auditevent SET by = 'x' WHERE id = (SELECT min(id) FROM portal_auditevent)"


def page_of(client: Client, user: User, path: str) -> str:
    client.force_login(user)
    return client.get(f"/sandbox/{path}").content.decode()


@pytest.fixture
def changed() -> None:
    write_and_seal(2, at=timezone.now())
    tamper(CHANGED)
    watch.verify_part(at=timezone.now())


def test_a_change_is_an_urgent_line_for_administrators(
    client: Client, vendor: object, administrator: User, changed: None
) -> None:
    assert "Revisjonsloggen stemmer ikke" in page_of(client, administrator, "")
    assert "Revisjonsloggen stemmer ikke: En rad i revisjonsloggen er endret." in page_of(
        client, administrator, "operation/"
    )


def test_a_case_worker_is_not_told(client: Client, vendor: object, case_worker: User, changed: None) -> None:
    assert "Revisjonsloggen" not in page_of(client, case_worker, "")


def test_a_trail_that_nobody_verifies_is_told(client: Client, vendor: object, administrator: User) -> None:
    write_and_seal(2, at=timezone.now() - timedelta(hours=60))

    assert "Revisjonsloggen er ikke kontrollert" in page_of(client, administrator, "")
    assert "Revisjonsloggen er ikke kontrollert på over to døgn." in page_of(client, administrator, "operation/")


def test_a_trail_that_is_whole_is_silent_and_shows_when(client: Client, vendor: object, administrator: User) -> None:
    write_and_seal(2, at=timezone.now())
    watch.verify_part(at=timezone.now())

    assert "Revisjonsloggen" not in page_of(client, administrator, "")
    assert "funnet hel i dag" in page_of(client, administrator, "operation/")


def test_the_metric_tells_it(changed: None) -> None:
    assert b"portal_audit_broken 1.0" in exposition(at=timezone.now())
