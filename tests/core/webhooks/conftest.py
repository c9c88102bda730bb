from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.core.webhooks.line import Line
from tests.core.webhooks.receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def line(receiver: Receiver) -> Line:
    return Line(receiver)
