"""Messages made by the example files' code, as plain values to be changed by a test."""

from __future__ import annotations

import json
from typing import Any

from submissions.adapters.amelding.adapter import AmeldingAdapter
from submissions.adapters.base import About, FileReport, NamedFile, Period

ORGNR, OTHER = "310200379", "310123455"
ADAPTER = AmeldingAdapter()
ABOUT = About(ORGNR, Period.month(2025, 12), "innrapportering-amelding")


def message() -> Any:
    return json.loads(ADAPTER.examples(ABOUT, name="", wrong=False)[0].content)


def inspect(value: Any, about: About = ABOUT) -> FileReport:
    """`value` as bytes goes in as it is, anything else as JSON with one value a line."""
    content = value if isinstance(value, bytes) else json.dumps(value, indent=1, ensure_ascii=False).encode()
    return ADAPTER.inspect(NamedFile("a.json", content), about)


def found(value: Any, about: About = ABOUT) -> list[tuple[str, str, str]]:
    """(level, code, path) of each finding."""
    return [(finding.level.value, finding.code, finding.path) for finding in inspect(value, about).findings]
