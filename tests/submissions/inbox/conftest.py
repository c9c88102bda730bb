"""The reading worker beside the sandbox. Whatever a test does here, no dialog may ever be opened by us."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.submissions.inbox.reading import Reading, opened_dialogs
from tests.submissions.world import World


@pytest.fixture
def reading(world: World) -> Reading:
    return Reading(world)


@pytest.fixture(autouse=True)
def never_opens_a_dialog(world: World) -> Iterator[None]:
    yield
    assert opened_dialogs(world) == []
