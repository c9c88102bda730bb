"""Files for uploads: the adapter's examples with some parts changed."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from submissions.adapters.base import About, FileReport, NamedFile
from submissions.adapters.upload.adapter import JsonUpload, UploadAdapter, XmlUpload
from submissions.period import Period
from submissions.services import catalogue

ORGNR = "310629499"
XML, JSON = XmlUpload(), JsonUpload()
TPO, AMELDING = "innrapportering-tpo-filmottak", "innrapportering-amelding-filopplasting"


def about(service: str) -> About:
    period = Period.year(2025) if service == TPO else Period.month(2026, 3)
    return About(ORGNR, period, service, catalogue.service(service).options)


def xml_text() -> str:
    return XML.examples(about(TPO), name="Rask & Tiger AS", wrong=False)[0].content.decode()


def xml(old: str = "", new: str = "") -> FileReport:
    """The report of the example with `new` instead of `old`."""
    text = xml_text()
    assert old in text
    return inspect(XML, TPO, text.replace(old, new) if old else text)


@cache
def example() -> bytes:
    """Each example has an id of its own; these tests compare one with itself."""
    return JSON.examples(about(AMELDING), name="", wrong=False)[0].content


def json_message(**changes: Any) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(example())
    message["leveranse"] |= changes
    return message


def amelding(**changes: Any) -> FileReport:
    """None among the changes takes the member out."""
    message = json_message(**changes)
    message["leveranse"] = {name: value for name, value in message["leveranse"].items() if value is not None}
    return inspect(JSON, AMELDING, json.dumps(message))


def inspect(adapter: UploadAdapter, service: str, content: str | bytes) -> FileReport:
    raw = content.encode() if isinstance(content, str) else content
    return adapter.inspect(NamedFile("fil", raw), about(service))


def codes(report: FileReport) -> list[tuple[str, str]]:
    return [(finding.level.value, finding.code) for finding in report.findings]
