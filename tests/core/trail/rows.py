"""A trail with seals, and the two who may tamper with it: the application's role, and the owner of the database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.conf import settings
from django.db import connection, transaction

from accounts.models import Portfolio
from portal.core import audit_chain, database_roles
from portal.core.audit import AuditEvent, AuditSeal, record
from portal.core.audit_events import AuditType
from portal.core.env import database
from tests.fixtures import AT

FIRST_EVENT = "(SELECT min(id) FROM portal_auditevent)"


def write(count: int, *, at: datetime = AT) -> None:
    portfolio, _ = Portfolio.objects.get_or_create(name="Vest")
    for n in range(count):
        record(by="user:ida@vendor.example", at=at + timedelta(seconds=n), target=portfolio, what=AuditType.EDITED)


def write_and_seal(count: int, *, at: datetime = AT) -> None:
    write(count, at=at)
    audit_chain.seal_all(at=at)


@contextmanager
def as_application() -> Iterator[psycopg.Connection]:
    """A real connection with the application's password, and nothing else."""
    if settings.DATABASE_OWNER is None:
        pytest.skip("the server of DATABASE_URL has one role")
    database_roles.give_rights()
    user = database(settings.DATABASE_URL, pool_size=0)["USER"]
    with psycopg.connect(**{**connection.get_connection_params(), "user": user}, autocommit=True) as own:
        yield own


def tamper(*statements: str) -> None:
    """As the owner, whom no trigger stops."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)


def seal_without_a_key() -> None:
    """Seals anew all that is there, as anybody can who has read how it was done before there were keys."""
    tamper("ALTER TABLE portal_auditseal DROP CONSTRAINT IF EXISTS seal_has_key_and_number")
    last = AuditSeal.objects.last()
    events = list(AuditEvent.objects.filter(pk__gt=last.last_event if last else 0).order_by("pk"))
    sealed = AuditSeal(
        sealed_at=AT, first_event=events[0].pk, last_event=events[-1].pk,
        row_hashes=b"".join(map(audit_chain.row_hash, events)),
        previous_hash=last.chain_hash if last else audit_chain.GENESIS,
    )  # fmt: skip
    columns = [
        sealed.previous_hash, sealed.sealed_at.astimezone(UTC).isoformat(), sealed.first_event, sealed.last_event,
        sealed.row_hashes.hex(),
    ]  # fmt: skip
    sealed.chain_hash = hashlib.sha256(json.dumps(columns).encode()).hexdigest()
    sealed.save(force_insert=True)
