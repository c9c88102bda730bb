"""Two workers send at once: the messages of one subject still come one after the other, and each once."""

from __future__ import annotations

import pytest

from portal.core.outbox import delivery
from portal.core.outbox.message import OutboxMessage
from tests.core.outbox.rig import in_threads
from tests.core.webhooks.line import Line

SUBJECTS, EACH = 5, 6


@pytest.mark.django_db(transaction=True)
def test_each_subject_keeps_its_order(line: Line) -> None:
    line.happens(*(f"submissions/{subject}" for _ in range(EACH) for subject in range(SUBJECTS)))

    def work() -> None:
        while OutboxMessage.objects.waiting().exists():
            delivery.send_due(at=line.at, kind="WEBHOOK", limit=3)

    in_threads(work, 2)

    bodies = line.receiver.bodies(line.secret)
    places: dict[str, list[int]] = {}
    for body in bodies:
        places.setdefault(body["subject"], []).append(int(body["sequence"]))
    assert len(bodies) == len({body["id"] for body in bodies}) == SUBJECTS * EACH
    assert {subject: came == sorted(came) for subject, came in places.items()} == dict.fromkeys(places, True)
    assert len(places) == SUBJECTS
