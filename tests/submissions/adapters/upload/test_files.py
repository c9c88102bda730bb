"""What is said of a file before it is uploaded: XML for a year and JSON for a month."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from django.utils import translation

from submissions import safe_xml
from submissions.adapters.base import Delivered
from submissions.adapters.upload import json_file
from submissions.adapters.upload.facts import MOST_BYTES
from submissions.period import Period
from tests.submissions.adapters.upload.files import (
    AMELDING,
    JSON,
    ORGNR,
    TPO,
    XML,
    about,
    amelding,
    codes,
    inspect,
    json_message,
    xml,
    xml_text,
)

OTHER = "213456784"
DELIVERY = xml_text().partition("<leveranse>")[2].partition("</leveranse>")[0]


def second(**texts: str) -> str:
    """Another leveranse after the first, with some texts changed."""
    text = DELIVERY
    for old, new in texts.items():
        text = text.replace(old.removeprefix("_"), new)
    return f"</leveranse><leveranse>{text}</leveranse>\n</melding>"


END = "</leveranse>\n</melding>"


def test_a_file_of_third_party_data_says_whom_and_which_year_it_is_about() -> None:
    report = xml()

    assert (report.role, report.orgnr, report.period, codes(report)) == ("FILE", ORGNR, Period.year(2025), [])
    with translation.override("nb"):
        shown = dict(XML.summary([report], {"FILE": 1}))
    assert shown == {
        "Ordning": "Aksjesparekonto", "Leveranser": "1", "Oppgaver": "3", "Deres referanse": f"EKSEMPEL-{ORGNR}-2025",
        "Kildesystem": "Eksempelfiler",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (f"<organisasjonsnummer>{ORGNR}", f"<organisasjonsnummer>{OTHER}", ("ERROR", "OTHER_CUSTOMER")),
        ("<inntektsaar>2025", "<inntektsaar>2024", ("ERROR", "OTHER_PERIOD")),
        ("<inntektsaar>2025", "<inntektsaar>9999", ("ERROR", "OTHER_PERIOD")),
        ("<inntektsaar>2025", "<inntektsaar>ifjor", ("ERROR", "OTHER_PERIOD")),
        ("<inntektsaar>2025</inntektsaar>", "", ("ERROR", "MISSING")),
        (f"<organisasjonsnummer>{ORGNR}</organisasjonsnummer>", "", ("ERROR", "MISSING")),
        (END, second(_2025="2024"), ("ERROR", "MIXED_YEARS")),
        (END, second(**{f"_{ORGNR}": OTHER}), ("ERROR", "MIXED_PARTIES")),
        ("<antallOppgaver>3", "<antallOppgaver>4", ("WARNING", "COUNT")),
        ("aksjesparekonto:v3", "noenyttt:v1", ("WARNING", "UNKNOWN_SCHEME")),
        ("urn:ske:fastsetting:innsamling:aksjesparekonto:v3", "urn:noe", ("WARNING", "UNKNOWN_SCHEME")),
    ],
)
def test_what_the_control_would_find_is_found_before_the_upload(old: str, new: str, found: tuple[str, str]) -> None:
    report = xml(old, new)

    assert found in codes(report)
    assert len(report.findings) == 1
    with translation.override("nb"):
        assert XML.render(report.findings[0]) != found[1]
        assert "%(" not in XML.render(report.findings[0])


def test_a_number_of_a_person_where_the_organisation_should_stand_is_hidden() -> None:
    (finding,) = xml(f"<organisasjonsnummer>{ORGNR}", "<organisasjonsnummer>13097248022").findings
    mixed = xml(END, second(**{f"_{ORGNR}": "13097248022"})).findings

    assert finding.params["given"] == "*********22"
    assert "13097248022" not in str([one.params for one in mixed])


def test_two_deliveries_for_the_same_party_and_year_are_one_file() -> None:
    report = xml(END, second(EKSEMPEL="ANNEN"))

    assert codes(report) == []
    assert (report.facts["deliveries"], report.facts["items"], len(report.facts["references"])) == (2, 6, 2)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("<Skjema/>", "OTHER_ROOT"),
        ("<melding>", "MALFORMED"),
        ("", "EMPTY_FILE"),
        ('{"leveranse": {}}', "NOT_XML"),
        ("<!DOCTYPE melding [<!ENTITY a 'b'>]><melding/>", "DOCTYPE"),
        (b"<melding>\xe6</melding>", "ENCODING"),
    ],
)
def test_what_is_no_such_xml_has_no_role_and_a_text(content: str | bytes, code: str) -> None:
    report = inspect(XML, TPO, content)

    assert (report.role, codes(report)) == ("", [("ERROR", code)])
    with translation.override("nb"):
        assert "%(" not in XML.render(report.findings[0])


def test_a_melding_without_deliveries_is_an_error() -> None:
    assert ("ERROR", "NO_DELIVERY") in codes(inspect(XML, TPO, "<melding xmlns='urn:a:aksjesparekonto:v3'/>"))


def test_a_large_file_is_read_without_a_tree() -> None:
    """More elements than a form may have: they are not kept."""
    item = xml_text().partition("<oppgave>")[2].partition("</oppgave>")[0]
    many = 60_000
    text = xml_text().replace("<antallOppgaver>3", f"<antallOppgaver>{many + 3}")

    report = inspect(
        XML, TPO, text.replace("<oppgaveoppsummering>", f"<oppgave>{item}</oppgave>" * many + "<oppgaveoppsummering>")
    )

    assert (report.facts["items"], codes(report)) == (many + 3, [])


@pytest.mark.parametrize(("adapter", "service"), [(XML, TPO), (JSON, AMELDING)], ids=["xml", "json"])
def test_a_file_above_our_limit_is_refused_with_the_limit(adapter: Any, service: str) -> None:
    report = inspect(adapter, service, b"<" + b" " * MOST_BYTES)

    with translation.override("nb"):
        assert "100 MB" in adapter.render(report.findings[0])


# a-meldinger


def test_an_amelding_says_whom_and_which_month_it_is_about() -> None:
    report = amelding()

    assert (report.role, report.orgnr, report.period, codes(report)) == ("FILE", ORGNR, Period.month(2026, 3), [])
    with translation.override("nb"):
        shown = dict(JSON.summary([report], {"FILE": 1}))
    assert (shown["Virksomheter"], shown["Inntektsmottakere"]) == ("1", "3")
    assert shown["Meldingsid"] == json_message()["leveranse"]["meldingsId"]


def test_the_party_may_be_a_text_as_well() -> None:
    assert amelding(opplysningspliktig=ORGNR).orgnr == ORGNR


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"opplysningspliktig": None}, "MISSING"),
        ({"opplysningspliktig": {"norskIdentifikator": OTHER}}, "OTHER_CUSTOMER"),
        ({"kalendermaaned": "2026-04"}, "OTHER_PERIOD"),
        ({"kalendermaaned": "2026-13"}, "NOT_A_MONTH"),
        ({"kalendermaaned": 202603}, "NOT_A_MONTH"),
        ({"kalendermaaned": "9999-12"}, "NOT_A_MONTH"),
        ({"meldingsId": None}, "NOT_AN_ID"),
        ({"meldingsId": "1"}, "NOT_AN_ID"),
        ({"erstatterMeldingsId": "1"}, "NOT_AN_ID"),
        ({"meldingsId": "0198c1f27c1e7b529a553f2d6b9f0a11"}, "NOT_AN_ID"),
        ({"meldingsId": "{0198c1f2-7c1e-7b52-9a55-3f2d6b9f0a11}"}, "NOT_AN_ID"),
        ({"erstatterMeldingsId": "urn:uuid:0198c1f2-7c1e-7b52-9a55-3f2d6b9f0a11"}, "NOT_AN_ID"),
        ({"oppgave": None}, "MISSING"),
        ({"oppgave": []}, "MISSING"),
    ],
    ids=str,
)
def test_what_the_control_of_ameldinger_would_find_is_found(changes: dict[str, Any], found: str) -> None:
    report = amelding(**changes)

    assert codes(report) == [("ERROR", found)]
    with translation.override("nb"):
        assert "%(" not in JSON.render(report.findings[0])


def test_an_unknown_shape_below_the_task_is_left_to_skatteetaten() -> None:
    report = amelding(oppgave={"virksomhet": {"noe": 1}})

    assert (codes(report), report.facts["items"]) == ([], 0)


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        ("[]", "NOT_A_MESSAGE", 1),
        ("{}", "NOT_A_MESSAGE", 1),
        ('{"leveranse": []}', "ONE_WANTED", 1),
        ('{"leveranse":\n {"a": }}', "MALFORMED", 2),
        ('{"leveranse": {"oppgave": {"a": tru}}}', "MALFORMED", 1),
        ('{"leveranse":\n {"a": 1', "MALFORMED", 2),
        ("<melding/>", "OTHER_KIND", None),
        (b'{"a": "\xe6"}', "ENCODING", 1),
    ],
)
def test_what_is_no_amelding_has_no_role_and_a_text(content: str | bytes, code: str, line: int | None) -> None:
    report = inspect(JSON, AMELDING, content)

    assert (report.role, codes(report), report.findings[0].line) == ("", [("ERROR", code)], line)
    with translation.override("nb"):
        assert "%(" not in JSON.render(report.findings[0])


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ('"leveranse":', '"leveranse": {}, "leveranse":', "leveranse"),
        ('"kalendermaaned":', '"kalendermaaned": "2026-02", "kalendermaaned":', "kalendermaaned"),
        ('"oppgave":', '"oppgave": {"virksomhet": []}, "oppgave":', "oppgave"),
        ('"norskIdentifikator":', f'"norskIdentifikator": "{OTHER}", "norskIdentifikator":', "norskIdentifikator"),
        ('"kalendermaaned":', '"kalender\\u006daaned": "2026-02", "kalendermaaned":', "kalendermaaned"),
        ('"virksomhet":', '"virksomhet": [], "virksomhet":', "virksomhet"),
        ('"inntektsmottaker":', '"inntektsmottaker": [], "inntektsmottaker":', "inntektsmottaker"),
    ],
)
def test_a_name_that_stands_twice_is_refused(old: str, new: str, name: str) -> None:
    """The authority may read the other of the two values."""
    report = inspect(JSON, AMELDING, json.dumps(json_message()).replace(old, new, 1))

    assert codes(report) == [("ERROR", "REPEATED_NAME")]
    assert report.findings[0].params["name"] == name
    with translation.override("nb"):
        assert name in JSON.render(report.findings[0])


def test_an_amelding_in_a_file_has_its_ids_and_stands_beside_others() -> None:
    replaced = "0198C1F2-7C1E-7B52-9A55-3F2D6B9F0A11"
    first, second_one = (
        amelding(),
        amelding(meldingsId="0198c1f2-7c1e-7b52-9a55-3f2d6b9f0a12", erstatterMeldingsId=replaced),
    )
    standing = replace(about(AMELDING), delivered=(Delivered(first.reference, stands=True),))
    used = replace(about(AMELDING), delivered=(Delivered(first.reference),))

    assert first.reference == json_message()["leveranse"]["meldingsId"].lower()
    assert (second_one.reference, second_one.replaces) == ("0198c1f2-7c1e-7b52-9a55-3f2d6b9f0a12", replaced.lower())
    assert [finding.code for finding in JSON.check([first], used)] == ["USED_ID"]
    assert [finding.code for finding in JSON.check([second_one], standing)] == ["REPLACES_UNKNOWN"]
    with translation.override("nb"):
        for finding in [*JSON.check([first], used), *JSON.check([second_one], standing)]:
            assert "%(" not in JSON.render(finding)
            assert JSON.render(finding) != finding.code


def test_a_file_of_very_many_tiny_parts_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_file, "MOST_VALUES", 200)
    units = ",".join(["{}"] * 300)
    report = inspect(JSON, AMELDING, json.dumps(json_message(oppgave={"virksomhet": []})).replace("[]", f"[{units}]"))

    assert codes(report) == [("ERROR", "TOO_MANY_VALUES")]
    with pytest.raises(safe_xml.UnreadableXml, match="TOO_MANY_ELEMENTS"):
        list(safe_xml.walk(b"<a>" + b"<b/>" * 3_000 + b"</a>", most_bytes=30_000))
