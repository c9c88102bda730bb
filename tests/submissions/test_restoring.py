"""After a restore nothing is sent before all dialogs have been read once, or an operator says so."""

from __future__ import annotations

from datetime import timedelta

from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.models import User
from portal.core.audit import AuditEvent
from portal.core.outbox.message import OutboxMessage
from submissions.models import EventSubscription, PollCursor, SendingHold, Submission
from submissions.services import restoring
from submissions.services.inbox import cursors, poll, pull
from submissions.services.sending import send
from tests.submissions.world import BY, World, nothing

S = Submission.Status


def send_due(world: World, submission: Submission) -> str:
    send.send_due(at=world.at, when_full=nothing)
    submission.refresh_from_db()
    return submission.status


def read_all(world: World) -> None:
    cursors.make_cursors(at=world.at)
    poll.poll_due(at=world.at)
    pull.pull_due(at=world.at)


def test_sending_waits_for_one_round_and_goes_on_by_itself(world: World) -> None:
    submission = world.queued()
    restoring.restored(by=BY, at=world.at)

    before = send_due(world, submission)
    read_all(world)
    after = send_due(world, submission)

    assert (before, after) == (S.QUEUED, S.DELIVERED)
    assert not SendingHold.objects.exists()
    assert set(AuditEvent.objects.values_list("what", flat=True)) >= {"restored", "hold-ended"}


def test_a_round_from_before_the_restore_does_not_count(world: World) -> None:
    read_all(world)
    world.let_pass(60)
    restoring.restored(by=BY, at=world.at)

    assert restoring.held_environments(at=world.at) == ["SANDBOX"]


def test_everything_is_due_and_no_lease_runs(world: World) -> None:
    cursors.make_cursors(at=world.at)
    PollCursor.objects.update(next_attempt_at=world.at + timedelta(hours=9), overlap_at=world.at + timedelta(hours=9))
    EventSubscription.objects.create(
        access=world.access, resource="urn:x", secret_hash="x", created_at=world.at, validated_at=world.at
    )
    submission = world.queued()
    Submission.objects.update(lease_until=world.at + timedelta(hours=1))

    restoring.restored(by=BY, at=world.at)

    cursor, subscription = PollCursor.objects.get(), EventSubscription.objects.get()
    submission.refresh_from_db()
    assert (cursor.next_attempt_at, cursor.overlap_at) == (world.at, world.at)
    assert (subscription.next_attempt_at, subscription.validated_at) == (world.at, None)
    assert (submission.lease_until, submission.attempts) == (None, 1)


def test_a_message_that_may_have_been_sent_is_for_a_person(world: World) -> None:
    OutboxMessage.objects.create(
        kind="MAIL", key="a", status_at=world.at, next_attempt_at=world.at, give_up_at=world.at, created_at=world.at
    )

    restoring.restored(by=BY, at=world.at)

    assert OutboxMessage.objects.needing_a_person().count() == 1


def test_the_banner_says_so_and_an_administrator_ends_it(client: Client, administrator: User, world: World) -> None:
    submission = world.queued()
    call_command("restored")
    client.force_login(administrator)
    page = client.get(reverse("dashboard", kwargs={"environment": "sandbox"})).content.decode()
    address = reverse("hold-end", kwargs={"environment": "sandbox"})

    asked = client.get(address).content.decode()
    client.post(address)

    assert "Ingenting sendes ennå" in page
    assert "Send før alt er lest på nytt?" in asked
    assert send_due(world, submission) == S.DELIVERED


def test_a_command_ends_it_too(world: World) -> None:
    call_command("restored")

    call_command("restored", "--end-hold")

    assert not SendingHold.objects.exists()
