"""The watch over the trail: sealed each minute, verified each night in parts, and what was found told to people."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.conf import settings as configured
from django.db import connection
from pytest_django import Settings

from portal.core import audit_chain
from portal.core.audit import AuditEvent, AuditSeal
from portal.core.audit_events import AuditType
from portal.core.outbox.message import OutboxMessage
from portal.core.trail import anchors, broken, verifying, watch
from portal.desk import trail
from tests.core.trail.rows import seal_without_a_key, tamper, write, write_and_seal
from tests.fixtures import AT

EVENING = datetime(2026, 11, 2, 19, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 3, 1, 1, tzinfo=UTC)
"""A minute past two in Norway."""
OTHER_KEY = "another-key-of-forty-characters-or-more-0123456789"
pytestmark = pytest.mark.django_db


class TestAnchors:
    def test_each_sealing_keeps_and_logs_the_newest_seal(self, caplog: pytest.LogCaptureFixture) -> None:
        write(2)
        with caplog.at_level(logging.INFO, logger="portal.core.trail.watch"):
            watch.seal_and_anchor(at=AT)
            watch.seal_and_anchor(at=AT)

        seal = AuditSeal.objects.get()
        assert str(anchors.newest()) == f"1:2:{seal.chain_hash}"
        assert [record.anchor for record in caplog.records] == [f"1:2:{seal.chain_hash}"] * 2  # type: ignore[attr-defined]

    def test_there_is_one_for_each_day_and_all_are_compared(self) -> None:
        for day in range(3):
            write(2)
            watch.seal_and_anchor(at=AT + timedelta(days=day))
            write(1)
            watch.seal_and_anchor(at=AT + timedelta(days=day))

        assert [(anchor.number, anchor.events) for anchor in anchors.kept()] == [(2, 3), (4, 6), (6, 9)]
        assert verifying.verify(anchors=anchors.kept()).rows == 9

    def test_the_files_are_for_the_portals_user_alone(self) -> None:
        write(1)
        watch.seal_and_anchor(at=AT)

        folder = configured.AUDIT_ANCHORS
        modes = [oct(path.stat().st_mode & 0o777) for path in (folder, *folder.iterdir())]
        assert modes == ["0o700", "0o600"]

    @pytest.mark.parametrize("text", ["", "12", "1:2:abc", "see the log"])
    def test_a_text_without_one_is_refused(self, text: str) -> None:
        with pytest.raises(anchors.NoAnchor):
            anchors.read(text)

    def test_the_hash_alone_serves_as_one(self) -> None:
        write_and_seal(2)
        seal = AuditSeal.objects.get()

        assert verifying.verify(anchors=anchors.read(seal.chain_hash)).is_whole
        with pytest.raises(broken.Broken, match="no seal has the hash"):
            verifying.verify(anchors=anchors.read("a" * 64))


class TestKeys:
    def test_old_keys_verify_and_the_newest_seals(self, settings: Settings) -> None:
        write_and_seal(2)
        settings.AUDIT_KEYS = [OTHER_KEY, *settings.AUDIT_KEYS]
        write_and_seal(1)

        assert verifying.verify().rows == 3
        assert AuditSeal.objects.values("key").distinct().count() == 2

    def test_a_key_that_was_taken_away_is_named(self, settings: Settings) -> None:
        write_and_seal(2)
        settings.AUDIT_KEYS = [OTHER_KEY]

        with pytest.raises(broken.Broken, match="none of AUDIT_KEYS") as caught:
            verifying.verify()

        assert caught.value.code == broken.KEY_UNKNOWN

    def test_the_key_is_in_no_table(self) -> None:
        write_and_seal(2)

        seal = AuditSeal.objects.values().get()
        assert not any(key in str(seal) for key in configured.AUDIT_KEYS)


class TestFromAReleaseWithoutKeys:
    def test_old_seals_stay_verifiable_and_the_first_with_a_key_names_the_last_of_them(self) -> None:
        for _ in range(2):
            write(2)
            seal_without_a_key()
        write_and_seal(3)
        last_old, first_new = AuditSeal.objects.order_by("pk")[1:]

        assert verifying.verify().rows == 7
        assert first_new.previous_hash == last_old.chain_hash
        assert (first_new.number, first_new.events) == (3, 7)

    def test_old_seals_cannot_be_made_anew_under_it(self) -> None:
        write(2)
        seal_without_a_key()
        write_and_seal(1)
        first = AuditEvent.objects.order_by("pk")[0]
        tamper(
            f"UPDATE portal_auditevent SET by = 'x' WHERE id = {first.pk}",
            "CREATE TEMP TABLE new AS SELECT * FROM portal_auditseal ORDER BY id LIMIT 1",
            "DELETE FROM portal_auditseal WHERE id IN (SELECT id FROM new)",
        )

        with pytest.raises(broken.Broken) as caught:
            verifying.verify()

        assert caught.value.code == broken.SEALS_MISSING

    def test_a_seal_without_a_key_after_one_with_a_key_is_named(self) -> None:
        write_and_seal(2)
        write(1)
        seal_without_a_key()

        with pytest.raises(broken.Broken, match="without a key") as caught:
            verifying.verify()

        assert caught.value.code == broken.SEAL_CHANGED


class TestNight:
    def test_the_first_verification_is_due_at_once_and_then_each_night(self) -> None:
        write_and_seal(2)

        assert watch.verify_part(at=EVENING)
        assert not watch.verify_part(at=EVENING + timedelta(hours=1))
        assert watch.verify_part(at=NIGHT)
        assert not watch.verify_part(at=NIGHT + timedelta(hours=20))

        whole = watch.find_state(at=NIGHT).whole
        assert whole
        assert whole.at == NIGHT

    def test_a_large_trail_is_verified_in_parts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(watch, "PART", 4)
        for _ in range(5):
            write_and_seal(2)

        parts = [watch.verify_part(at=NIGHT + timedelta(minutes=n)) for n in range(4)]

        assert parts == [True, True, True, False]
        told = AuditEvent.objects.filter(what=AuditType.TRAIL_VERIFIED).order_by("pk").values_list("detail", flat=True)
        assert [(each["rows"], each["whole"]) for each in told] == [(4, False), (8, False), (10, True)]

    def test_a_change_in_a_later_part_is_found(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(watch, "PART", 4)
        for _ in range(3):
            write_and_seal(2)
        watch.verify_part(at=NIGHT)
        tamper(
            "UPDATE portal_auditevent SET by = 'x' WHERE id = (SELECT last_event FROM portal_auditseal ORDER BY id DESC LIMIT 1)"
        )

        watch.verify_part(at=NIGHT)

        state = watch.find_state(at=NIGHT)
        assert state.broken
        assert state.broken.code == broken.ROW_CHANGED

    def test_the_seal_where_a_part_ended_must_still_be_there(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(watch, "PART", 2)
        for _ in range(2):
            write_and_seal(2)
        watch.verify_part(at=NIGHT)
        tamper("DELETE FROM portal_auditseal")

        watch.verify_part(at=NIGHT)

        state = watch.find_state(at=NIGHT)
        assert state.broken
        assert state.broken.code == broken.SEAL_CHANGED

    def test_a_trail_that_is_whole_again_ends_the_alarm(self, settings: Settings) -> None:
        ours = settings.AUDIT_KEYS
        write_and_seal(2)
        settings.AUDIT_KEYS = [OTHER_KEY]
        watch.verify_part(at=EVENING)
        settings.AUDIT_KEYS = [*ours, OTHER_KEY]
        assert watch.find_state(at=EVENING).broken

        watch.verify_part(at=NIGHT)

        assert watch.find_state(at=NIGHT).is_well

    def test_what_others_write_into_the_trail_counts_as_nothing(self) -> None:
        write_and_seal(2)
        watch.verify_part(at=EVENING)
        tamper("UPDATE portal_auditevent SET by = 'x' WHERE id = (SELECT min(id) FROM portal_auditevent)")
        watch.verify_part(at=NIGHT)
        good = AuditEvent.objects.get(what=AuditType.TRAIL_VERIFIED)
        forged = {**good.detail, "began_at": int(NIGHT.timestamp())}
        AuditEvent.objects.create(at=good.at, by=good.by, target=good.target, what=good.what, detail=good.detail)
        AuditEvent.objects.create(at=NIGHT, by=good.by, target=good.target, what=good.what, detail=forged)

        assert watch.find_state(at=NIGHT).broken

    def test_it_is_overdue_when_nobody_verifies(self) -> None:
        assert not watch.find_state(at=AT).is_overdue
        write_and_seal(2, at=AT)

        assert not watch.find_state(at=AT + timedelta(hours=49)).is_overdue
        assert watch.find_state(at=AT + timedelta(hours=51)).is_overdue

    def test_another_worker_that_verifies_is_left_alone(self) -> None:
        write_and_seal(2)
        with psycopg.connect(**connection.get_connection_params()) as other:
            other.execute("SELECT pg_advisory_lock(%s)", [watch.LOCK])

            assert not watch.verify_part(at=NIGHT)
            other.execute("SELECT pg_advisory_unlock(%s)", [watch.LOCK])

        assert watch.verify_part(at=NIGHT)


class TestTold:
    @pytest.fixture(autouse=True)
    def address(self, settings: Settings) -> None:
        settings.AUDIT_ANCHOR_MAIL = "sikkerhet@vendor.example"

    def mails(self) -> list[str]:
        return [str(message.payload["subject"]) for message in OutboxMessage.objects.order_by("pk")]

    def test_one_mail_a_day_carries_the_anchor(self) -> None:
        write_and_seal(2)
        anchor = audit_chain.newest()
        watch.verify_part(at=NIGHT)

        trail.tell(at=NIGHT)
        trail.tell(at=NIGHT)

        assert self.mails() == ["Revisjonsloggen er hel"]
        assert str(anchor) in OutboxMessage.objects.get().payload["text"]

    def test_a_change_is_mailed_once(self) -> None:
        write_and_seal(2)
        tamper("UPDATE portal_auditevent SET by = 'x' WHERE id = (SELECT min(id) FROM portal_auditevent)")
        watch.verify_part(at=NIGHT)

        trail.tell(at=NIGHT)
        trail.tell(at=NIGHT + timedelta(hours=1))

        assert self.mails() == ["Revisjonsloggen stemmer ikke"]
        assert "TRAIL_ROW_CHANGED" in OutboxMessage.objects.get().payload["text"]

    def test_without_an_address_nothing_is_mailed(self, settings: Settings) -> None:
        settings.AUDIT_ANCHOR_MAIL = ""
        write_and_seal(2)
        watch.verify_part(at=NIGHT)

        trail.tell(at=NIGHT)

        assert self.mails() == []
