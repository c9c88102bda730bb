"""Each test begins with budgets that nobody has used."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from portal.core.budgets.own import own
from portal.core.budgets.policy import _policy
from portal.core.valkey import valkey


@pytest.fixture(autouse=True)
def unused() -> Iterator[None]:
    valkey().flushdb()
    own.clear()
    _policy.cache_clear()
    yield
    valkey().flushdb()
    own.clear()
    _policy.cache_clear()
