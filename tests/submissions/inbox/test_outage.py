"""Nothing of ours runs for some hours, and Altinn's calls are answered by nobody: what happened meanwhile is known afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.sandbox import dialogs, webhooks
from submissions.models import Dialog, EventSubscription, PollCursor
from tests.submissions.inbox.reading import Reading
from tests.submissions.inbox.test_subscriptions import Altinn, altinn

__all__ = ["altinn"]
LONGEST_RETRY = 12
"""Hours between two of Altinn's last attempts."""


def away(reading: Reading, *, hours: int) -> None:
    for _ in range(hours):
        webhooks.pump(reading.world.app, deliver=lambda *_call: None)
        reading.world.let_pass(hours=1)


def back(reading: Reading, altinn: Altinn, *, minutes: int) -> None:
    """The sweeps and Altinn's next attempts."""
    for _ in range(minutes // 10):
        altinn.work()
        reading.round()
        reading.world.let_pass(minutes=10)


def present() -> dict[str, str]:
    return dict(Dialog.objects.present().values_list("title", "status"))


@pytest.mark.parametrize(("hours", "gone_within"), [(1, 2), (12, LONGEST_RETRY), (30, LONGEST_RETRY), (36, 1), (80, 1)])
def test_what_happened_during_an_outage_is_known_after_it(
    reading: Reading, altinn: Altinn, hours: int, gone_within: int
) -> None:
    leaves, changes = reading.opens(title="Slettes"), reading.opens(title="Endres")
    reading.round()
    assert EventSubscription.objects.filter(validated_at__isnull=False).exists()
    far = reading.world.at + timedelta(days=6)
    PollCursor.objects.update(full_at=far, overlap_at=far)
    altinn.work()
    reading.world.let_pass(minutes=5)

    at, app = reading.world.at, reading.world.app
    dialogs.delete_dialog(app, leaves, now=at)
    dialogs.update_dialog(app, changes, {"status": "RequiresAttention"}, now=at)
    reading.opens(title="Ny")
    away(reading, hours=hours)
    assert set(present()) == {"Slettes", "Endres"}

    back(reading, altinn, minutes=10)
    assert {"Endres": "RequiresAttention", "Ny": "NotApplicable"}.items() <= present().items()

    back(reading, altinn, minutes=gone_within * 60)
    assert set(present()) == {"Endres", "Ny"}
