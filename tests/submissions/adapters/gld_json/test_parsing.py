"""Hostile and damaged files: one finding with its line, and never an error of ours."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from submissions.adapters.base import Level
from submissions.adapters.json_files.parsing import MAX_BYTES, find_lines, walk
from submissions.adapters.json_files.texts import CAUSES
from submissions.adapters.json_files.walking import MOST_FINDINGS
from submissions.services.drafting import checking
from tests.submissions.adapters.gld_json.messages import ADAPTER, inspect, message


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (b"", "EMPTY_FILE", None),
        (b" \n\t", "EMPTY_FILE", None),
        (b"%PDF-1.7", "OTHER_KIND", None),
        (b"PK\x03\x04", "OTHER_KIND", None),
        (b"\xef\xbb\xbf<?xml version='1.0'?><Skjema/>", "OTHER_KIND", None),
        (b'\xef\xbb\xbf{"leveranse": {}}', "BYTE_ORDER_MARK", 1),
        ('{"leveranse": {}}'.encode("utf-16"), "ENCODING", 1),
        ('{"leveranse": {}}'.encode("utf-16-le"), "ENCODING", 1),
        ('{\n"leveranse": "Øst"}'.encode("latin-1"), "ENCODING", 2),
        (b"[" * 200_000, "TOO_DEEP", None),
        (b'{"leveranse": NaN}', "NUMBER", None),
        (b'{"leveranse": ' + b"9" * 5000 + b"}", "NUMBER", None),
        (b'{"leveranse": 1e9999999999999999999}', "NUMBER", None),
        (b'{"leveranse": [-1.5E-99999999999999999999]}', "NUMBER", None),
        (b'{"leveranse": {\n"\\ud83d": 1}}', "HALF_CHARACTER", 2),
        (b'{"leveranse":\n["\\\\ud83d",\n"\\\\\\uDC00"]}', "HALF_CHARACTER", 3),
        (b'{"leveranse": {"\\ud83d": 1, "\\ud83d": 2}}', "HALF_CHARACTER", 1),
        (b'{"leveranse": {},\n"leveranse": {}}', "REPEATED_NAME", 2),
        (b'{"a": [{"b": 1,\n "c": 2},\n {"b": 1, "d": {},\n "b": 3}]}', "REPEATED_NAME", 4),
        (b"[" + b"1," * 1_000_001 + b"1]", "TOO_MANY_VALUES", None),
        (b" " * (MAX_BYTES + 1), "TOO_LARGE", None),
    ],
    ids=lambda value: value[:20].decode("latin-1") if isinstance(value, bytes) else str(value),
)
def test_a_file_that_cannot_be_read_gives_one_finding(content: bytes, code: str, line: int | None) -> None:
    report = inspect(content)

    assert [(f.level, f.code, f.line) for f in report.findings] == [(Level.ERROR, code, line)]
    assert (report.role, report.orgnr, report.period) == ("", "", None)


@pytest.mark.parametrize(
    ("text", "cause", "line"),
    [
        ('{\n"leveranse": {},\n}', "TRAILING", 3),
        ('{\n"leveranse" {}}', "COLON", 2),
        ('{"leveranse": {}\n"a": 1}', "COMMA", 2),
        ('{"leveranse": \n,}', "VALUE", 2),
        ("{leveranse: 1}", "NAME", 1),
        ('{"leveranse": "abc\n"}', "CONTROL", 1),
        ('{"leveranse": "C:\\mappe"}', "ESCAPE", 1),
        ('{"leveranse": {}}\n{}', "EXTRA", 2),
        ('{"leveranse": {"a": 1,\n', "CUT", None),
        ('{"leveranse": "abc', "STRING", 1),
    ],
)
def test_malformed_json_is_told_with_line_and_cause(text: str, cause: str, line: int | None) -> None:
    finding = inspect(text.encode()).findings[0]

    assert (finding.code, finding.params["cause"]) == ("MALFORMED", cause)
    assert line in (finding.line, None)
    assert str(CAUSES[cause]) in ADAPTER.render(finding)


def test_a_whole_character_in_two_halves_and_a_backslash_are_texts() -> None:
    value = message()
    value["leveranse"]["kildesystem"] = "SIGN"

    report = inspect(json.dumps(value).replace("SIGN", r"\ud83d\ude00 \\ud83d").encode())

    assert report.findings == ()


def test_what_is_stored_of_a_file_does_not_grow_with_its_leveranser() -> None:
    entry = message("boligselskap")["leveranse"][0]
    one, many = (inspect({"leveranse": [entry] * n}, "boligselskap") for n in (1, 100))

    assert len(json.dumps(many.facts)) < len(json.dumps(one.facts)) + 50
    assert dict(ADAPTER.summary([many], {}))["Leveranser"] == "100"


def test_a_message_with_hostile_values_gives_findings_that_can_be_stored_and_shown() -> None:
    for path in list(paths(message())):
        for value in HOSTILE:
            report = inspect(json.dumps(changed(message(), path, value)).encode())
            stored = json.dumps(checking.report_as_stored(report), ensure_ascii=False)
            texts = [(ADAPTER.render(finding), finding.path) for finding in report.findings]
            assert (stored + str(texts) + str(ADAPTER.summary([report], {}))).encode()


HOSTILE: list[Any] = [
    None, True, -1, 1.5, 10**18, "", "x", "\ud800", "\x00", "\u202e", "%(x)s", "٢٠٢٥", [], {}, [[]], [None], {"a": 1}, [{}],
]  # fmt: skip


def paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Of every member and entry."""
    entries: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, below in entries:
        yield (*path, name)
        yield from paths(below, (*path, name))


def changed(message: Any, path: tuple[str | int, ...], value: Any) -> Any:
    container = message
    for name in path[:-1]:
        container = container[name]
    container[path[-1]] = value
    return message


def test_every_value_has_the_line_on_which_it_begins() -> None:
    value = {"a": [1, {"b": [], "c": 'x,]\n"{'}, [[2], {}]], "d": {"e": None}}
    text = json.dumps(value, indent=1)
    expected = {}
    lines = text.split("\n")

    for path, line in walk(text):
        expected[path] = line

    assert lines[expected["a", 1, "c"] - 1].strip().startswith('"c"')
    assert lines[expected["a", 2, 0, 0] - 1].strip() == "2"
    assert lines[expected["d", "e"] - 1].strip() == '"e": null'
    assert set(expected) == {
        ("a",), ("a", 0), ("a", 1), ("a", 1, "b"), ("a", 1, "c"), ("a", 2), ("a", 2, 0), ("a", 2, 0, 0), ("a", 2, 1),
        ("d",), ("d", "e"),
    }  # fmt: skip


def test_what_is_absent_is_shown_where_it_belongs() -> None:
    text = '{\n"a": [\n{"b": 1},\n{"c": 2}\n]}'

    lines = find_lines(text, {("a", 1, "b"), ("x",), ("a", 0, "b")})

    assert lines == {("a", 1, "b"): 4, ("x",): 1, ("a", 0, "b"): 3}


def test_the_faults_of_a_large_file_have_their_lines() -> None:
    value = message()
    items = value["leveranse"]["oppgave"]
    value["leveranse"]["oppgave"] = [copy.deepcopy(items[0]) for _number in range(2_000)]
    value["leveranse"]["oppgave"][-1]["andelGjeld"] = "1"
    text = json.dumps(value, indent=1)

    report = inspect(text.encode())

    assert [f.code for f in report.findings] == ["WRONG_VALUE", "COUNT", "SUM", "SUM", "SUM", "SUM"]
    assert text.split("\n")[(report.findings[0].line or 0) - 1].strip() == '"andelGjeld": "1"'


def test_a_fault_in_every_item_is_not_told_thousands_of_times() -> None:
    value = message()
    value["leveranse"]["oppgave"] = [{} for _number in range(1_000)]

    findings = inspect(value).findings

    assert len(findings) == MOST_FINDINGS + 1
    assert findings[-1].code == "MORE"
    assert int(findings[-1].params["n"]) > MOST_FINDINGS
