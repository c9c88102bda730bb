from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from accounts.models import User, Vendor
from portal.management import acting
from tests.fixtures import administrator, case_worker, customer, portfolio, reader, vendor
from tests.portal.management.rig import Terminal
from tests.submissions.rows import access, own_storage
from tests.submissions.world import World, world


@pytest.fixture
def terminal(
    world: World, vendor: Vendor, administrator: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Terminal]:
    """The shell of whoever runs commands. While a command waits, workers work."""
    made = Terminal(world, administrator, tmp_path)
    monkeypatch.setattr(acting, "pause", lambda _seconds: made.work())
    with world.behind():
        yield made


__all__ = [
    "access",
    "administrator",
    "case_worker",
    "customer",
    "own_storage",
    "portfolio",
    "reader",
    "vendor",
    "world",
]
