"""The program that made a file, as the file says it, is shown before the file is sent."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.utils import translation

from submissions.adapters import adapter
from submissions.adapters.base import About, NamedFile
from submissions.adapters.source_system import line_of, source_of
from submissions.period import Period
from submissions.services import catalogue

YEAR, MONTH = Period.year(2025), Period.month(2026, 3)
WAYS = [
    ("innrapportering-boligsameie", YEAR),
    ("innrapportering-amelding", MONTH),
    ("innrapportering-amelding-filopplasting", MONTH),
    ("innrapportering-tpo-filmottak", YEAR),
]


def shown(service: str, period: Period, *, source: str | None = "Eksempelfiler") -> dict[str, str]:
    """The facts of an example of the service that names `source`; None: it names none."""
    entry = catalogue.service(service)
    way, about = adapter(entry.adapter), About("310203335", period, service, entry.options)
    (file,) = way.examples(about, name="Vestvik Bygg AS", wrong=False)
    content = file.content.decode()
    if source is None and content.startswith("{"):
        value: dict[str, Any] = json.loads(content)
        del value["leveranse"]["kildesystem"]
        content = json.dumps(value)
    elif source is None:
        content = content.replace("<kildesystem>Eksempelfiler</kildesystem>", "")
    report = way.inspect(NamedFile(file.name, content.replace("Eksempelfiler", source or "").encode()), about)
    with translation.override("nb"):
        return dict(way.summary([report], {report.role: 1}))


@pytest.mark.parametrize(("service", "period"), WAYS)
def test_a_person_sees_which_program_made_the_file(service: str, period: Period) -> None:
    assert shown(service, period, source="Huldt Lønn 9")["Kildesystem"] == "Huldt Lønn 9"
    assert "Kildesystem" not in shown(service, period, source=None)


def test_no_identity_number_is_shown_and_no_text_without_end() -> None:
    assert "12058012345" not in source_of(["Lønn 12058012345"])
    assert len(source_of(["x" * 500])) == 100
    assert source_of(["B", "A", "B", " ", None, 7, "C", "D"]) == "B, A, C"


def test_facts_of_a_release_that_stored_none_are_read() -> None:
    assert line_of({"items": 1}) == []
