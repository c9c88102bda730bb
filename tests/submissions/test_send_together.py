"""A batch of reports is walked together: few statements, and what goes wrong with one is settled for it alone."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from submissions.models import Submission
from submissions.services.sending import send, walking
from submissions.services.sending.claim import AT_ONCE
from tests.submissions.adapters.rig import Rig
from tests.submissions.world import World, nothing

S = Submission.Status


def send_all(world: World) -> list[str]:
    send.send_due(at=world.at, when_full=nothing)
    return list(Submission.objects.order_by("pk").values_list("status", flat=True))


def test_a_fault_of_one_keeps_the_others_of_its_batch_not_back(world: World) -> None:
    rows = [world.queued() for _ in range(3)]
    world.order(step="1086H", kind="status", status=503, times=1)

    assert sorted(send_all(world)) == [S.DELIVERED, S.DELIVERED, S.QUEUED]

    for row in rows:
        assert world.settle(row).status == S.DELIVERED
    assert {received.id for received in world.received} == {str(row.transmission_id) for row in rows}
    assert len(world.received) == 3


def test_a_damaged_file_keeps_the_others_of_its_batch_not_back(world: World) -> None:
    bad, good = world.queued(), world.queued()
    bad.documents.filter(role="MAIN").update(sha256="0" * 64)

    assert send_all(world) == [S.QUEUED, S.DELIVERED]

    bad.refresh_from_db()
    assert bad.problem_code == "DOCUMENT_DAMAGED"
    assert good.calls.filter(status="DONE").count() == good.calls.count()


def test_more_reports_of_a_customer_than_may_be_on_their_way_are_sent_one_group_after_the_other(world: World) -> None:
    for _ in range(AT_ONCE + 2):
        world.queued()

    assert send_all(world) == [S.DELIVERED] * (AT_ONCE + 2)
    assert len(world.received) == AT_ONCE + 2


def test_what_may_not_be_repeated_is_started_alone(world: World, monkeypatch: Any) -> None:
    started: list[list[str]] = []
    start = walking._start

    def noted(walks: Any, *, by: str) -> None:
        started.append([walk.call.step for walk in walks])
        start(walks, by=by)

    monkeypatch.setattr(walking, "_start", noted)
    for _ in range(3):
        world.queued()

    send_all(world)

    assert started == [["MAIN"] * 3, ["PART"] * 3, ["CONFIRM"], ["CONFIRM"], ["CONFIRM"]]


def test_three_reports_take_hardly_more_statements_than_one(world: World) -> None:
    rig, taken = Rig(world, "gld_json"), []
    for number in (1, 1, 3):
        for _ in range(number):
            rig.queued()
        with CaptureQueriesContext(connection) as queries:
            assert set(send_all(world)) == {S.DELIVERED}
        taken.append(len([query for query in queries if "SAVEPOINT" not in query["sql"]]))

    _first, one, three = taken
    assert three <= one + 3
    assert one < 45


def test_a_batch_of_which_every_lease_was_lost_ends_quietly() -> None:
    """So it is on a machine that is too slow: other workers have them all."""
    assert list(walking.ask([], lambda _walk: None)) == []
