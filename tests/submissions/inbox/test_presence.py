"""Dialogs that are deleted, expired or no longer ours are marked so, leave the counts, and keep what we have."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Role
from portal.core.environments import Environment
from portal.core.filters import in_group
from portal.sandbox.dialogs import delete_dialog, update_dialog
from submissions import tasks
from submissions.models import Dialog, PollCursor
from submissions.services import catalogue
from submissions.services.inbox import cursors, limits, poll, presence
from submissions.services.inbox import reading as pages_read
from submissions.services.pages import dialogs as pages
from systemusers.models import Access
from tests.fixtures import make_user
from tests.submissions.inbox.reading import Reading
from tests.submissions.inbox.test_verdict import feedback


def read_everything(reading: Reading) -> None:
    PollCursor.objects.update(full_at=reading.world.at, overlap_at=reading.world.at, next_attempt_at=reading.world.at)
    reading.poll()
    while PollCursor.objects.filter(overlap_from__isnull=False).exists():
        reading.poll()
    reading.pull()


def known(reading: Reading, **fields: object) -> tuple[Dialog, object]:
    remote = reading.opens(**fields)
    reading.round()
    reading.world.let_pass(3600)
    return Dialog.objects.get(dialog_id=remote.id), remote


def reason_of(row: Dialog) -> str:
    return Dialog.objects.get(pk=row.pk).gone_reason


def test_a_deleted_dialog_is_found_when_everything_is_read(reading: Reading) -> None:
    row, remote = known(reading, status="RequiresAttention")
    other = reading.opens(title="Er her")
    reading.round()
    delete_dialog(reading.world.app, remote, now=reading.world.at)  # type: ignore[arg-type]
    reading.world.let_pass(60)

    read_everything(reading)

    assert reason_of(row) == "DELETED"
    assert Dialog.objects.present().get().dialog_id.hex == other.id.replace("-", "")
    rows, user = Dialog.objects.all(), make_user(Role.ADMINISTRATOR)
    groups = pages.groups(user=user, environment=Environment.SANDBOX, at=reading.world.at)
    assert not in_group(rows, groups, "attention").exists()
    assert in_group(rows, groups, "gone").get().pk == row.pk


def test_an_expired_dialog_is_hidden_and_comes_back_when_it_is_listed(reading: Reading) -> None:
    row, remote = known(reading)
    update_dialog(reading.world.app, remote, {"expires_at": reading.world.at}, now=reading.world.at)  # type: ignore[arg-type]
    reading.world.let_pass(60)
    read_everything(reading)
    hidden = reason_of(row)
    update_dialog(reading.world.app, remote, {"expires_at": None}, now=reading.world.at)  # type: ignore[arg-type]
    reading.world.let_pass(3600)

    read_everything(reading)

    assert (hidden, reason_of(row)) == ("HIDDEN", "")


def test_the_documents_of_a_deleted_dialog_are_kept(reading: Reading) -> None:
    submission = reading.settle(reading.delivered())
    delete_dialog(reading.world.app, next(iter(reading.world.app.state.dialogs.values())), now=reading.world.at)

    read_everything(reading)

    assert Dialog.objects.get().gone_reason == "DELETED"
    assert len(feedback(submission)) == 2


def test_dialogs_of_an_access_that_has_ended_are_marked_and_never_due(reading: Reading) -> None:
    row, _remote = known(reading)
    Access.objects.update(status="REMOVED", status_at=reading.world.at)

    presence.sweep(at=reading.world.at)
    reading.pull()

    assert reason_of(row) == "NOT_OURS"
    assert not Dialog.objects.filter(next_attempt_at__isnull=False).exists()


def test_the_daily_sweep_finds_accesses_that_ended_long_ago(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    row, _remote = known(reading)
    Access.objects.update(status="REMOVED", status_at=reading.world.at - timedelta(days=30))
    presence.sweep(at=reading.world.at)
    assert reason_of(row) == ""
    monkeypatch.setattr(timezone, "now", lambda: reading.world.at)

    tasks.sweep_unfollowed()
    reading.pull()

    assert reason_of(row) == "NOT_OURS"


def test_an_access_that_is_back_gets_its_dialogs_back(reading: Reading) -> None:
    row, _remote = known(reading)
    Access.objects.update(status="REMOVED", status_at=reading.world.at)
    presence.sweep(at=reading.world.at)
    reading.pull()
    reading.world.let_pass(3600)
    Access.objects.update(status="IN_USE", status_at=reading.world.at)

    presence.sweep(at=reading.world.at)
    reading.poll()

    assert reason_of(row) == ""


def test_the_second_reading_reads_all_its_pages_over_several_rounds(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading.opens()
    reading.poll()
    for number in range(5):
        late = reading.opens(title=f"Kom sent {number}")
        late.updated_at = late.content_updated_at = late.created_at = reading.world.at - timedelta(minutes=5)
    reading.world.let_pass(25 * 60)
    monkeypatch.setattr(pages_read, "PAGE", 1)
    monkeypatch.setattr(pages_read, "MOST_PAGES", 2)
    PollCursor.objects.update(next_attempt_at=reading.world.at, full_at=reading.world.at + timedelta(days=1))

    rounds = 0
    while PollCursor.objects.get().next_attempt_at <= reading.world.at:  # type: ignore[operator]
        reading.poll()
        rounds += 1

    assert Dialog.objects.filter(title__startswith="Kom sent").count() == 5
    assert rounds == 3
    assert reading.cursor.overlap_at == reading.world.at + cursors.OVERLAP_EVERY


def test_the_second_reading_sees_a_change_that_left_the_time_as_it_was(reading: Reading) -> None:
    row, remote = known(reading)
    update_dialog(reading.world.app, remote, {"title": {"nb": "Ny"}}, now=reading.world.at, silent=True)  # type: ignore[arg-type]
    PollCursor.objects.update(next_attempt_at=reading.world.at)

    reading.poll()

    assert Dialog.objects.get(pk=row.pk).title == "Ny"


def test_the_second_reading_takes_up_a_dialog_that_failed(reading: Reading) -> None:
    row, _remote = known(reading)
    later = reading.world.at + timedelta(hours=20)
    Dialog.objects.filter(pk=row.pk).update(problem_code="HTTP-403", failures=9, next_attempt_at=later)
    PollCursor.objects.update(next_attempt_at=reading.world.at)

    reading.round()

    assert Dialog.objects.get(pk=row.pk).problem_code == ""


def test_more_services_than_one_search_takes_are_asked_for_in_several(reading: Reading) -> None:
    package = "urn:altinn:accesspackage:skattegrunnlag"
    access = Access.objects.select_related("profile").get()
    access.profile.kind, access.rights, access.packages = "AGENT", [], [package]

    searches = poll._searches(access, poll.Known(catalogue.local, limits.limits_of, {}))
    reading.world.app.state.settings.max_service_resource_filter_values = 2
    limits.forget("SANDBOX")
    split = poll._searches(access, poll.Known(catalogue.local, limits.limits_of, {}))

    covered = [resource for search in searches for resource in search["service_resources"]]
    assert [resource for search in split for resource in search["service_resources"]] == covered
    assert len(covered) > 2
    assert max(len(search["service_resources"]) for search in split) == 2


def test_the_frequent_sweep_looks_at_recent_accesses_and_the_daily_one_at_all(reading: Reading) -> None:
    Access.objects.update(status_at=reading.world.at - timedelta(days=9))

    often, daily = (
        cursors.make_cursors(at=reading.world.at),
        cursors.make_cursors(at=reading.world.at, everything=True),
    )

    assert (often, daily) == (0, 1)


def test_what_an_agent_access_does_not_ask_for_is_not_gone(reading: Reading) -> None:
    row, _remote = known(reading)
    access = Access.objects.select_related("profile").get()
    access.profile.kind = "AGENT"
    access.profile.save(update_fields=["kind"])
    Access.objects.update(rights=[], packages=[])

    read_everything(reading)

    now = Dialog.objects.get(pk=row.pk)
    assert (now.missing_since, now.gone_at, now.gone_reason) == (None, None, "")
    assert PollCursor.objects.get().full_began_at == reading.world.at


def test_only_dialogs_of_the_resources_that_were_asked_for_are_missing(reading: Reading) -> None:
    row, _remote = known(reading)
    later = reading.world.at + timedelta(seconds=1)
    options: dict[str, Any] = {"access": row.access, "since": later, "at": later}

    other = presence.note_unlisted(resources=["urn:altinn:resource:another"], **options)
    own = presence.note_unlisted(resources=[row.service_resource], **options)

    assert (other, own) == (0, 1)
    assert Dialog.objects.get(pk=row.pk).missing_since == later
