"""Odd values in addresses give a page, and a query that takes too long gives one that says so."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from accounts.models import User
from portal.core import database

pytestmark = pytest.mark.django_db
LISTS = ["customers", "access", "submissions", "dialogs"]


def cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(
    "after",
    [
        cursor("[" * 40_000), cursor("[" * 1_400), cursor("{}"), cursor('["a"]'), cursor("[1e999, 1]"), cursor('["\\u0000", 1]'),
        cursor('["2026-11-23T09:00:00+00:00", ' + "9" * 200 + "]"), cursor('[[], {}]'), cursor('[null, true]'), "%", "é", "=" * 5,
    ],
)  # fmt: skip
def test_an_odd_cursor_shows_the_first_page(client: Client, administrator: User, name: str, after: str) -> None:
    client.force_login(administrator)

    assert client.get(f"/sandbox/{name}/", {"after": after}).status_code == 200


@pytest.mark.parametrize("number", ["9" * 5_000, "9" * 19, "9" * 18, "٣", "²", "-1", "1.0", "", "\u200e1"])
@pytest.mark.parametrize("name", ["access/new", "submissions/new"])
def test_an_odd_id_in_an_address_is_no_error(client: Client, administrator: User, name: str, number: str) -> None:
    client.force_login(administrator)

    assert client.get(f"/sandbox/{name}/", {"customer": number}).status_code in (200, 404)


@pytest.mark.parametrize("path", ["customers", "access", "submissions", "dialogs", "documents"])
@pytest.mark.parametrize("number", ["9" * 5_000, "9" * 30])
def test_an_odd_id_in_a_path_is_not_found(client: Client, administrator: User, path: str, number: str) -> None:
    client.force_login(administrator)

    assert client.get(f"/sandbox/{path}/{number}/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_a_query_that_waits_too_long_has_a_page_that_says_so(client: Client, administrator: User) -> None:
    client.force_login(administrator)
    with connection.cursor() as sql:
        sql.execute("SET statement_timeout = 200")
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("LOCK TABLE accounts_customer IN ACCESS EXCLUSIVE MODE")

        page = client.get("/sandbox/customers/")

    with connection.cursor() as sql:
        sql.execute("SET statement_timeout = 0")
    assert (page.status_code, "Det tok for lang tid" in page.text) == (503, True)


@pytest.mark.django_db(transaction=True)
def test_a_query_that_waits_too_long_for_a_lock_has_the_same_page(client: Client, administrator: User) -> None:
    client.force_login(administrator)
    with connection.cursor() as sql:
        sql.execute("SET lock_timeout = 200")
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("LOCK TABLE accounts_customer IN ACCESS EXCLUSIVE MODE")

        page = client.get("/sandbox/customers/")

    with connection.cursor() as sql:
        sql.execute("RESET lock_timeout")
    assert (page.status_code, "Det tok for lang tid" in page.text) == (503, True)


def test_the_web_process_and_the_worker_limit_their_statements() -> None:
    assert (_timeout("import portal.wsgi"), _timeout("")) == (f"{database.WEB.statement}s", "0")
    signal = "from celery.signals import worker_init; import portal.celery; worker_init.send(sender=None)"
    assert _timeout(signal) == f"{database.WORKER.statement // 60}min"


def _timeout(first: str) -> str:
    """The statement_timeout of a connection in a process that has done `first`."""
    code = f"import django; django.setup(); {first or 'pass'}\n"
    code += "from django.db import connection\nwith connection.cursor() as sql:\n    sql.execute('SHOW statement_timeout')\n"
    code += "    print(sql.fetchone()[0])"
    given = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=settings.BASE_DIR, env=given, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]


def test_nobody_waits_for_a_lock_as_long_as_for_an_answer() -> None:
    assert database.WEB.lock < database.WEB.statement
    assert database.WORKER.lock < database.WORKER.statement


def test_a_cursor_of_ours_is_no_longer_than_the_limit() -> None:
    longest = json.dumps(["æ" * 200, 10**18])

    assert len(cursor(longest)) < 2_000
