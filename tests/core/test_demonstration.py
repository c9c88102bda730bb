"""Production does not start on the demonstration's database, and lets none of its people in."""

from __future__ import annotations

import pytest
from django.conf import settings as configured
from django.db import connection
from django.test import Client
from pytest_django import Settings

from portal.core import database_roles, demonstration
from portal.local import demo
from tests.core.test_database_roles import start
from tests.fixtures import AT


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(configured.DATABASE_OWNER is None, reason="the server of DATABASE_URL has one role")
@pytest.mark.parametrize("process", ["import portal.wsgi", "from portal.celery import refuse_wrong_database as r; r()"])
def test_no_process_of_production_starts_on_the_demonstration(process: str) -> None:
    database_roles.give_rights()
    before = start(process, "portal_app")
    demo.seed(at=AT)

    after = start(process, "portal_app")

    assert before.returncode == 0, before.stderr
    assert after.returncode == 1
    assert "The portal cannot start: the database holds the demonstration" in after.stderr
    assert "Traceback" not in after.stderr


@pytest.mark.django_db
@pytest.mark.parametrize(("is_local", "status"), [(True, 302), (False, 200)])
def test_people_of_the_demonstration_log_in_on_a_laptop_only(
    client: Client, settings: Settings, is_local: bool, status: int
) -> None:
    demo.seed(at=AT)
    settings.LOCAL = is_local

    reply = client.post("/accounts/login/", {"login": f"ida@{demo.DOMAIN}", "password": demo.password()})

    assert reply.status_code == status


@pytest.mark.django_db
def test_a_session_of_the_demonstration_ends_in_production(client: Client, settings: Settings) -> None:
    demo.seed(at=AT)
    client.login(email=f"ida@{demo.DOMAIN}", password=demo.password())
    settings.LOCAL = False

    assert client.get("/").status_code == 302
    assert "/accounts/login/" in client.get("/")["Location"]


@pytest.mark.django_db
def test_tables_that_are_not_there_yet_are_left_to_readyz(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.LOCAL = False
    monkeypatch.setattr(demonstration, "_FIND", "SELECT EXISTS (SELECT FROM no_such_table)")

    demonstration.refuse()

    assert connection.is_usable()
