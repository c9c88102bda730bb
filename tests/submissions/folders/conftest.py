from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from accounts.models import User
from tests.submissions.folders.rig import Desk
from tests.submissions.world import World


@pytest.fixture
def desk(world: World, administrator: User, tmp_path: Path) -> Iterator[Desk]:
    """A watched folder, and the workers that do what it orders."""
    folder = tmp_path / "folder"
    folder.mkdir()
    with world.behind():
        yield Desk(world, administrator, folder)
