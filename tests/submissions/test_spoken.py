"""What histories say of services and periods."""

from __future__ import annotations

import pytest

from portal.core.audit_events import AuditType
from portal.explain.audit import PRESENTERS
from submissions.services import spoken


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-09", "september 2026"), ("2025–", "fra 2025"), ("2026-07–2026-09", "juli 2026–september 2026"),
        ("2025", "2025"), ("", ""), ("?", "?"),
    ],
)  # fmt: skip
def test_a_period_is_said_in_words(text: str, said: str) -> None:
    assert spoken.period(text) == said


def test_a_history_names_the_service_that_is_expected() -> None:
    parts = PRESENTERS[AuditType.EXPECTED].details({"service": "innrapportering-amelding", "period": "2026-07–"}, None)

    assert parts == ["A-meldingen", "fra juli 2026"]
