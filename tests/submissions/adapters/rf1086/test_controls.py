"""Every published control fires for a row that breaks it, lets the nearest right row pass, and only warns."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from submissions.adapters.base import NamedFile
from submissions.adapters.rf1086 import Finding, Kind, Level, names, render
from submissions.adapters.rf1086.controls import table
from submissions.adapters.rf1086.controls.codes import CODES
from submissions.adapters.rf1086.controls.texts import READINGS, TEXTS
from tests.submissions.adapters.rf1086.control_cases import ALSO, CASES, PASS
from tests.submissions.adapters.rf1086.packages import PERSON, report
from tests.submissions.adapters.rf1086.rows import form_with

OUR_CHECKS = {"S-19-01", "S-19-02", "S-19-03", "S-19-04", "S-20-01"}
PUBLISHED = {"H": 46, "S": 40}


def findings(control: str, row: str) -> list[Finding]:
    return list(report(form_with(Kind.MAIN if control[0] == "H" else Kind.PART, row)).findings)


@pytest.mark.parametrize(("control", "row"), [(control, bad) for control, bad, _good in CASES] + ALSO)
def test_a_row_that_breaks_a_published_control_is_warned_of(control, row):
    result = findings(control, row)

    assert control in [finding.code for finding in result]
    assert {finding.level for finding in result} == {Level.WARNING}


@pytest.mark.parametrize(("control", "row"), [(control, good) for control, _bad, good in CASES] + PASS)
def test_a_row_that_keeps_a_published_control_passes_it(control, row):
    result = findings(control, row)

    assert control not in [finding.code for finding in result]
    assert {finding.level for finding in result} <= {Level.WARNING}


def test_all_published_controls_are_checked():
    controls = {control.code for control in table.controls() if not control.code.startswith("X")} | OUR_CHECKS

    assert {form: len([code for code in controls if code[0] == form]) for form in PUBLISHED} == PUBLISHED
    assert {control for control, _bad, _good in CASES} == controls - OUR_CHECKS


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_a_control_says_in_every_language_what_is_wrong_and_why_it_only_warns(language):
    with override(language):
        for control in table.controls():
            text = render(Finding(Level.WARNING, control.code, {"why": control.reading, "given": ""}))
            reason = str(READINGS[control.reading])
            assert text.endswith(reason)
            assert len(text) > len(reason) + 20


def test_every_text_belongs_to_a_control():
    between = {"TIME_DIFFERS", "FOUNDED_WITH_FIGURES", "ACQUISITION_SUM", "CAPITAL_INCREASE_SUM"}

    assert {code.partition(":")[0] for code in TEXTS} == {control.code for control in table.controls()} | between


def test_a_finding_leads_to_the_row():
    result = [finding for finding in findings("S-25-01", "17752 17753=R") if finding.code == "S-25-01"]

    assert [finding.path for finding in result] == ["SalgArvGaveLikvidasjonPartiellLikvidasjonMv/AksjerIAvgang"]
    assert result[0].line is not None


def test_rows_are_judged_one_by_one():
    file = form_with(Kind.PART, "17752 17753=R 17754")
    group = b'<AksjerIAvgang-grp-4002 gruppeid="4002">'
    second = group + b'<AksjerArvMvOmsattAntall-datadef-17752 orid="17752">5</AksjerArvMvOmsattAntall-datadef-17752>'
    second += b"</AksjerIAvgang-grp-4002>" + group
    result = report(NamedFile(file.name, file.content.replace(group, second))).findings

    assert [finding.code for finding in result].count("S-25-01") == 1


def test_a_file_with_the_same_fault_in_every_row_has_a_bounded_list():
    file = form_with(Kind.PART, "17752=1")
    start, end = b"<AksjerIAvgang-grp-4002", b"</AksjerIAvgang-grp-4002>"
    row = file.content[file.content.index(start) : file.content.index(end) + len(end)]
    result = report(NamedFile(file.name, file.content.replace(row, row * 500))).findings

    assert [finding.code for finding in result].count("S-25-01") == table.MOST_FINDINGS


# the five that the portal checks in its own way


def holder(text: str) -> list[tuple[str, str]]:
    """The findings on a shareholder with these elements, as (code, level)."""
    file = form_with(Kind.PART, "1153=Kjell 17740=SE")
    start, end = b'<NorskUtenlandskAksjonar-grp-3988 gruppeid="3988">', b"</NorskUtenlandskAksjonar-grp-3988>"
    before, rest = file.content.split(start)
    content = before + start + text.encode() + end + rest.split(end)[1]
    return [(finding.code, finding.level.value) for finding in report(NamedFile(file.name, content)).findings]


def given(name: str, text: str) -> str:
    return f'<{name} orid="{name.rsplit("-", 1)[1]}">{text}</{name}>'


NAME, SWEDEN, NORWAY = (given(names.NAME, "Kjell"), given(names.COUNTRY, "SE"), given(names.COUNTRY, "NO"))
FNR, ORG, UTL = (
    given(names.PERSON, PERSON),
    given(names.COMPANY, "310123455"),
    given(names.FOREIGNER, "UTL123456789"),
)


@pytest.mark.parametrize("text", [NAME, SWEDEN, ""])
def test_a_shareholder_without_number_needs_both_name_and_country(text):
    assert holder(text) == [("NO_IDENTIFICATION", "ERROR")]


@pytest.mark.parametrize("country", [SWEDEN, NORWAY])
def test_a_shareholder_with_name_and_country_is_not_refused_for_lack_of_a_number(country):
    assert holder(NAME + country) == [("NO_IDENTIFICATION", "WARNING")]


@pytest.mark.parametrize("text", [FNR + ORG, FNR + UTL, ORG + UTL])
def test_a_shareholder_has_one_number(text):
    assert holder(text) == [("MANY_IDENTIFICATIONS", "ERROR")]


@pytest.mark.parametrize("text", [FNR, ORG, UTL, FNR + NAME + SWEDEN])
def test_a_shareholder_with_one_number_passes(text):
    assert holder(text) == []


@pytest.mark.parametrize("name", [names.HELD, names.HOLDS])
def test_both_numbers_of_shares_must_be_there(name):
    file = form_with(Kind.PART, "17740=SE")
    content = file.content.replace(f'<{name} orid="{name.rsplit("-", 1)[1]}">100</{name}>'.encode(), b"")

    assert "MISSING" in [finding.code for finding in report(NamedFile(file.name, content)).findings]


# code lists


@pytest.mark.parametrize("number", ["17659", "19903", "19904", "19905", "20375", "19907", "28215"])
def test_a_share_class_is_one_of_thirteen(number):
    assert not any(found.level == Level.ERROR for found in findings("H", f"{number}=13"))
    assert [(f.code, f.params["rule"]) for f in findings("H", f"{number}=ordinaer") if f.level == Level.ERROR] == [
        ("WRONG_VALUE", "class")
    ]


@pytest.mark.parametrize(
    ("form", "number", "right", "wrong"),
    [
        ("H", "36564", "Y Z 13", "U"),
        ("H", "17670", "T N NF TN", "K"),
        ("H", "17679", "SD C I", "L"),
        ("H", "17691", "L PLD W", "R"),
        ("H", "17695", "V UM", "C"),
        ("H", "37825", "IR IRO", "I"),
        ("S", "36658", "10 AT ET", "11"),
        ("S", "17745", "K N TH", "R"),
        ("S", "17749", "I U SD", "V"),
        ("S", "17753", "R L OK", "S"),
        ("S", "28267", "6 11", "7"),
        ("S", "37827", "IR IRO", "L"),
    ],
)
def test_a_type_is_a_code_of_its_posts_list(form, number, right, wrong):
    assert not any(found.level == Level.ERROR for code in right.split() for found in findings(form, f"{number}={code}"))
    (finding,) = [found for found in findings(form, f"{number}={wrong}") if found.level == Level.ERROR]
    assert (finding.code, finding.params["rule"]) == ("WRONG_VALUE", "code")
    assert right.split()[0] in render(finding)


@pytest.mark.parametrize(("control", "number", "known"), [("H-15", "28268", "6"), ("S-26", "17758", "V")])
def test_a_code_is_only_asked_about_where_no_list_is_certain(control, number, known):
    code = f"X-CODE-{control[2:]}"

    assert code not in [finding.code for finding in findings(control, f"{number}={known}")]
    result = findings(control, f"{number}=Q")
    assert code in [finding.code for finding in result]
    assert {finding.level for finding in result} == {Level.WARNING}


def test_line_ends_around_a_code_are_no_fault():
    file = form_with(Kind.MAIN, "17668 17669 17670=N 17671 23947")
    content = file.content.replace(b">N<", b">N\n            <").replace(b">01<", b">01 <")

    assert not any(finding.level == Level.ERROR for finding in report(NamedFile(file.name, content)).findings)


def test_the_code_lists_hold_as_many_codes_as_are_published():
    sizes = {"class": 13, "8": 3, "9": 10, "10": 7, "11": 8, "12": 6, "18": 2, "22": 3, "23": 25, "24": 6, "25": 21}

    assert {name: len(codes) for name, codes in CODES.items()} == {**sizes, "29": 6, "30": 2}
