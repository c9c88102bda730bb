"""A package as a whole: complete, of one customer, one year and one class, with each shareholder once and known by number."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import etree

from submissions.adapters.base import Finding, beyond, count
from submissions.adapters.numbers import synthetic_person
from submissions.adapters.rf1086 import Level, NamedFile, names, parsing, render
from submissions.adapters.rf1086.checking import MOST_FINDINGS
from submissions.adapters.rf1086.samples import example
from tests.submissions.adapters.rf1086.packages import (
    ORGNR,
    OWNERS,
    PERSON,
    YEAR,
    about,
    check,
    check_reports,
    codes,
    drop,
    element,
    files,
    report,
    spoilt,
    with_text,
)


def test_a_package_needs_a_main_form():
    assert codes(files()[1:]) == ["NO_MAIN_FORM"]


def test_a_package_needs_a_sub_form():
    assert codes(files()[:1]) == ["NO_SUB_FORM"]


def test_a_second_main_form_is_pointed_out_by_its_file_name():
    (finding,) = check([*files(), NamedFile("en til.xml", files()[0].content)])

    assert (finding.code, finding.file) == ("MANY_MAIN_FORMS", "en til.xml")


def test_nothing_is_said_of_missing_forms_while_one_cannot_be_read():
    assert codes([*files()[1:], NamedFile("hoved.xml", b"<Skjema")]) == ["MALFORMED"]


@pytest.mark.parametrize("place", [0, 1])
def test_a_form_of_another_customer_is_refused(place):
    (finding,) = check(with_text(names.ORGNR, "310123455", place=place))

    assert (finding.code, finding.level, finding.params["given"]) == ("OTHER_CUSTOMER", Level.ERROR, "310123455")
    assert ORGNR in render(finding)


@pytest.mark.parametrize("place", [0, 1])
def test_a_form_of_another_year_is_refused(place):
    (finding,) = check(with_text(names.YEAR, "2024", place=place))

    assert (finding.code, finding.params["given"]) == ("OTHER_YEAR", "2024")
    assert finding.line is not None


def test_a_sub_form_of_another_class_is_refused():
    assert codes(with_text(names.SHARE_CLASS, "02", place=1)) == ["OTHER_CLASS"]


def test_a_sub_form_may_leave_the_class_out():
    assert codes(spoilt(lambda root: drop(element(root, names.SHARE_CLASS)), place=1)) == []


def test_a_shareholder_in_two_sub_forms_is_refused_without_showing_the_number():
    result = files()

    (finding,) = [one for one in check([*result, replace(result[1], name="igjen.xml")]) if one.level == Level.ERROR]

    assert (finding.code, finding.file) == ("SAME_SHAREHOLDER", "igjen.xml")
    assert result[1].name in render(finding)
    assert PERSON not in str(finding)


def identify(*numbers: tuple[str, str]):
    """An edit that leaves the shareholder with these numbers only."""

    def edit(root: etree._Element) -> None:
        holder = element(root, names.SHAREHOLDER)
        for name in (names.PERSON, names.COMPANY, names.FOREIGNER):
            for node in holder.findall(name):
                holder.remove(node)
        for name, text in reversed(numbers):
            node = etree.Element(name, {"orid": name.rsplit("-", 1)[1]})
            node.text = text
            holder.insert(0, node)

    return edit


def test_a_shareholder_without_a_number_is_refused():
    (finding,) = check(spoilt(identify(), place=1))

    assert (finding.code, finding.level) == ("NO_IDENTIFICATION", Level.ERROR)


def test_a_foreign_shareholder_without_a_number_is_only_asked_about():
    def abroad(root: etree._Element) -> None:
        identify()(root)
        node = etree.SubElement(element(root, names.SHAREHOLDER), names.COUNTRY, {"orid": "17740"})
        node.text = "SE"

    (finding,) = check(spoilt(abroad, place=4))

    assert (finding.code, finding.level) == ("NO_IDENTIFICATION", Level.WARNING)


def test_a_shareholder_with_two_numbers_is_refused():
    result = codes(spoilt(identify((names.PERSON, PERSON), (names.COMPANY, "310123455")), place=1))

    assert result[0] == "MANY_IDENTIFICATIONS"


@pytest.mark.parametrize("change", [-1, 1, 5])
def test_a_wrong_digit_in_a_national_identity_number_is_found_and_hidden(change):
    wrong = PERSON[:-1] + str((int(PERSON[-1]) + change) % 10)

    (finding,) = check(with_text(names.PERSON, wrong, place=1))

    assert finding.code == "WRONG_VALUE"
    assert wrong[:9] not in str(finding)


@pytest.mark.parametrize("name", [names.NAME, names.SHARE_CLASS, names.COMPANY, names.HOLDS, names.ORGNR, names.YEAR])
def test_a_national_identity_number_in_the_wrong_place_is_hidden_too(name):
    place = 3 if name == names.COMPANY else 1

    result = check(
        with_text(name, PERSON if name != names.NAME else f"{PERSON[:6]} {PERSON[6:]} " + "x" * 30, place=place)
    )

    assert result
    assert PERSON[6:] not in str(result)


def test_a_file_by_itself_says_what_it_is():
    reports = [report(file) for file in files()]

    assert [one.role for one in reports] == ["MAIN"] + ["PART"] * len(OWNERS)
    assert {(one.orgnr, str(one.period)) for one in reports} == {(ORGNR, str(YEAR))}
    assert not any(one.has_errors for one in reports)


def test_a_file_that_cannot_be_read_has_no_role():
    result = report(NamedFile("a.xml", b"%PDF"))

    assert result.role == ""
    assert result.has_errors


def test_a_package_is_checked_without_parsing_a_file_twice(monkeypatch):
    parsed = []
    real = parsing.safe_xml.parse
    monkeypatch.setattr(parsing.safe_xml, "parse", lambda content: (parsed.append(content), real(content))[1])
    result = example(ORGNR, "Rask Tiger AS", YEAR, shareholders=40)

    findings = check(result)

    assert findings == []
    assert parsed == [file.content for file in result]


def test_the_check_between_files_looks_at_each_report_a_fixed_number_of_times():
    few, many = (looks_at_reports(shareholders=number) for number in (20, 200))

    assert many <= 11 * few


def looks_at_reports(*, shareholders: int) -> int:
    """How many facts the check between the files of a package looks up."""
    looks = 0

    class Counted(dict):
        def __getitem__(self, key):
            nonlocal looks
            looks += 1
            return super().__getitem__(key)

    reports = [report(file) for file in example(ORGNR, "Rask Tiger AS", YEAR, shareholders=shareholders)]
    assert check_reports([replace(one, facts=Counted(one.facts)) for one in reports], about()) == []
    return looks


def test_the_same_fault_in_every_file_ends_in_a_count():
    result = example(ORGNR, "Rask Tiger AS", YEAR, shareholders=400)

    findings = check(result, year=2024)

    assert len(findings) == MOST_FINDINGS + 1
    assert findings[-1].code == "MORE"
    assert "101" in render(findings[-1])
    assert count(findings) == {Level.ERROR: 401, Level.WARNING: 0}


def test_what_is_not_listed_counts_as_what_it_is() -> None:
    listed = Finding(Level.WARNING, "TOTAL")
    rest = beyond([Level.ERROR, Level.WARNING, Level.WARNING])

    assert (rest.level, count([listed, rest])) == (Level.ERROR, {Level.ERROR: 1, Level.WARNING: 3})


def test_the_contents_of_a_file_stay_out_of_its_repr():
    assert synthetic_person(7) not in repr(files()[1])
