"""The page of backups and deletions, and the lines of the overview that lead to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Customer, CustomerNote, User, Vendor
from portal.core.backup.row import Backup
from portal.core.retention import work
from portal.core.retention.run import PurgeRun
from portal.desk.kept.rules import RULES

pytestmark = pytest.mark.django_db
KEPT = "/sandbox/kept/"


@pytest.fixture
def planned(customer: Customer) -> PurgeRun:
    now = timezone.now()
    CustomerNote.objects.create(customer=customer, author="user:a", written_at=now - timedelta(days=2000), text="x")
    work.plan(RULES.values(), at=now)
    return PurgeRun.objects.get()


def read(client: Client, user: User, path: str = KEPT) -> str:
    client.force_login(user)
    reply = client.get(path)
    assert reply.status_code == 200
    return str(reply.text)


def test_it_shows_the_newest_backup(client: Client, administrator: User) -> None:
    now = timezone.now()
    Backup.objects.create(began_at=now, finished_at=now, name="x", bytes=5 * 2**20, documents=1234)

    assert "1\N{NO-BREAK SPACE}234 dokumenter" in read(client, administrator)


def test_it_shows_one_that_did_not_get_through(client: Client, administrator: User) -> None:
    Backup.objects.create(began_at=timezone.now(), name="x")

    text = read(client, administrator)

    assert "er ikke ferdig" in text
    assert "Det er ikke laget noen her ennå" in text


def test_it_shows_what_will_be_deleted_and_puts_it_off(client: Client, administrator: User, planned: PurgeRun) -> None:
    text = read(client, administrator)
    reply = client.post(f"{KEPT}{planned.pk}/postpone/", follow=True)

    assert "Notater om kunder" in text.split("Hvor lenge ting oppbevares")[0]
    assert "utsatt en måned" in reply.text
    assert PurgeRun.objects.get().begins_at > planned.begins_at


def test_every_kind_is_listed_with_its_period(client: Client, administrator: User, settings: Any) -> None:
    settings.KEPT = {**settings.KEPT, "notes": 0}

    text = read(client, administrator)

    assert "5 år etter årets slutt" in text
    assert "400 dager" in text
    assert '<td data-label="Oppbevares">1 år</td>' in text
    assert "uten ende" in text


@pytest.mark.parametrize("who", ["case_worker", "reader"])
def test_it_is_for_administrators(client: Client, who: str, request: pytest.FixtureRequest, planned: PurgeRun) -> None:
    client.force_login(request.getfixturevalue(who))

    assert client.get(KEPT).status_code == 403
    assert client.post(f"{KEPT}{planned.pk}/postpone/").status_code == 403


def test_the_overview_misses_a_backup(client: Client, administrator: User, vendor: Vendor, settings: Any) -> None:
    settings.BACKUP_WITHIN_HOURS = 26
    missed = read(client, administrator, "/sandbox/")
    Backup.objects.create(began_at=timezone.now(), finished_at=timezone.now(), name="x")
    made = read(client, administrator, "/sandbox/")

    assert "Det mangler en fersk sikkerhetskopi" in missed
    assert "Det mangler en fersk sikkerhetskopi" not in made


def test_the_overview_tells_of_a_deletion_that_is_stuck(
    client: Client, administrator: User, vendor: Vendor, planned: PurgeRun
) -> None:
    PurgeRun.objects.update(problem_code="INTERNAL_ERROR")

    assert "Sletting kommer ikke videre" in read(client, administrator, "/sandbox/")


def test_the_settings_lead_to_it(client: Client, administrator: User, vendor: Vendor) -> None:
    assert f'href="{KEPT}"' in read(client, administrator, "/sandbox/settings/")
