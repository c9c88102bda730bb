"""The rig of all tests: real PostgreSQL and Valkey, started once for a run and thrown away; no way out to a network."""

from __future__ import annotations

import gc
import logging
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase
from django.test.client import MULTIPART_CONTENT, RequestFactory
from django.utils import translation
from pytest_django import DjangoDbBlocker
from redis import Redis

from portal.core.logging import OneLineForStrangers
from portal.gateways import maskinporten
from portal.local import embedded, translations
from tests import emptied, prepared

pytest_plugins = ["tests.s3_fixtures"]
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
LOOPBACK = ("127.", "localhost", "::1", "198.18.")
"""The last are machines that a test makes on this one, in networks of their own: see tests/faults/machines.py."""
TESTS = Path(__file__).parent
WHOLE_PORTALS = (TESTS / "faults", TESTS / "local", TESTS / "browser")
RARELY = (50_000, 20, 20)
FAR_AHEAD = datetime(2999, 1, 1, tzinfo=UTC)
_servers = ExitStack()
gc.set_threshold(*RARELY)  # collecting the tests makes millions of objects that stay


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers once, in the process that leads the run."""
    if hasattr(config, "workerinput") or config.option.collectonly or config.option.help:
        return
    translations.compile_all()
    data = Path(os.environ["PORTAL_TEST_DATA"])
    _servers.enter_context(embedded.servers(data, needed=settings.EMBEDDED, throwaway=True))


def pytest_collection_finish() -> None:
    """The collected tests and all modules stay to the end: nobody looks for garbage among them."""
    gc.freeze()


def pytest_unconfigure() -> None:
    _servers.close()


def chromium() -> str | None:
    """The machine's own Chromium."""
    return next((path for path in map(shutil.which, CHROMIUMS) if path), None)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    begin_with_whole_portals(items)
    skip_without_browser(items)


def skip_without_browser(items: list[pytest.Item]) -> None:
    if chromium() or os.environ.get("REQUIRE_BROWSER"):
        return  # with REQUIRE_BROWSER the test itself fails when it looks for the browser
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason="no Chromium on this machine; install one to run browser tests"))


def begin_with_whole_portals(items: list[pytest.Item]) -> None:
    """Tests that start whole portals wait most of the time: they begin first, those of each folder on another worker.

    `--dist worksteal` gives each worker an equal part of the list; whoever is done takes over from the end of a part.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers == 1:
        return
    kinds = [[item for item in items if item.path.is_relative_to(folder)] for folder in WHOLE_PORTALS]
    for kind in kinds:
        kind.sort(key=lambda item: item.path.name, reverse=True)  # the storm, the longest of all, is the first
    taken = {id(item) for kind in kinds for item in kind}
    items[:] = [item for item in items if id(item) not in taken]
    part = (len(items) + len(taken)) // workers
    for number, kind in enumerate(kinds):
        start = (workers - 1 - number % workers) * part
        items[start:start] = kind


@pytest.fixture(scope="session")
def browser_path() -> str:
    """Where Chromium is. Fails where it must be there and is not."""
    path = chromium()
    if path is None:
        pytest.fail("REQUIRE_BROWSER is set, but this machine has no Chromium")
    return path


@pytest.fixture(autouse=True, scope="session")
def forms_as_browsers_send_them() -> Iterator[None]:
    """Django's test client sends every form as multipart; a browser does so only for a form with files."""
    post = RequestFactory.post

    def as_a_browser(self: Any, path: str, data: Any = None, content_type: str = MULTIPART_CONTENT, **more: Any) -> Any:
        if content_type == MULTIPART_CONTENT and not has_files(data):
            data, content_type = urlencode(data or {}, doseq=True), "application/x-www-form-urlencoded"
        return post(self, path, data, content_type, **more)

    def has_files(data: Any) -> bool:
        values = list(dict(data or {}).values())
        return any(hasattr(one, "read") for value in values for one in (value if is_list(value) else [value]))

    def is_list(value: Any) -> bool:
        return isinstance(value, list | tuple)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RequestFactory, "post", as_a_browser)
        yield


@pytest.fixture(autouse=True, scope="session")
def loopback_only() -> Iterator[None]:
    """A test that tries to reach another machine fails at once, whatever library it tries with."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def checked(call: Callable[..., object]) -> Callable[..., object]:
        return lambda self, address: call(self, loopback(self, address))

    def loopback(self: socket.socket, address: object) -> object:
        if self.family != socket.AF_UNIX and not str(address[0]).startswith(LOOPBACK):  # type: ignore[index]
            raise AssertionError(f"a test tried to reach {address}; only this machine is allowed")
        return address

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", checked(connect))
        patch.setattr(socket.socket, "connect_ex", checked(connect_ex))
        yield


@pytest.fixture(scope="session")
def own_valkey() -> Iterator[Redis]:
    with Redis.from_url(settings.REDIS_URL) as valkey:
        yield valkey


@pytest.fixture(autouse=True)
def empty_valkey(request: pytest.FixtureRequest) -> None:
    """A test that uses the database begins with an empty cache, no locks, no waiting messages and no anchors of the trail."""
    if "db" in request.fixturenames or request.node.get_closest_marker("django_db"):
        request.getfixturevalue("own_valkey").flushdb()
        shutil.rmtree(settings.AUDIT_ANCHORS, ignore_errors=True)


@pytest.fixture(autouse=True)
def unspent_budgets(own_valkey: Redis) -> None:
    """No remote has asked for fewer calls yet: what one test made it say is nothing to the next."""
    from portal.core.budgets import store

    if names := own_valkey.smembers(store.ALL):
        own_valkey.delete(*(store.key_of(name.decode()) for name in names))


CLOCK = maskinporten.clock


@pytest.fixture(autouse=True)
def nothing_told() -> None:
    """The log has no line about strangers yet in this minute."""
    for each in [one for handler in logging.getLogger().handlers for one in handler.filters]:
        if isinstance(each, OneLineForStrangers):
            each.told.clear()


@pytest.fixture(autouse=True)
def own_clock() -> None:
    """Grants are signed by the time of day. A test that set another one within a world may put that back when the world has ended."""
    maskinporten.clock = CLOCK


@pytest.fixture(autouse=True)
def in_norwegian() -> None:
    """The language of a request stays with its thread; the next test begins in ours."""
    translation.activate(settings.LANGUAGE_CODE)


@pytest.fixture(scope="session")
def sequences(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> dict[str, int]:
    """The first number of each sequence that nothing has used yet: far apart, so that no two tables share an id."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT seqrelid::regclass::text FROM pg_sequence WHERE pg_sequence_last_value(seqrelid) IS NULL ORDER BY 1"
        )
        return {name: 100_001 + 10_000 * index for index, (name,) in enumerate(cursor.fetchall())}


@pytest.fixture(autouse=True)
def same_ids(request: pytest.FixtureRequest) -> None:
    """Ids begin anew with each test that uses the database, so that rows can be kept: see tests/kept.py."""
    if "db" in request.fixturenames or request.node.get_closest_marker("django_db"):
        request.getfixturevalue("db")
        first = request.getfixturevalue("sequences")
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT " + ", ".join(f"setval('{name}', {number}, false)" for name, number in first.items())
            )


@pytest.fixture(autouse=True)
def beating_heart(request: pytest.FixtureRequest) -> None:
    """Background work goes on, at whatever time a test takes it to be. A test of the opposite deletes the rows."""
    if "db" in request.fixturenames or request.node.get_closest_marker("django_db"):
        from portal.core.heartbeat import record_beat

        request.getfixturevalue("db")
        record_beat(beat_at=FAR_AHEAD, at=FAR_AHEAD)


@pytest.fixture(scope="session")
def prepared_server(django_db_blocker: DjangoDbBlocker) -> Path | None:
    """The files of a server whose database has been migrated; None with a server of somebody else's."""
    if not prepared.is_possible():
        return None
    with django_db_blocker.unblock():
        return prepared.make()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None, prepared_server: Path | None) -> None:
    """Each worker's database is a copy of one that was migrated once."""
    if prepared_server:
        connection.settings_dict["TEST"]["TEMPLATE"] = prepared.DATABASE


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, prepared_server: Path | None
) -> Iterator[None]:
    """Transactional tests empty every table afterwards. The audit trail refuses that: a superuser passes over its triggers,
    and on a server of somebody else's they are switched off.
    """
    with pytest.MonkeyPatch.context() as patch:
        if prepared_server:
            patch.setattr(TransactionTestCase, "_fixture_teardown", emptied.empty)
        else:
            with django_db_blocker.unblock(), connection.cursor() as cursor:
                cursor.execute("ALTER TABLE portal_auditevent DISABLE TRIGGER audit_event_no_truncate")
                cursor.execute("ALTER TABLE portal_auditseal DISABLE TRIGGER audit_seal_no_truncate")
        yield
