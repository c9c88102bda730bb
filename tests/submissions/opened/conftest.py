from __future__ import annotations

import pytest

from tests.submissions.opened.rig import Desk
from tests.submissions.world import World


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)
