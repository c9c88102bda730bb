"""What is said of a file before it is sent, and which files are taken for a tax return."""

from __future__ import annotations

import pytest

from submissions.adapters import adapter
from submissions.adapters.altinn_app import samples
from submissions.adapters.altinn_app.return_file import MOST_BYTES
from submissions.adapters.base import About, Entry, FileReport, Match, NamedFile
from submissions.period import Period

ORGNR, ANOTHER = "310629499", "213456784"
ABOUT = About(ORGNR, Period.year(2025), "skattemelding")
ADAPTER = adapter("altinn_app")
EXAMPLE = samples.example(ABOUT, current="SKI:755:1", wrong=False)
OPTIONS = {"app": "skd/app", "data_type": "a", "media_type": "text/xml", "feedback_type": "b"}


def inspected(old: str = "", new: str = "", *, file: NamedFile = EXAMPLE) -> FileReport:
    return ADAPTER.inspect(NamedFile(file.name, file.content.replace(old.encode(), new.encode())), ABOUT)


def test_a_right_file_has_nothing_to_say() -> None:
    report = inspected("?>", "?>")

    assert (report.role, report.findings) == ("RETURN", ())
    assert (report.orgnr, report.period) == (ORGNR, Period.year(2025))
    assert ("Bygger på", "SKI:755:1") in ADAPTER.summary([report], {})


@pytest.mark.parametrize(
    ("old", "new", "code", "role"),
    [
        ("<type>skattemeldingUpersonlig", "<type>skattemeldingPersonlig", "OF_PERSON", "RETURN"),
        ("<type>skattemeldingUpersonlig", "<type>naeringsspesifikasjon", "NO_RETURN", "RETURN"),
        ("<inntektsaar>2025", "<inntektsaar>", "MISSING", "RETURN"),
        ("<inntektsaar>2025", "<inntektsaar>2024", "OTHER_PERIOD", "RETURN"),
        (ORGNR, ANOTHER, "OTHER_CUSTOMER", "RETURN"),
        ("SKI:755:1", "", "NO_CURRENT", "RETURN"),
        ("request:v2", "response:v2", "OTHER_ROOT", ""),
        ("</dokumenter>", "", "MALFORMED", ""),
    ],
)
def test_what_is_wrong_is_said_with_a_text(old: str, new: str, code: str, role: str) -> None:
    report = inspected(old, new)

    assert ([finding.code for finding in report.findings], report.role) == ([code], role)
    assert ADAPTER.render(report.findings[0]) != code
    assert report.has_errors is (code != "NO_CURRENT")


def test_a_file_above_the_limit_of_the_call_is_refused() -> None:
    report = ADAPTER.inspect(NamedFile("a.xml", EXAMPLE.content + b" " * MOST_BYTES), ABOUT)

    assert [finding.code for finding in report.findings] == ["TOO_LARGE"]


def test_it_is_recognised_by_what_it_says() -> None:
    entries = [Entry("skattemelding", OPTIONS)]

    assert ADAPTER.recognise(EXAMPLE, entries).matches == (
        Match("skattemelding", ORGNR, Period.year(2025), "RETURN"),
    )  # fmt: skip
    other = NamedFile("a.xml", b"<melding/>")
    assert (ADAPTER.recognise(other, entries).matches, ADAPTER.recognise(other, entries).finding) == ((), None)


@pytest.mark.parametrize("wrong", [{}, {**OPTIONS, "app": "skd"}, {**OPTIONS, "more": "x"}, {**OPTIONS, "app": 1}])
def test_the_options_of_an_entry_are_checked(wrong: dict[str, object]) -> None:
    assert ADAPTER.options_fault(OPTIONS) == ""
    assert ADAPTER.options_fault(wrong)
