"""Several sealers and writers at once, on connections of their own: the chain never forks, and none of them waits for long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from accounts.models import Portfolio
from portal.core import audit_chain
from portal.core.audit import AuditEvent, AuditSeal, record
from portal.core.audit_events import AuditType
from portal.core.trail import verifying
from tests.fixtures import AT

pytestmark = pytest.mark.django_db(transaction=True)


def write(count: int = 1) -> None:
    portfolio, _ = Portfolio.objects.get_or_create(name="Vest")
    for n in range(count):
        record(by="user:ida", at=AT + timedelta(seconds=n), target=portfolio, what=AuditType.EDITED)


@contextmanager
def thread(act: Callable[[], object]) -> Iterator[list[object]]:
    """`act` on a connection of its own; the list gets its result, or the database's error."""
    results: list[object] = []

    def run() -> None:
        try:
            results.append(act())
        except DatabaseError as error:
            results.append(error)
        finally:
            connection.close()

    worker = threading.Thread(target=run)
    worker.start()
    try:
        yield results
    finally:
        worker.join(60)
        assert not worker.is_alive()


@contextmanager
def seals_cannot_be_inserted() -> Iterator[None]:
    """A sealer stops at its INSERT, after it has read the last seal and the rows."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE portal_auditseal IN SHARE MODE")
        yield


def pid_of_the_waiting_sealer() -> int:
    for _ in range(200):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'portal_auditseal'::regclass")
            if found := cursor.fetchone():
                return int(found[0])
        time.sleep(0.05)
    raise AssertionError("no sealer waits for the table of seals")


def seal() -> int:
    return audit_chain.seal(at=AT)


def test_a_second_sealer_and_a_writer_between_read_and_insert_do_not_fork_the_chain() -> None:
    write(3)
    seal()
    write(2)

    with seals_cannot_be_inserted():
        first = thread(seal)
        counts = first.__enter__()
        pid_of_the_waiting_sealer()
        with thread(write), thread(seal) as second:
            pass
    first.__exit__(None, None, None)
    after = seal()

    assert (counts, second, after) == ([2], [0], 1)
    assert verifying.verify().rows == 6


def test_a_killed_sealer_leaves_no_lock_and_no_seal() -> None:
    write(3)

    with seals_cannot_be_inserted():
        sealer = thread(seal)
        results = sealer.__enter__()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid_of_the_waiting_sealer()])
        sealer.__exit__(None, None, None)

    assert isinstance(results[0], DatabaseError)
    assert (seal(), seal()) == (3, 0)
    assert verifying.verify().rows == 3


def test_sealers_and_writers_in_threads_make_one_chain_of_all_rows() -> None:
    done = threading.Event()
    write()

    def writer() -> None:
        while not done.is_set():
            write()

    def sealer() -> None:
        for _ in range(25):
            seal()

    with thread(writer), thread(writer):
        with thread(sealer), thread(sealer), thread(sealer):
            pass
        done.set()
    audit_chain.seal_all(at=AT)

    assert AuditSeal.objects.count() > 1
    assert verifying.verify().rows == AuditEvent.objects.count()


def test_the_database_refuses_a_second_seal_after_the_same_one() -> None:
    write(1)
    seal()
    first = AuditSeal.objects.get()

    with pytest.raises(IntegrityError, match="previous_hash"), transaction.atomic():
        AuditSeal.objects.create(
            sealed_at=AT, first_event=7, last_event=first.last_event + 7, row_hashes=b"x" * 32,
            previous_hash=first.previous_hash, chain_hash="f" * 64, number=2, events=2, key=first.key,
        )  # fmt: skip
