"""Files of every way of working with something odd in them: they get findings that can be stored and shown, and never raise.

Each example is changed at random places with a fixed seed: one value or element at a time, or some bytes.
"""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import translation
from lxml import etree

from submissions.adapters import ADAPTERS
from submissions.adapters.base import About, Adapter, Entry, NamedFile
from submissions.adapters.numbers import is_person_number, synthetic_person
from submissions.period import Period, PeriodKind
from submissions.services import catalogue
from submissions.services.drafting.checking import report_as_stored
from tests.submissions.adapters.rig import PERIODS

ORGNR, SEED, CHANGES = "310629499", 20261129, 120
ELEVEN = re.compile(r"(?<![0-9])[0-9]{11}(?![0-9])")
ODD: list[Any] = [
    None, True, 0, -1, 10**30, 1e300, 0.1, "", " ", "x", "æ\u202e", "\x00", "\ud83d", "9" * 5000, synthetic_person(1), [], {}, [[]], [None],
    [{}], {"": None}, {"a": {"b": []}}, "2026-02-30", "-0.00", "1e5", "NaN", "310629499", 310629499, "𝟚𝟘𝟚𝟝",
]  # fmt: skip
BYTES = [
    b"",
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"<",
    b"{",
    b'"',
    b"&",
    b"]]>",
    b"<!--",
    b"\xc3",
    b"NaN",
    b"0" * 300,
]


def services() -> list[catalogue.Service]:
    """One of each way, and three of the many with JSON."""
    found: dict[str, list[catalogue.Service]] = {}
    for entry in catalogue.services():
        if entry.adapter in ADAPTERS:
            found.setdefault(entry.adapter, []).append(entry)
    return [entry for entries in found.values() for entry in (*entries[:1], *entries[8:20:8])]


@pytest.mark.parametrize("service", services(), ids=lambda entry: entry.id)
def test_whatever_is_in_a_file_gets_findings_that_can_be_stored_and_shown(service: catalogue.Service) -> None:
    adapter, chance = ADAPTERS[service.adapter], random.Random(SEED)
    period = PERIODS.get(service.period, Period(PeriodKind.NONE, PERIODS[PeriodKind.NONE].start))
    about = About(ORGNR, period, service.id, service.options, main_unit="", dialog_id="d")
    files = adapter.examples(about, name="Rask & Tiger AS", wrong=False)

    wrong = []
    for file in files[:2]:
        for content in changed(file.content, chance):
            try:
                look_at(adapter, NamedFile(file.name, content), about)
            except Exception as error:  # all are named together
                wrong.append((type(error).__name__, str(error)[:80], content[:200]))

    assert wrong == []


def look_at(adapter: Adapter, file: NamedFile, about: About) -> None:
    """All that is done with a file before it is sent."""
    recognised = adapter.recognise(file, [Entry(about.service, about.options)])
    report = adapter.inspect(file, about)
    findings = [*report.findings, *adapter.check([report], about), *filter(None, [recognised.finding])]
    with translation.override("nb"):
        shown = [adapter.render(finding) for finding in findings]
        shown += [value for _label, value in adapter.summary([report], {report.role: 1})] if report.role else []
    assert not [text for text in shown if "%(" in text or any(map(is_person_number, ELEVEN.findall(text)))]
    json.dumps(report_as_stored(report), ensure_ascii=False).encode()
    " ".join(shown).encode()
    if not report.has_errors:
        adapter.deletion([file], about)
        assert "\x00" not in report.reference + report.replaces + report.orgnr


def changed(content: bytes, chance: random.Random) -> Iterator[bytes]:
    yield from with_bytes(content, chance)
    yield from of_json(json.loads(content), chance) if content.lstrip()[:1] == b"{" else of_xml(content, chance)


def with_bytes(content: bytes, chance: random.Random) -> Iterator[bytes]:
    yield from (b"", b" ", content[: len(content) // 2], content * 2, content.decode().encode("utf-16"))
    for _ in range(CHANGES // 2):
        position, length = chance.randrange(len(content)), chance.choice((0, 1, 5))
        yield content[:position] + chance.choice(BYTES) + content[position + length :]


def of_json(value: Any, chance: random.Random) -> Iterator[bytes]:
    places = list(places_of(value))
    for _ in range(CHANGES):
        made = copy.deepcopy(value)
        *above, last = chance.choice(places)
        here = made
        for name in above:
            here = here[name]
        odd = chance.choice(ODD)
        if isinstance(here, dict) and chance.random() < 0.2:
            here[str(odd)[:20]] = here.pop(last)
        else:
            here[last] = odd
        yield json.dumps(made, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")


def places_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in entries:
        yield (*path, name)
        yield from places_of(inner, (*path, name))


def of_xml(content: bytes, chance: random.Random) -> Iterator[bytes]:
    for _ in range(CHANGES):
        root = etree.fromstring(content)
        element = chance.choice(list(root.iter()))
        act = chance.randrange(5)
        text = str(chance.choice(ODD)).replace("\x00", "").encode("utf-8", "ignore").decode()
        if act == 0:
            element.text = text
        elif act == 1:
            element.set(chance.choice(["a", "orid", "skjemanummer", "blankettnummer"]), text)
        elif act == 2:
            element.tag = "noe"
        elif (parent := element.getparent()) is not None:
            if act == 3:
                parent.remove(element)
            else:
                parent.append(copy.deepcopy(element))
        yield etree.tostring(root, encoding="utf-8", xml_declaration=True)
