"""Messages of the two services with a published schema, and of one whose schema is not: made by the example files' code."""

from __future__ import annotations

import json
from typing import Any

from submissions.adapters.base import About, FileReport, NamedFile, Period
from submissions.adapters.gld_json.adapter import GldJsonAdapter
from submissions.services import catalogue

ORGNR, OTHER = "310200379", "310123455"
ADAPTER = GldJsonAdapter()
EGG = {
    "items": "oppgaver.oppgave",
    "summary": "oppgaveOppsummering",
    "item": {
        "oppgaveeier.foedselsnummer": "| person",
        "oppgaveeier.organisasjonsnummer": "| orgnr",
        "oppgaveeier.navn": "? text 1..200",
        "produkt": "? text 1..40 = egg",
        "beloep": "decimal",
    },
    "sums": {"sumBeloep": "beloep"},
}
"""Kjøp fra primærnæring, egg: nested items, decimal numbers as texts, and no published schema."""


def about(slug: str = "boligsameie") -> About:
    service = f"innrapportering-{slug}"
    options = EGG if slug == "egg" else catalogue.service(service).options
    return About(ORGNR, Period.year(2025), service, options)


def message(slug: str = "boligsameie") -> Any:
    """An example message as plain values, to be changed by the test."""
    return json.loads(ADAPTER.examples(about(slug), name="", wrong=False)[0].content)


def inspect(value: Any, slug: str = "boligsameie") -> FileReport:
    """`value` as bytes goes in as it is, anything else as JSON with one value a line."""
    content = value if isinstance(value, bytes) else json.dumps(value, indent=1, ensure_ascii=False).encode()
    return ADAPTER.inspect(NamedFile("a.json", content), about(slug))


def found(value: Any, slug: str = "boligsameie") -> list[tuple[str, str, str]]:
    """(level, code, path) of each finding."""
    return [(finding.level.value, finding.code, finding.path) for finding in inspect(value, slug).findings]
