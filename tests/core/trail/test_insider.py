"""Whoever knows the application's password cannot change the trail; what the owner of the database does to it is noticed and named."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from psycopg.errors import CheckViolation, InsufficientPrivilege

from portal.core import audit_chain
from portal.core.audit import AuditEvent, AuditSeal
from portal.core.trail import anchors, broken, verifying, watch
from tests.core.trail.rows import FIRST_EVENT, as_application, tamper, write, write_and_seal
from tests.fixtures import AT

pytestmark = pytest.mark.django_db(transaction=True)
COPIED = "by, at, environment, target, what, detail"


@pytest.fixture(autouse=True)
def trail() -> None:
    """Three seals, the newest of which is anchored."""
    for _ in range(3):
        write(3)
        watch.seal_and_anchor(at=AT)


@pytest.fixture
def insider() -> Iterator[psycopg.Connection]:
    with as_application() as own:
        yield own


def found() -> str:
    with pytest.raises(broken.Broken) as caught:
        verifying.verify(anchors=anchors.kept())
    with pytest.raises(CommandError, match="has been changed"):
        call_command("verify_audit")
    return caught.value.code


REFUSED = [
    "UPDATE portal_auditevent SET by = 'user:other@vendor.example'",
    "DELETE FROM portal_auditevent",
    "TRUNCATE portal_auditevent",
    "UPDATE portal_auditseal SET chain_hash = repeat('a', 64)",
    "DELETE FROM portal_auditseal",
    "TRUNCATE portal_auditseal",
    f"INSERT INTO portal_auditevent (id, {COPIED}) SELECT id, {COPIED} FROM portal_auditevent ON CONFLICT (id) DO UPDATE SET by = 'x'",
    f"MERGE INTO portal_auditevent e USING (SELECT {FIRST_EVENT} id) f ON e.id = f.id WHEN MATCHED THEN DELETE",
    "SET session_replication_role = replica",
    "ALTER TABLE portal_auditevent DISABLE TRIGGER ALL",
    "ALTER TABLE portal_auditseal DISABLE TRIGGER audit_seal_append_only",
    "DROP TRIGGER audit_event_append_only ON portal_auditevent",
    "CREATE OR REPLACE FUNCTION portal_refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
    "CREATE TRIGGER a BEFORE INSERT ON portal_auditevent FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE RULE a AS ON INSERT TO portal_auditevent DO INSTEAD NOTHING",
    "DROP TABLE portal_auditevent",
    "DROP TABLE portal_auditseal",
    "DROP SCHEMA public CASCADE",
    "ALTER TABLE portal_auditevent RENAME TO other",
    "ALTER TABLE portal_auditevent OWNER TO CURRENT_USER",
    "ALTER TABLE portal_auditseal DROP CONSTRAINT seal_has_key_and_number",
    "ALTER TABLE portal_auditevent ENABLE ROW LEVEL SECURITY",
    "CREATE TABLE portal_mine (id int)",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "CREATE ROLE portal_other SUPERUSER",
    "SET ROLE portal",
    "SELECT setval('portal_auditevent_id_seq', 1)",
    "COPY portal_auditevent TO PROGRAM 'cat'",
    "COPY portal_auditevent TO '/tmp/portal_trail'",
    "DELETE FROM django_migrations",
    "UPDATE pg_class SET relowner = 10",
]


@pytest.mark.parametrize("act", REFUSED)
def test_the_applications_role_is_refused(insider: psycopg.Connection, act: str) -> None:
    with pytest.raises(InsufficientPrivilege):
        insider.execute(act)

    assert verifying.verify(anchors=anchors.kept()).rows == 9


def test_the_applications_role_has_nothing_to_give(insider: psycopg.Connection) -> None:
    insider.execute("GRANT ALL ON portal_auditevent TO CURRENT_USER")  # PostgreSQL only warns

    with pytest.raises(InsufficientPrivilege):
        insider.execute("DELETE FROM portal_auditevent")


def test_the_applications_role_works_for_the_portal(insider: psycopg.Connection) -> None:
    insider.execute(f"INSERT INTO portal_auditevent ({COPIED}) SELECT {COPIED} FROM portal_auditevent LIMIT 1")
    insider.execute("UPDATE accounts_portfolio SET name = 'Øst'")
    with insider.transaction():
        insider.execute("LOCK TABLE portal_auditevent IN SHARE MODE")

    assert audit_chain.seal(at=AT) == 1


def test_a_row_that_the_applications_role_slips_in_is_named(insider: psycopg.Connection) -> None:
    insider.execute(
        f"INSERT INTO portal_auditevent (id, {COPIED}) SELECT id - 1, {COPIED} FROM portal_auditevent ORDER BY id LIMIT 1"
    )

    assert found() == broken.ROW_CHANGED


def test_a_seal_of_the_applications_role_is_named_and_nothing_is_sealed_on_it(insider: psycopg.Connection) -> None:
    write(1)
    insider.execute(
        "INSERT INTO portal_auditseal (sealed_at, first_event, last_event, row_hashes, previous_hash, chain_hash, number, events, key)"
        " SELECT sealed_at, last_event + 1, last_event + 1, substring(row_hashes for 32), chain_hash, repeat('b', 64), number + 1,"
        " events + 1, key FROM portal_auditseal ORDER BY id DESC LIMIT 1"
    )

    assert watch.seal_and_anchor(at=AT)

    assert AuditSeal.objects.count() == 4
    assert found() == broken.SEAL_CHANGED


def test_a_seal_without_a_key_is_refused_by_the_database(insider: psycopg.Connection) -> None:
    with pytest.raises(CheckViolation):
        insider.execute(
            "INSERT INTO portal_auditseal (sealed_at, first_event, last_event, row_hashes, previous_hash, chain_hash)"
            " SELECT sealed_at, 99999999, 99999999, row_hashes, chain_hash, repeat('b', 64) FROM portal_auditseal ORDER BY id DESC LIMIT 1"
        )


class TestOwner:
    """Who owns the tables can do all of it."""

    def test_a_changed_row_with_all_plain_hashes_made_anew(self) -> None:
        tamper(f"UPDATE portal_auditevent SET by = 'user:other' WHERE id = {FIRST_EVENT}")
        first = AuditSeal.objects.first()
        assert first
        events = AuditEvent.objects.filter(pk__lte=first.last_event).order_by("pk")
        hashes = b"".join(map(audit_chain.row_hash, events)).hex()
        tamper(f"UPDATE portal_auditseal SET row_hashes = '\\x{hashes}' WHERE id = {first.pk}")

        assert found() == broken.SEAL_CHANGED

    def test_a_replaced_row(self) -> None:
        tamper(f"UPDATE portal_auditevent SET what = 'added' WHERE id = {FIRST_EVENT}")

        assert found() == broken.ROW_CHANGED

    def test_a_removed_row(self) -> None:
        tamper(f"DELETE FROM portal_auditevent WHERE id = {FIRST_EVENT}")

        assert found() == broken.ROWS_MISSING

    def test_a_seal_removed_from_the_middle_with_its_rows(self) -> None:
        middle = AuditSeal.objects.order_by("pk")[1]
        tamper(
            f"DELETE FROM portal_auditevent WHERE id BETWEEN {middle.first_event} AND {middle.last_event}",
            f"DELETE FROM portal_auditseal WHERE id = {middle.pk}",
        )

        assert found() == broken.SEALS_MISSING

    def test_the_newest_seals_and_rows_cut_off(self) -> None:
        cut()

        assert found() == broken.CUT

    def test_the_newest_cut_off_and_others_written_in_their_place(self) -> None:
        cut()
        for _ in range(3):
            write_and_seal(1)

        assert found() == broken.MADE_ANEW

    def test_a_cut_is_noticed_by_the_next_sealing_and_does_not_cover_itself(self) -> None:
        before = anchors.newest()
        cut()
        write(5)

        assert watch.seal_and_anchor(at=AT)
        assert not watch.seal_and_anchor(at=AT)

        assert anchors.newest() == before
        assert watch.find_state(at=AT).broken
        assert found() in (broken.CUT, broken.MADE_ANEW)

    def test_everything_deleted(self) -> None:
        tamper("DELETE FROM portal_auditevent", "DELETE FROM portal_auditseal")

        assert found() == broken.CUT

    def test_everything_truncated(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "ALTER TABLE portal_auditevent DISABLE TRIGGER ALL; ALTER TABLE portal_auditseal DISABLE TRIGGER ALL"
            )
            cursor.execute("TRUNCATE portal_auditevent, portal_auditseal")
            cursor.execute(
                "ALTER TABLE portal_auditevent ENABLE TRIGGER ALL; ALTER TABLE portal_auditseal ENABLE TRIGGER ALL"
            )

        assert found() == broken.CUT

    @pytest.mark.parametrize(
        "act", ["DISABLE TRIGGER audit_event_append_only", "ENABLE REPLICA TRIGGER audit_event_no_truncate"]
    )
    def test_a_guard_left_off(self, act: str) -> None:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"ALTER TABLE portal_auditevent {act}")
            with pytest.raises(broken.Broken, match="switched off") as caught:
                verifying.verify(anchors=anchors.kept())
            transaction.set_rollback(True)

        assert caught.value.code == broken.GUARD_OFF

    @pytest.mark.parametrize("table", ["portal_auditevent", "portal_auditseal"])
    def test_a_dropped_table(self, table: str) -> None:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"DROP TABLE {table}")
            with pytest.raises(broken.Broken, match=f"{table} is gone") as caught:
                verifying.verify(anchors=anchors.kept())
            transaction.set_rollback(True)

        assert caught.value.code == broken.TABLE_GONE

    def test_an_anchor_of_a_mail_or_log_shows_it_when_the_folder_is_gone_too(self, tmp_path: object) -> None:
        anchor = anchors.newest()
        cut()
        aside = anchors.set_aside(at=AT)
        assert aside
        log = aside.with_name("worker.log")
        log.write_text(f'{{"event": "audit trail sealed", "anchor": "{anchor}", "at": "2026-11-29T10:00:00Z"}}\n')

        call_command("verify_audit")

        with pytest.raises(CommandError, match="the trail ends with seal number 1"):
            call_command("verify_audit", since=str(anchor))
        with pytest.raises(CommandError, match="the trail ends with seal number 1"):
            call_command("verify_audit", anchors=log)


def cut() -> None:
    """The last two seals and their rows."""
    first = AuditSeal.objects.order_by("pk")[0]
    tamper(
        f"DELETE FROM portal_auditevent WHERE id > {first.last_event}",
        f"DELETE FROM portal_auditseal WHERE id > {first.pk}",
    )
