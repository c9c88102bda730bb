from collections.abc import Iterator
from dataclasses import replace

import pytest

from submissions.services import catalogue, documents
from tests.submissions.accountant import firm
from tests.submissions.heaps.rig import HOUSING

__all__ = ["firm"]


@pytest.fixture
def two_housing() -> Iterator[tuple[str, str]]:
    """A second service whose messages have the same fields as those of the first."""
    first, twin = catalogue.service(HOUSING), f"{HOUSING}-to"
    entries = catalogue._entries()
    entries[twin] = replace(first, id=twin, names={"nb": "Boligsameie to"})
    yield HOUSING, twin
    del entries[twin]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hash of every stored file that is read."""
    seen: list[str] = []
    real = documents._open
    monkeypatch.setattr(documents, "_open", lambda sha256: (seen.append(sha256), real(sha256))[1])
    return seen
