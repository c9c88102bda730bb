"""The audit trail: nobody changes it, and what was changed behind the database's back is found."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from accounts.models import Customer, Portfolio
from portal.core import audit_chain
from portal.core.audit import AuditEvent, AuditSeal, record
from portal.core.audit_events import AuditType
from portal.core.trail import verifying
from portal.core.trail.broken import Broken
from tests.fixtures import AT


def write(count: int) -> None:
    portfolio, _ = Portfolio.objects.get_or_create(name="Vest")
    for n in range(count):
        record(
            by="user:ida@vendor.example",
            at=AT + timedelta(seconds=n),
            target=portfolio,
            what=AuditType.EDITED,
            changes={"n": [n, n + 1]},
        )


def tamper(sql: str) -> None:
    """What an intruder with the database's own password could do."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE portal_auditevent DISABLE TRIGGER audit_event_append_only")
        cursor.execute(sql)
        cursor.execute("ALTER TABLE portal_auditevent ENABLE TRIGGER audit_event_append_only")


@pytest.mark.django_db
@pytest.mark.parametrize("act", ["update", "delete"])
@pytest.mark.parametrize("model", [AuditEvent, AuditSeal])
def test_the_database_refuses_to_change_a_row(model: type[AuditEvent | AuditSeal], act: str) -> None:
    write(1)
    audit_chain.seal(at=AT)

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        rows = model.objects.all()
        rows.update(**{model._meta.get_fields()[1].name: AT}) if act == "update" else rows._raw_delete(rows.db)


@pytest.mark.django_db
@pytest.mark.parametrize("table", ["auditevent", "auditseal"])
def test_the_database_refuses_to_empty_the_trail(table: str) -> None:
    trigger = f"audit_{table.removeprefix('audit')}_no_truncate"

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE portal_{table} ENABLE TRIGGER {trigger}")
        cursor.execute(f"TRUNCATE portal_{table}")


@pytest.mark.django_db(transaction=True)
class TestChain:
    def test_every_row_is_sealed_once_over_several_batches(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(audit_chain, "BATCH", 3)
        write(7)

        counts = [audit_chain.seal(at=AT) for _ in range(4)]

        assert counts == [3, 3, 1, 0]
        assert verifying.verify().rows == 7

    def test_a_changed_row_is_named(self) -> None:
        write(4)
        audit_chain.seal(at=AT)
        victim = AuditEvent.objects.order_by("pk")[2]
        tamper(f"UPDATE portal_auditevent SET by = 'user:other@vendor.example' WHERE id = {victim.pk}")

        with pytest.raises(Broken, match=f"row {victim.pk} "):
            verifying.verify()

    @pytest.mark.parametrize(
        "change",
        [
            "at = at + interval '1 microsecond'", "by = by || ' '", "environment = 'TEST'", "target = target || '0'",
            "customer_id_ref = 7", "what = 'deleted'", """detail = '{"a": null}'""", "id = id + 1000",
        ],
    )  # fmt: skip
    def test_a_change_of_any_column_is_found(self, change: str) -> None:
        write(4)
        audit_chain.seal(at=AT)
        write(2)
        victim = AuditEvent.objects.order_by("pk")[1]
        tamper(f"UPDATE portal_auditevent SET {change} WHERE id = {victim.pk}")

        with pytest.raises(Broken):
            verifying.verify()

    @pytest.mark.parametrize(
        "change",
        [
            "row_hashes = substring(row_hashes from 33)", "first_event = first_event + 1", "last_event = last_event - 1",
            "previous_hash = repeat('a', 64)", "chain_hash = repeat('a', 64)", "sealed_at = sealed_at - interval '1 day'",
            "number = number + 1", "events = events - 1", "key = repeat('a', 16)",
        ],
    )  # fmt: skip
    def test_a_change_of_a_seal_is_found(self, change: str) -> None:
        for _ in range(3):
            write(3)
            audit_chain.seal(at=AT)
        victim = AuditSeal.objects.order_by("pk")[1]
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE portal_auditseal DISABLE TRIGGER audit_seal_append_only")
            cursor.execute(f"UPDATE portal_auditseal SET {change} WHERE id = {victim.pk}")
            cursor.execute("ALTER TABLE portal_auditseal ENABLE TRIGGER audit_seal_append_only")

        with pytest.raises(Broken):
            verifying.verify()

    def test_a_removed_row_is_missed(self) -> None:
        write(4)
        audit_chain.seal(at=AT)
        last = AuditEvent.objects.order_by("pk").last()
        assert last is not None
        tamper(f"DELETE FROM portal_auditevent WHERE id = {last.pk}")

        with pytest.raises(CommandError, match="1 rows are missing"):
            call_command("verify_audit")

    def test_a_row_added_afterwards_among_sealed_ones_is_found(self) -> None:
        write(3)
        first = AuditEvent.objects.order_by("pk").first()
        assert first is not None
        tamper(f"DELETE FROM portal_auditevent WHERE id = {first.pk + 1}")
        audit_chain.seal(at=AT)
        AuditEvent.objects.create(pk=first.pk + 1, at=AT, by="user:x", target="t", what="forged")

        with pytest.raises(Broken, match=f"row {first.pk + 1} "):
            verifying.verify()

    def test_a_writer_that_has_not_committed_is_waited_for(self) -> None:
        write(1)
        started, may_commit = threading.Event(), threading.Event()

        def slow_writer() -> None:
            with transaction.atomic():
                write(1)
                started.set()
                may_commit.wait(60)
            connection.close()

        writer = threading.Thread(target=slow_writer)
        writer.start()
        started.wait(60)
        while_open = audit_chain.seal(at=AT)
        may_commit.set()
        writer.join()
        after = audit_chain.seal(at=AT)

        assert (while_open, after) == (0, 2)
        assert verifying.verify().rows == 2


@pytest.mark.django_db
def test_an_event_outlives_its_customer(customer: Customer) -> None:
    record(by="user:ida", at=AT, target=customer, what=AuditType.ADDED, customer_id=customer.pk)
    pk = customer.pk

    customer.delete()

    assert AuditEvent.objects.get(customer_id_ref=pk).what == "added"
