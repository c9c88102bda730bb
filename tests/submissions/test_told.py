"""What the vendor's own systems are told about reports, dialogs and documents: each once, in order, however often workers run."""

from __future__ import annotations

from collections import Counter

import pytest
from django.utils import timezone

from portal.core.feed.event import FeedEvent
from submissions.models import Document, Order, Submission
from tests.submissions.inbox.reading import Reading
from tests.submissions.orders.rig import ALL, Rig, person
from tests.submissions.world import World, make_draft, package, queue_package
from tests.world import path_to

S = Submission.Status


def told(subject: str) -> list[tuple[str, str]]:
    """Type and state of each event whose subject begins so, the oldest first."""
    events = FeedEvent.objects.filter(subject__startswith=subject).order_by("pk")
    return [(event.type, event.data.get("status", "")) for event in events]


def about(row: Submission) -> list[str]:
    return [kind for kind, _status in told(f"submissions/{row.reference}")]


@pytest.fixture
def reading(world: World) -> Reading:
    return Reading(world)


@pytest.mark.parametrize(("wrong_sum", "verdict"), [(False, "accepted"), (True, "rejected")])
def test_a_report_is_told_of_when_it_is_there_and_when_it_is_judged(
    reading: Reading, *, wrong_sum: bool, verdict: str
) -> None:
    submission = reading.settle(reading.delivered(wrong_sum=wrong_sum))
    for _ in range(3):
        reading.round()

    assert about(submission) == ["submission.delivered", f"submission.{verdict}"]
    assert {key for event in FeedEvent.objects.all() for key in event.data} <= {
        "status",
        "submission",
        "dialog",
        "role",
    }


def test_dialogs_and_documents_that_come_are_told_once(reading: Reading) -> None:
    submission = reading.settle(reading.delivered())
    for _ in range(3):
        reading.round()

    kinds = Counter(kind for kind, _status in told("dialogs/"))
    stored = [row for row in Document.objects.all() if not row.is_form]
    assert {row.transmission_id is None for row in stored} == {True, False}  # a receipt, and feedback
    assert kinds["dialog.received"] == 1
    assert kinds["dialog.updated"] > 0
    assert sorted(
        FeedEvent.objects.filter(type="document.stored", data__submission=str(submission.reference)).values_list(
            "subject", flat=True
        )
    ) == sorted(f"documents/{row.pk}" for row in stored)


def test_a_report_that_is_refused_is_told_of(world: World) -> None:
    draft = make_draft(world.access)
    submission = queue_package(draft, package(draft), at=world.at)
    world.order(step="1086H", kind="status", status=400, times=10)
    for _ in range(3):
        world.send(submission)

    assert fresh_status(submission) == S.FAILED
    assert about(submission) == ["submission.failed"]


def test_a_report_that_waits_for_a_person_is_told_of_once(world: World) -> None:
    row = make_draft(world.access)
    for status in path_to(row, S.NEEDS_PERSON):
        row.move_to(status, by="task:send", at=timezone.now())

    assert about(row)[-1] == "submission.needs_person"
    assert about(row).count("submission.needs_person") == 1


@pytest.fixture
def cards(world: World) -> Rig:
    return Rig(world, "skattekorttilarbeidsgiver")


def steps(order: Order) -> list[tuple[str, str]]:
    return told(f"orders/{order.reference}")


def test_an_order_is_told_of_when_it_is_there_and_when_its_answer_is(cards: Rig) -> None:
    order = cards.finish(cards.ask(kind=ALL, listed=person("4").encode()))

    placed, *fetched = steps(order)
    assert (order.status, placed) == ("FETCHED", ("order.placed", "ORDERED"))
    assert fetched == [("document.stored", "FETCHED"), ("order.fetched", "FETCHED")]


@pytest.mark.parametrize(
    ("status", "event"),
    [(400, ("order.failed", "FAILED")), (504, ("order.needs_person", "UNCERTAIN"))],
)
def test_an_order_that_does_not_arrive_is_told_of_once(cards: Rig, status: int, event: tuple[str, str]) -> None:
    cards.fault("/bestillSkattekort", status=status)
    order = cards.ask(kind=ALL, listed=person("4").encode())
    for _ in range(3):
        order = cards.work(order)
        cards.world.let_pass(hours=1)

    assert steps(order) == [event]


def test_an_answer_that_does_not_come_in_time_is_told_of_once(cards: Rig) -> None:
    order = cards.work(cards.ask(kind=ALL, listed=person("4").encode()))
    cards.world.app.state.skatteetaten.orders.clear()
    order = cards.finish(order, rounds=400)
    cards.finish(order)

    assert steps(order) == [("order.placed", "ORDERED"), ("order.needs_person", "ORDERED")]


def fresh_status(row: Submission) -> str:
    return Submission.objects.values_list("status", flat=True).get(pk=row.pk)
