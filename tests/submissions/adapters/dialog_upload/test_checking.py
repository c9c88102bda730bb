"""What a file of material is, and what is wrong with it."""

from __future__ import annotations

import pytest

from submissions.adapters.base import About, FileReport, NamedFile
from submissions.adapters.dialog_upload.adapter import DialogUploadAdapter
from submissions.period import Period

ADAPTER = DialogUploadAdapter()
ABOUT = About("310987654", Period.year(2025), "innrapportering-kontrollopplysninger", dialog_id="d")


def inspected(name: str, content: bytes) -> FileReport:
    return ADAPTER.inspect(NamedFile(name, content), ABOUT)


def codes(report: FileReport) -> list[str]:
    return [finding.code for finding in report.findings]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("saft.xml", b"<AuditFile/>"),
        ("bilag.zip", b"PK\x03\x04rest"),
        ("avtale.pdf", b"%PDF-1.7"),
        ("kasse.xlsx", b"PK\x03\x04rest"),
        ("liste.csv", b"a;b\n1;2\n"),
        ("data.json", b"{}"),
    ],
)
def test_what_is_what_its_name_says_is_taken(name: str, content: bytes) -> None:
    report = inspected(name, content)

    assert (report.role, codes(report)) == ("FILE", [])


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("saft.xml", b"  ", "EMPTY_FILE"),
        ("saft.xml", b"<AuditFile>", "MALFORMED"),
        ("saft.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "DOCTYPE"),
        ("bilag.zip", b"<AuditFile/>", "WRONG_KIND"),
        ("avtale.pdf", b"PK\x03\x04", "WRONG_KIND"),
        ("liste.csv", b"%PDF-1.7", "WRONG_KIND"),
        ("liste.csv", b"a\x00b", "WRONG_KIND"),
        ("notat.txt", b"hei", "WRONG_KIND"),
    ],
)
def test_what_is_not_is_not_sent_and_says_why(name: str, content: bytes, code: str) -> None:
    report = inspected(name, content)

    assert (report.role, codes(report)) == ("", [code])
    assert ADAPTER.render(report.findings[0]) != code


@pytest.mark.parametrize("number", ["310999999", "NO310999999MVA", "310 999 999"])
def test_a_saft_of_another_organisation_is_warned_of(number: str) -> None:
    content = f"<AuditFile><Header><RegistrationNumber>{number}</RegistrationNumber></Header></AuditFile>".encode()

    report = inspected("saft.xml", content)

    assert (report.orgnr, codes(report)) == ("310999999", ["OTHER_ORGNR"])
    assert "310999999" in ADAPTER.render(report.findings[0])


def test_other_xml_is_about_nobody() -> None:
    assert inspected("annet.xml", b"<a><RegistrationNumber>310999999</RegistrationNumber></a>").orgnr == ""


@pytest.mark.parametrize("name", ["år?.xml", "a/b.xml", "x" * 120 + ".xml", "skjema\u202e.xml"])
def test_a_name_that_may_be_refused_is_warned_of(name: str) -> None:
    assert codes(inspected(name, b"<a/>")) == ["ODD_NAME"]


def test_two_files_of_one_name_are_an_error() -> None:
    reports = [inspected("Saft.xml", b"<a/>"), inspected("saft.XML", b"<b/>"), inspected("c.xml", b"<c/>")]

    findings = ADAPTER.check(reports, ABOUT)

    assert [(finding.level, finding.code) for finding in findings] == [("ERROR", "TWICE")]


def test_a_saft_with_very_many_lines_is_taken() -> None:
    content = b"<AuditFile><Header/>" + b"<Line>12345678</Line>" * 350_000 + b"</AuditFile>"

    assert codes(inspected("saft.xml", content)) == []
