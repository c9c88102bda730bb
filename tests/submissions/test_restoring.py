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
from submissions.services import archiving, restoring
from submissions.services.inbox import cursors, poll, pull
from submissions.services.sending import send
from submissions.services.sending.queue import cancel
from systemusers.services import ending
from tests.submissions.world import BY, World, make_draft, nothing, package, queue_package

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
    submission = world.queued()
    read_all(world)
    world.let_pass(60)
    restoring.restored(by=BY, at=world.at)

    assert Submission.objects.filter(restoring.held(at=world.at)).get() == submission
    assert restoring.progress(environment="SANDBOX", at=world.at) is not None


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
    assert (cursor.next_attempt_at, cursor.overlap_at, cursor.full_at) == (world.at, world.at, world.at)
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


OTHER = "310203335"


def two_accesses(world: World) -> tuple[Submission, Submission]:
    """A report through the access that can be read, and one through another, whose system user Dialogporten refuses."""
    customer = world.new_customer(OTHER, "Kunde to", portfolio=world.access.customer.portfolio)
    other = world.another_access(customer)
    reports = world.queued(), make_draft(other, at=world.at)
    queue_package(reports[1], package(reports[1]), at=world.at)
    restoring.restored(by=BY, at=world.at)
    read_all(world)
    PollCursor.objects.filter(access=other).update(polled_at=None, failures=3, problem_code="HTTP-403")
    return reports


def test_an_access_that_cannot_be_read_holds_only_its_own_reports(world: World) -> None:
    readable, unreadable = two_accesses(world)

    after = send_due(world, readable), send_due(world, unreadable)

    assert after == (S.DELIVERED, S.QUEUED)
    progress = restoring.progress(environment="SANDBOX", at=world.at)
    assert progress is not None
    assert (progress.unread, progress.is_partial) == (1, True)


def test_an_archived_customer_whose_access_was_never_taken_back_holds_nothing_back(world: World) -> None:
    readable, other = two_accesses(world)
    PollCursor.objects.filter(access=other.access).update(failures=0, problem_code="")
    cancel(submission=other, by=BY, at=world.at)
    ending.end_relation(customer=other.customer, by=BY, at=world.at)
    archiving.archive_ended(at=world.at)
    other.customer.refresh_from_db()
    assert other.customer.archived_at

    assert send_due(world, readable) == S.DELIVERED
    assert restoring.progress(environment="SANDBOX", at=world.at) is None


def test_a_first_failure_still_holds_everything_back(world: World) -> None:
    readable, _other = two_accesses(world)
    PollCursor.objects.filter(failures=3).update(failures=2)

    assert send_due(world, readable) == S.QUEUED


def test_after_two_hours_what_was_read_is_sent(world: World) -> None:
    readable, unreadable = two_accesses(world)
    PollCursor.objects.filter(failures=3).update(failures=0, problem_code="")
    early = send_due(world, readable)
    world.let_pass(restoring.LONGEST_ROUND.total_seconds() + 1)

    late = send_due(world, readable), send_due(world, unreadable)

    assert early == S.QUEUED
    assert late == (S.DELIVERED, S.QUEUED)


def test_an_access_that_is_read_after_all_is_released_by_itself(world: World) -> None:
    _readable, unreadable = two_accesses(world)
    send_due(world, unreadable)
    PollCursor.objects.filter(failures=3).update(polled_at=world.at, failures=0, problem_code="")

    assert send_due(world, unreadable) == S.DELIVERED
    assert not SendingHold.objects.exists()


def test_an_administrator_settles_one_access(client: Client, administrator: User, world: World) -> None:
    _readable, unreadable = two_accesses(world)
    client.force_login(administrator)
    home = client.get(reverse("dashboard", kwargs={"environment": "sandbox"})).content.decode()
    address = reverse("hold-release", kwargs={"environment": "sandbox", "pk": unreadable.access_id})

    asked = client.get(address).content.decode()
    client.post(address)

    assert "Kunde to" in home
    assert address in home
    assert "Send for Kunde to selv om dialogene ikke kan leses?" in asked
    event = AuditEvent.objects.get(what="hold-ended")
    assert (event.target, event.by) == (f"systemusers.Access:{unreadable.access_id}", administrator.actor)
    assert send_due(world, unreadable) == S.DELIVERED


def test_who_may_not_configure_does_not_settle_it(client: Client, case_worker: User, world: World) -> None:
    _readable, unreadable = two_accesses(world)
    client.force_login(case_worker)
    address = reverse("hold-release", kwargs={"environment": "sandbox", "pk": unreadable.access_id})

    assert client.post(address).status_code == 403
    assert send_due(world, unreadable) == S.QUEUED


def test_a_command_settles_one_access_too(world: World) -> None:
    _readable, unreadable = two_accesses(world)

    call_command("restored", "--release", str(unreadable.access_id))

    assert send_due(world, unreadable) == S.DELIVERED
