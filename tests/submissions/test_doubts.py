"""An answer was lost: what is said of the report afterwards is never another report's, and never more than we know."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from portal.sandbox.dialogporten.records import Transmission
from portal.sandbox.faults import Fault
from submissions.adapters.base import Meaning
from submissions.models import Call, EarlierDelivery, Submission
from submissions.services.sending import again, found
from submissions.services.sending.queue import MaybeDelivered
from tests.submissions.adapters.rig import Rig
from tests.submissions.test_found import forget, shown
from tests.submissions.world import BY, SKATTEETATEN, World

S = Submission.Status


def hide(world: World) -> list[Transmission]:
    """Dialogporten does not list what was delivered yet."""
    hidden = []
    for dialog in world.app.state.dialogs.values():
        hidden += dialog.transmissions
        dialog.transmissions = []
    return hidden


def show(world: World, transmissions: list[Transmission]) -> None:
    dialog = next(iter(world.app.state.dialogs.values()))
    dialog.transmissions = transmissions


@pytest.fixture
def refused(world: World) -> Submission:
    """Delivered with one call; its answer was lost, and the next attempt was refused by something on the way."""
    rig = Rig(world, "gld_json")
    rig.order(call=0, kind="lost")
    submission = world.send(rig.queued())
    rig.order(call=0, kind="status", status=400, body="<html>blocked</html>")
    world.let_pass(60)
    return world.settle(world.send(submission))


def test_a_refusal_after_a_lost_answer_does_not_fail_what_was_delivered(world: World, refused: Submission) -> None:
    assert (refused.status, refused.problem_code) == (S.NEEDS_PERSON, "ALREADY_THERE")
    assert str(EarlierDelivery.objects.get().transmission_id) == world.received[0].id
    assert not again.may_try_again(refused)


def test_it_can_be_taken_over(world: World, refused: Submission) -> None:
    [pk] = shown(refused)

    found.take_over(submission=refused, shown=shown(refused), chosen=pk, by=BY, at=world.at)

    assert (world.send(refused).status, str(refused.transmission_id)) == (S.DELIVERED, world.received[0].id)


def test_it_can_be_sent_again_with_the_same_key_which_delivers_nothing_more(world: World, refused: Submission) -> None:
    found.send_anyway(submission=refused, shown=shown(refused), by=BY, at=world.at)

    assert world.send(refused).status == S.DELIVERED
    assert [received.id for received in world.received] == [str(refused.transmission_id)]


def test_it_cannot_be_discarded_as_not_sent(
    client: Client, case_worker: User, world: World, refused: Submission
) -> None:
    client.force_login(case_worker)
    page = client.get(reverse("submission", kwargs={"environment": "sandbox", "pk": refused.pk})).content.decode()

    with pytest.raises(MaybeDelivered):
        found.discard(submission=refused, shown=shown(refused), by=BY, at=world.at)
    assert "så den er trolig denne" in page
    assert "Denne innsendingen er ikke sendt" not in page
    assert "Forkast denne" not in page


def test_a_refusal_after_a_call_that_did_not_arrive_fails_when_the_lists_have_had_their_time(world: World) -> None:
    rig = Rig(world, "gld_json")
    rig.order(call=0, kind="timeout")
    submission = world.send(rig.queued())
    rig.order(call=0, kind="status", status=400, body='{"kode":"GLD_010"}')
    world.let_pass(60)

    world.settle(world.send(submission), rounds=25)
    assert submission.status == S.UNCERTAIN

    world.settle(submission, rounds=60)
    assert (submission.status, submission.problem_code, world.received) == (S.FAILED, "GLD_010", [])


def test_what_a_person_said_is_another_delivery_is_never_taken_for_ours(world: World) -> None:
    ours, lost = world.queued(), world.queued()
    forget(world.send(lost))
    world.send(ours)
    found.send_anyway(submission=ours, shown=shown(ours), by=BY, at=world.at)
    world.order(step="bekreft", kind="timeout")

    world.settle(world.send(ours))

    assert ours.status == S.DELIVERED
    assert [str(ours.transmission_id)] == [received.id for received in world.received[1:]]


def test_the_delivery_of_a_report_that_repeats_its_call_is_no_question_of_another(world: World) -> None:
    rig = Rig(world, "gld_json")
    rig.order(call=0, kind="lost")
    first, second = world.send(rig.queued()), rig.queued()

    world.send(second)
    assert (first.status, second.status) == (S.QUEUED, S.QUEUED)

    world.settle(first)
    world.settle(second)
    assert [str(first.transmission_id), str(second.transmission_id)] == [received.id for received in world.received]


def test_a_single_delivery_with_other_files_is_not_ours_while_it_may_be_anothers(world: World) -> None:
    """Both answers were lost, and the list shows only the first one's delivery yet."""
    first, second = world.queued(parts=2), world.queued(parts=1)
    world.app.faults.order(Fault(service="skatteetaten", path=SKATTEETATEN, kind="lost", seconds=0.0, after=3))
    world.send(first)
    shown_later = hide(world)
    world.order(step="bekreft", kind="lost")
    world.send(second)
    hide(world)
    show(world, shown_later)
    Call.objects.filter(submission=second, step="CONFIRM").update(meaning=Meaning.ALREADY_DELIVERED)
    world.let_pass(10)

    world.look_into(second)

    assert (first.status, second.status, second.transmission_id) == (S.UNCERTAIN, S.UNCERTAIN, None)


@pytest.mark.parametrize("place", ["begin", "settle"])
def test_a_token_refused_during_the_look_is_replaced_once(world: World, place: str) -> None:
    if place == "begin":
        submission = world.queued()
        forget(world.send(world.queued()))
    else:
        world.order(step="bekreft", kind="lost")
        submission = world.send(world.queued())
        world.let_pass(10)
    world.app.faults.order(Fault(service="skatteetaten", path=SKATTEETATEN, status=401, seconds=0.0))

    act = world.send if place == "begin" else world.look_into

    assert act(submission).status == (S.NEEDS_PERSON if place == "begin" else S.DELIVERED)


def test_a_token_refused_when_the_confirmation_is_repeated_is_replaced_once(world: World) -> None:
    world.order(step="bekreft", kind="timeout")
    submission = world.send(world.queued())
    world.let_pass(180)
    world.app.faults.order(Fault(service="skatteetaten", path=SKATTEETATEN, status=401, seconds=0.0))

    assert world.look_into(submission).status == S.DELIVERED
    assert len(world.received) == 1


def test_a_dialog_deleted_during_the_look_holds_nothing_back(world: World) -> None:
    forget(world.send(world.queued()))
    world.app.faults.order(Fault(service="dialogporten", status=410, seconds=0.0, after=1))

    assert world.send(world.queued()).status == S.DELIVERED


def test_forms_that_cannot_be_read_yet_do_not_keep_a_lost_delivery_from_being_found(world: World) -> None:
    body = '{"kode":"GLD_021","melding":"Finner ikke","spesifisering":[{"kode":"GLD_1017","melding":"Finner ikke"}]}'
    path = f"{SKATTEETATEN}/2025/forsendelser"
    world.order(step="bekreft", kind="lost")
    submission = world.send(world.queued())
    world.app.faults.order(Fault(service="skatteetaten", path=path, status=404, seconds=0.0, times=10**6, body=body))

    world.settle(submission)

    assert submission.status == S.DELIVERED
    assert [received.id for received in world.received] == [str(submission.transmission_id)]
