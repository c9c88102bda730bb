"""Probes: is the process alive, and can it do its work?

Neither answer holds an address, a password or an error text of a server; those go to the log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache, partial

import psycopg
from django.conf import settings
from django.core.files.storage import storages
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse, JsonResponse
from redis import Redis, RedisError

from portal.core import database_roles
from portal.core.heartbeat import find_silence
from portal.core.storage.trying import problem_of

logger = logging.getLogger(__name__)


HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}


def alive() -> HttpResponse:
    """200 while the process answers; checks no other server."""
    return JsonResponse({"status": "alive"}, headers=HEADERS)


def ready(*, at: datetime) -> HttpResponse:
    """200, or 503 with what is missing, a sentence for each part. `work` is the heartbeat."""
    parts = {"database": _database, "broker": _broker, "documents": _documents}
    answers = {name: _answer(name, check) for name, check in parts.items()}
    answers["migrations"] = _answer("migrations", _migrations) if answers["database"] == "ok" else answers["database"]
    answers["work"] = _answer("work", partial(_work, at)) if answers["database"] == "ok" else answers["database"]
    missing = {name: answer for name, answer in answers.items() if answer != "ok"}
    told = {"status": "ready" if not missing else "not ready", **answers}
    return JsonResponse(told, status=503 if missing else 200, headers=HEADERS)


def _answer(name: str, check: Callable[[], str]) -> str:
    try:
        return check()
    except (DatabaseError, psycopg.Error, RedisError) as error:
        logger.warning("%s is not ready: %s", name, type(error).__name__)
        return "does not answer"


def _database() -> str:
    """On a separate connection: the pool waits longer for a missing server than a probe does. In production also whether its
    role is the application's.
    """
    with psycopg.connect(**{**connection.get_connection_params(), "connect_timeout": 2}) as own:
        found = [] if settings.LOCAL else database_roles.powers(own.cursor())
    return database_roles.too_powerful(found) if found else "ok"


def _broker() -> str:
    with Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as broker:
        broker.ping()
    return "ok"


def _documents() -> str:
    return problem_of(storages["documents"]) or "ok"


def _migrations() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), max(id) FROM django_migrations")
        waiting = _not_applied(cursor.fetchone())
    return f"{waiting} not applied; run manage.py migrate" if waiting else "ok"


@lru_cache(maxsize=1)
def _not_applied(applied: tuple[int, int]) -> int:
    """How many migrations wait, with these applied (their number and the last one): the files are read once, not for each probe."""
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _work(at: datetime) -> str:
    silence = find_silence(at=at)
    if silence is None:
        return "ok"
    of = f" of the queue {' and '.join(silence.queues)}" if silence.queues else ""
    since = f"since {silence.since:%Y-%m-%dT%H:%M:%SZ}" if silence.since else "yet"
    return f"no heartbeat{of} {since}; see whether beat and a worker{' of it' if of else ''} run"
