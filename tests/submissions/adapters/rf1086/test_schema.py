"""Element by element: valid forms pass, and every way of spoiling one is found where it was done."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from lxml import etree

from submissions.adapters.rf1086 import Kind, Level, names, render, schema
from submissions.adapters.rf1086.kinds import fault
from submissions.adapters.rf1086.parsing import plain_name
from tests.submissions.adapters.rf1086.packages import (
    COMPANY,
    check,
    codes,
    drop,
    edited,
    element,
    files,
    spoilt,
    with_text,
)

MAIN_LEAVES = [child.tag for child in etree.fromstring(files()[0].content).iter() if not len(child)]


def required(kind: Kind) -> list[str]:
    """Every element that must be there whenever the form is."""
    result, waiting = [], [schema.root_of(kind)]
    while waiting:
        here = [child for child in waiting.pop().children if child.required]
        result += [child.name for child in here]
        waiting += here
    return result


@pytest.mark.parametrize("per_share", [Decimal(0), Decimal("2.25")])
def test_a_right_package_has_no_findings(per_share):
    company = type(COMPANY)(COMPANY.orgnr, COMPANY.name, COMPANY.year, COMPANY.shareholders, per_share=per_share)

    assert codes(files(company)) == []


@pytest.mark.parametrize(
    ("place", "name"), [(0, name) for name in required(Kind.MAIN)] + [(1, name) for name in required(Kind.PART)]
)
def test_a_required_element_that_is_gone_is_missed(place, name):
    result = check(spoilt(lambda root: drop(element(root, name)), place=place))

    missing = [finding for finding in result if finding.code == "MISSING"]
    assert any(plain_name(name) in render(finding) for finding in missing)
    assert all(finding.level == Level.ERROR and finding.line for finding in missing)


@pytest.mark.parametrize("seed", range(30))
def test_two_neighbours_that_change_places_are_out_of_order(seed):
    def swap(root: etree._Element) -> None:
        groups = [node for node in root.iter() if len(node) > 1]
        group = chosen.choice(groups)
        place = chosen.randrange(len(group) - 1)
        group.insert(place, group[place + 1])

    chosen = random.Random(seed)

    result = codes(spoilt(swap, place=chosen.randrange(5)))

    assert "OUT_OF_ORDER" in result


@pytest.mark.parametrize("name", MAIN_LEAVES)
def test_an_element_that_stands_twice_is_one_too_many(name):
    def double(root: etree._Element) -> None:
        node = element(root, name)
        node.addnext(etree.fromstring(etree.tostring(node, with_tail=False)))

    result = check(spoilt(double))

    assert [finding.path.split("/")[-1] for finding in result if finding.code == "TOO_MANY"] == [plain_name(name)]


def test_a_group_that_may_repeat_may_stand_many_times():
    def double(root: etree._Element) -> None:
        group = element(root, "AntallAksjerITilgang-grp-3998")
        group.addnext(etree.fromstring(etree.tostring(group, with_tail=False)))

    assert codes(spoilt(double, place=1)) == ["SHAREHOLDER_SUM"]


def test_an_unknown_element_is_shown_with_its_line():
    def add(root: etree._Element) -> None:
        root.append(etree.fromstring("<Fritekst>Hei</Fritekst>"))

    (finding,) = check(spoilt(add))

    assert (finding.code, finding.path) == ("UNKNOWN_ELEMENT", "Fritekst")
    assert finding.line is not None


def test_a_known_element_in_the_wrong_group_is_told_where_it_belongs():
    def move(root: etree._Element) -> None:
        root.append(element(root, "EnhetNavn-datadef-1"))

    (finding,) = check(spoilt(move))

    assert "hører hjemme i «Selskap»" in render(finding)


@pytest.mark.parametrize(
    ("name", "attribute", "value", "code"),
    [
        ("Skjema", "spesifikasjonsnummer", "1", "WRONG_ATTRIBUTE"),
        ("Skjema", "blankettnummer", "RF-1086-U", "WRONG_ATTRIBUTE"),
        ("Skjema", "versjon", "2", "UNKNOWN_ATTRIBUTE"),
        (names.CLOSING, "orid", "1", "WRONG_ATTRIBUTE"),
        ("Selskap-grp-2588", "gruppeid", "", "WRONG_ATTRIBUTE"),
    ],
)
def test_a_wrong_attribute_is_found(name, attribute, value, code):
    result = check(spoilt(lambda root: element(root, name).set(attribute, value)))

    assert [finding.code for finding in result] == [code]
    assert attribute in render(result[0])


def test_text_between_elements_and_elements_inside_a_value_are_found():
    def spoil(root: etree._Element) -> None:
        element(root, "Selskap-grp-2588").text = "løs tekst"
        etree.SubElement(element(root, names.CLOSING), "b")

    result = codes(spoilt(spoil))

    assert {"LOOSE_TEXT", "UNKNOWN_ELEMENT"} <= set(result)


def test_the_findings_of_a_hopeless_file_are_bounded():
    def fill(root: etree._Element) -> None:
        for _ in range(1000):
            etree.SubElement(root, "Fritekst")

    assert len(check([edited(files()[0], fill)])) <= schema.MOST_FINDINGS + 2


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        ("count", ["0", "007", " 15 ", "123456789012345"], ["", "-1", "1.0", "1 000", "١٢", "1234567890123456"]),
        ("positive", ["1", "0010"], ["0", "-1", ""]),
        ("whole", ["-5", "0"], ["1.5", "fem"]),
        ("amount", ["0", "10.5", "10.55"], ["10,5", "10.555", "-1", ".5", "1e5", "NaN", "1_0"]),
        ("signed", ["-10.55"], ["--1", "1.555"]),
        ("cents", ["10.00"], ["10", "10.0", "12345678901.00"]),
        ("unit", ["0.333333"], ["0.3333333", "123456789012"]),
        ("percent", ["0", "100"], ["101", "-1"]),
        ("year", ["2025"], ["25", "to tusen"]),
        ("moment", ["2025-06-30T00:00:00", "2024-02-29T23:59:59.5Z"], ["2025-02-29T00:00:00", "2025-06-30", "30.06.2025"]),
        ("orgnr", ["310629499", "974761076"], ["310629498", "310 629 499", "31062949"]),
        ("isin", ["NO0010096985"], ["NO1", "SE0010096985"]),
        ("foreign", ["UTL123456789"], ["123456789", "UTL1"]),
        ("country", ["SE"], ["se", "SWE"]),
        ("postcode", ["0150"], ["150"]),
        ("phone", ["+4722000000"], ["22 00 00 00", "1" * 16]),
        ("text5", ["abcde"], ["", "abcdef"]),
    ],
)  # fmt: skip
def test_a_value_is_right_or_told_how_it_must_be(kind, right, wrong):
    verdicts = [fault(text, kind) for text in [*right, *wrong]]

    assert not any(verdicts[: len(right)])
    assert all(verdicts[len(right) :])


def test_every_kind_in_the_tables_is_known():
    waiting = [schema.root_of(Kind.MAIN), schema.root_of(Kind.PART)]
    kinds = set()
    while waiting:
        here = waiting.pop()
        waiting += here.children
        kinds |= {here.kind} if here.kind else set()

    assert all(fault("#", kind) for kind in kinds if not kind.startswith("text"))


def test_a_wrong_value_is_shown_as_given_with_its_place():
    (finding,) = [one for one in check(with_text(names.CLOSING, "1 000")) if one.level == Level.ERROR]

    assert (finding.code, finding.params["given"]) == ("WRONG_VALUE", "1 000")
    assert finding.path == "Selskapsopplysninger/AntallAksjerIDenneAksjeklassen/AksjerMvAntall"
