"""An older backup is put back after its reports were delivered: nothing is delivered twice, and a person is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from portal.core.backup import making, putting_back
from submissions.models import Document, Submission
from submissions.services import restoring
from submissions.services.documents import read_document
from submissions.services.inbox import cursors, poll, pull
from submissions.services.sending import reconcile, send
from submissions.services.sending.queue import queue
from systemusers.models import Access
from tests.core.backup_places import empty_database, forget_connections, new_keys
from tests.fixtures import customer, portfolio, vendor
from tests.submissions.rows import access, make_draft, own_storage
from tests.submissions.world import BY, World, nothing, store_package, world

__all__ = ["access", "customer", "own_storage", "portfolio", "vendor", "world"]
S = Submission.Status
OTHERS = ["310203335", "310629499"]


def more_customers(world: World) -> list[Access]:
    """Accesses of three customers."""
    accesses = [world.access]
    for number, orgnr in enumerate(OTHERS):
        customer = world.new_customer(orgnr, f"Kunde {number}", portfolio=world.access.customer.portfolio)
        accesses.append(world.another_access(customer))
    return accesses


def ready(world: World, access: Access) -> int:
    submission = make_draft(access, at=world.at)
    store_package(submission)
    return submission.pk


def order(world: World, pk: int) -> None:
    queue(submission=Submission.objects.get(pk=pk), by=BY, at=world.at)


def work(world: World) -> None:
    """One round of every sweep."""
    cursors.make_cursors(at=world.at)
    poll.poll_due(at=world.at)
    pull.pull_due(at=world.at)
    send.send_due(at=world.at, when_full=nothing)
    reconcile.settle_due(at=world.at, when_full=nothing)


@pytest.mark.django_db(transaction=True)
def test_no_report_is_delivered_twice_after_an_older_backup(world: World, tmp_path: Path, settings: Any) -> None:
    keys = new_keys(tmp_path)
    ids = [ready(world, access) for access in more_customers(world)]
    order(world, ids[0])  # this one is in the queue when the backup is made
    made = making.make(folder=tmp_path / "backups", recipients=[keys.recipient], by=BY, at=world.at)
    for pk in ids[1:]:
        order(world, pk)
    send.send_due(at=world.at, when_full=nothing)
    assert len(world.received) == len(ids)

    world.let_pass(600)
    empty_database()
    second = {**settings.STORAGES["documents"]["OPTIONS"], "location": tmp_path / "second"}
    settings.STORAGES = {**settings.STORAGES, "documents": {**settings.STORAGES["documents"], "OPTIONS": second}}
    putting_back.restore(folder=tmp_path / "backups" / made.name, identity=keys.identity)
    forget_connections()
    assert set(Submission.objects.values_list("status", flat=True)) == {S.QUEUED, S.READY}
    restoring.restored(by=BY, at=world.at)
    for pk in ids[1:]:
        order(world, pk)
    send.send_due(at=world.at, when_full=nothing)
    held = set(Submission.objects.values_list("status", flat=True))
    for _ in range(5):
        work(world)
        world.let_pass(60)

    assert held == {S.QUEUED}, "nothing moves before one round is through"
    assert restoring.progress(environment="SANDBOX", at=world.at) is None
    assert len(world.received) == len(ids), "nothing was delivered twice"
    for submission in Submission.objects.all():
        assert (submission.status, submission.problem_code) == (S.NEEDS_PERSON, "ALREADY_THERE")
        assert [found.is_same for found in submission.earlier.all()] == [True]
    assert all(read_document(document) for document in Document.objects.all())
