"""What both forms say of one event must agree, and files of other vendors' programs pass."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import etree

from submissions.adapters.base import NamedFile
from submissions.adapters.rf1086 import Kind, Level, names, render, schema
from submissions.adapters.rf1086.controls.texts import READINGS
from submissions.adapters.rf1086.samples import Company, Shareholder, package
from tests.submissions.adapters.rf1086.packages import ORGNR, PERSON, YEAR, check, edited, element, report
from tests.submissions.adapters.rf1086.rows import STILL, child_of, form_with, paths

FOUNDED = Company(ORGNR, "Rask Tiger AS", YEAR, (Shareholder("Kjell Kjøper", PERSON, 0, 100),))
EVENTS = [
    ("8", "36564=Y 17665=1000 23946=10 17667", "29169=1000 17742=100 17769"),
    ("9", "17668 17669 17670=N 17671 23947=100", "12153 17745=N 17746 17636=1000"),
    ("10", "17677 17678 17679=S 17680 23949", "17748 17749=S 17750"),
    ("11", "17688 17689 23951 17691=PLD 17692", "17752 17753=PLD 17754"),
    ("12", "17693 17694 17695=V 17696 23953", "24007 17758=V 17759"),
    ("13", "17707 17708", "17765 17766"),
    ("15", "28268=6 17713 23958 23959 17716", "28267=6 22073 23971 22075"),
    ("17", "17722 23962 23963 17725", "17761 23970 17763"),
]
"""One event as the main form and as the sub-form has it."""


def pair(main: str, part: str) -> list[NamedFile]:
    return [form_with(Kind.MAIN, main), form_with(Kind.PART, part)]


def found(files: list[NamedFile], code: str) -> list[str]:
    """The texts of the findings with this code."""
    return [render(finding) for finding in check(files) if finding.code == code]


@pytest.mark.parametrize(("post", "main", "part"), EVENTS)
def test_an_event_has_the_same_time_on_both_forms(post, main, part):
    right = pair(main, part)
    wrong = [right[0], replace(right[1], content=right[1].content.replace(b"06-15T", b"06-16T"))]

    assert found(right, "TIME_DIFFERS") == []
    (text,) = found(wrong, "TIME_DIFFERS")
    assert f"post {post} " in text
    assert f"{YEAR}-06-15T12:00:00" in text
    assert f"{YEAR}-06-16T12:00:00" in text


def test_a_time_that_differs_is_a_warning_on_the_sub_form():
    files = pair(*EVENTS[0][1:])
    files[1] = replace(files[1], content=files[1].content.replace(b"06-15T", b"06-16T"))

    (finding,) = [one for one in check(files) if one.code == "TIME_DIFFERS"]

    assert (finding.level, finding.file) == (Level.WARNING, files[1].name)
    assert finding.line is not None


@pytest.mark.parametrize(
    "part", ["12153 17745=K 17746=2025-01-02T00:00:00", "12153 17745=GK 17746=2025-01-02T00:00:00"]
)
def test_a_trade_between_shareholders_has_a_time_of_its_own(part):
    assert found(pair(EVENTS[1][1], part), "TIME_DIFFERS") == []


def test_two_spellings_of_one_time_are_the_same():
    files = pair(*EVENTS[0][1:])
    files[1] = replace(files[1], content=files[1].content.replace(b"T12:00:00<", b"T12:00:00.000\n<"))

    assert found(files, "TIME_DIFFERS") == []


@pytest.mark.parametrize(("value", "complaint"), [("1000", False), ("1001", False), ("900", True)])
def test_what_shareholders_paid_is_what_the_company_issued(value, complaint):
    texts = found(pair(EVENTS[1][1], f"12153 17745=N 17746 17636={value}"), "ACQUISITION_SUM")

    assert bool(texts) == complaint
    assert all("1000" in text and value in text and text.endswith(str(READINGS["older"])) for text in texts)


def test_the_premium_is_a_part_of_what_was_paid():
    main = f"{EVENTS[1][1]} 23948=5"

    assert found(pair(main, "12153 17745=N 17746 17636=1050"), "ACQUISITION_SUM") == []
    assert found(pair(main, "12153 17745=N 17746 17636=1000"), "ACQUISITION_SUM")


def test_what_was_paid_is_not_compared_when_the_main_form_lacks_a_figure():
    assert found(pair("17668 17669 17670=N 17671", "12153 17745=N 17746 17636=7"), "ACQUISITION_SUM") == []


@pytest.mark.parametrize(
    ("main", "part", "word"),
    [("28268=6 17713=500 17716", "28267=6 22073=400 22075", "aksjekapitalen"), ("22071=50", "22076=40", "overkurs")],
)
def test_the_increase_of_capital_is_the_sum_of_the_shareholders(main, part, word):
    assert found(pair(main, part.replace("=400", "=500").replace("=40", "=50")), "CAPITAL_INCREASE_SUM") == []
    (text,) = found(pair(main, part), "CAPITAL_INCREASE_SUM")
    assert word in text


def test_a_company_founded_in_the_year_has_no_figures_of_last_year():
    row = "17668 17669 17670=T 17671 23947"
    old = report(form_with(Kind.MAIN, row)).findings
    new = report(form_with(Kind.MAIN, row, company=FOUNDED)).findings

    (finding,) = [one for one in old if one.code == "FOUNDED_WITH_FIGURES"]
    assert finding.level == Level.WARNING
    assert render(finding).endswith(str(READINGS["observed"]))
    assert "FOUNDED_WITH_FIGURES" not in [one.code for one in new]


def test_an_issue_in_an_old_company_is_no_formation():
    result = report(form_with(Kind.MAIN, "17668 17669 17670=N 17671 23947")).findings

    assert "FOUNDED_WITH_FIGURES" not in [one.code for one in result]


# files as other programs write them


def with_every_group(root: etree._Element) -> None:
    """Every group stands in the file, empty when there is nothing to say, and values are followed by line ends."""
    for path in paths(schema.root_of(Kind(root.get("skjemanummer", "")))):
        if not path[-1].kind:
            node, order = root, [child.name for child in schema.root_of(Kind(root.get("skjemanummer", ""))).children]
            for one in path:
                node = child_of(node, one, order)
                order = [child.name for child in one.children]
    for node in root.iter():
        if node.text and ("Type-" in str(node.tag) or "Antall" in str(node.tag) or "idspunkt" in str(node.tag)):
            node.text += "\n            "


@pytest.mark.parametrize("company", [FOUNDED, STILL])
def test_a_package_with_every_group_and_line_ends_in_its_values_has_no_findings(company):
    files = [edited(file, with_every_group) for file in package(company)]

    assert b"ReduksjonInnbetaltAksjekapital" in files[1].content
    assert check(files) == []


XSI = "{http://www.w3.org/2001/XMLSchema-instance}"


@pytest.mark.parametrize("name", ["schemaLocation", "noNamespaceSchemaLocation"])
@pytest.mark.parametrize("where", ["Skjema", names.ORGNR])
def test_an_attribute_that_xml_schema_allows_everywhere_is_taken(name, where):
    files = [edited(f, lambda root: element(root, where).set(XSI + name, "urn:x skjema.xsd")) for f in package(STILL)]

    assert check(files) == []


@pytest.mark.parametrize("name", [f"{XSI}type", f"{XSI}nil", "{http://www.w3.org/XML/1998/namespace}lang"])
def test_other_attributes_are_refused_as_the_schema_refuses_them(name):
    files = [edited(file, lambda root: element(root, names.ORGNR).set(name, "true")) for file in package(STILL)]

    assert {finding.code for finding in check(files)} == {"UNKNOWN_ATTRIBUTE"}
