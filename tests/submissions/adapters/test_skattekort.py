"""The list of employees, the cards of an answer and the export: read tolerantly, never a number in clear but in the export."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.utils import translation

from submissions.adapters.base import Level, NamedFile
from submissions.adapters.numbers import synthetic_person
from submissions.adapters.skattekort import cards, export, people
from submissions.adapters.skattekort.adapter import SkattekortRetrieval

FIRST, SECOND = synthetic_person(1), synthetic_person(2)
WAY = SkattekortRetrieval()


def read(text: str) -> tuple[list[str], list[tuple[int | None, str]]]:
    numbers, findings = people.read(text.encode())
    return numbers, [(finding.line, finding.code) for finding in findings]


@pytest.mark.parametrize(
    "text",
    [
        f"{FIRST}\n{SECOND}",
        f"\ufeff{FIRST}\r\n\r\n{SECOND}\r\n",
        f"fnr\n{FIRST}\n{SECOND}",
        f"Navn;Fødselsnummer;Ansatt\nKari;{FIRST};1001\nOla;{SECOND};1002",
        f'"Kari","{FIRST}"\n"Ola","{SECOND}"',
        f"{FIRST[:6]} {FIRST[6:]}\t\n{SECOND[:6]}-{SECOND[6:]}",
        f"{FIRST};{FIRST}\n{SECOND}",
    ],
)
def test_a_list_is_read_in_every_usual_form(text: str) -> None:
    assert read(text) == ([FIRST, SECOND], [])


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("", [(None, "LIST_EMPTY")]),
        ("Navn;Fødselsnummer\n", [(None, "LIST_EMPTY")]),
        (f"{FIRST}\n12345678901", [(2, "IMPROBABLE")]),
        (f"{FIRST}\n{SECOND[1:]}", [(2, "DIGITS")]),
        (f"{FIRST};{SECOND}", [(1, "TWO_NUMBERS")]),
        (f"{FIRST}\nKari", [(2, "NO_NUMBER")]),
        (f"Kari 12\n{FIRST}", [(1, "NO_NUMBER")]),
    ],
)
def test_faults_have_the_line(text: str, faults: list[Any]) -> None:
    assert read(text)[1] == faults


def test_a_number_twice_is_ordered_once_and_told() -> None:
    numbers, findings = people.read(f"{FIRST}\n{SECOND}\n{FIRST}".encode())

    assert numbers == [FIRST, SECOND]
    assert [(finding.level, finding.line, finding.params["before"]) for finding in findings] == [
        (Level.WARNING, 3, "1")
    ]


def test_no_fault_shows_a_number() -> None:
    wrong = FIRST[:10] + str((int(FIRST[10]) + 1) % 10)
    _numbers, findings = people.read(f"{wrong}\n{SECOND[1:]}\n{SECOND}\n{SECOND}".encode())

    texts = [WAY.render(finding) for finding in findings]

    assert len(texts) == 3
    assert not any(number in text for text in texts for number in (wrong, SECOND, SECOND[1:]))
    assert not any(number in str(findings) for number in (wrong, SECOND, SECOND[1:]))


def test_very_many_faults_are_counted() -> None:
    _numbers, findings = people.read(b"Kari 1\n" * 250)

    assert len(findings) == people.MOST_SHOWN + 1
    assert WAY.render(findings[-1]) == "150 til er ikke vist."


def test_a_list_that_is_too_large_is_not_read() -> None:
    assert [finding.code for finding in people.read(b"1" * 1_000_001)[1]] == ["LIST_TOO_LARGE"]


ANSWER = {
    "arbeidsgiver": [
        {
            "arbeidsgiveridentifikator": {"organisasjonsnummer": "310987654"},
            "arbeidstaker": [
                {
                    "arbeidstakeridentifikator": FIRST,
                    "resultatForSkattekort": "skattekortopplysningerOK",
                    "inntektsaar": "2026",
                    "tilleggsopplysning": ["kildeskattPaaLoenn", "noeNytt"],
                    "nyttFelt": {"x": 1},
                    "skattekort": {
                        "utstedtDato": "2025-12-07",
                        "skattekortidentifikator": "17",
                        "forskuddstrekk": [
                            {
                                "trekkode": "LOENN_FRA_HOVEDARBEIDSGIVER",
                                "trekktabell": {
                                    "tabellnummer": "8100",
                                    "prosentsats": "33",
                                    "antallMaanederForTrekk": "12",
                                },
                            },
                            {"trekkode": "=HYPERLINK(1)", "trekkprosent": {"prosentsats": 41}},
                        ],
                    },
                },
                {"arbeidstakeridentifikator": SECOND, "resultatForSkattekort": "heltNytt"},
            ],
        }
    ]
}
FILE = NamedFile("skattekort.json", json.dumps(ANSWER).encode())


def test_the_table_has_masked_numbers_and_shows_new_values_as_they_are() -> None:
    with translation.override("nb"):
        (table,) = WAY.tables([FILE])

    first, second = table.rows
    assert first == (
        "310\xa0987\xa0654", f"*********{FIRST[-2:]}", "Skattekort",
        "Hovedarbeidsgiver: tabell 8100, 33 % i 12 måneder\n=HYPERLINK(1): 41 %", "7. desember 2025", "Kildeskatt på lønn, noeNytt",
    )  # fmt: skip
    assert second == ("310\xa0987\xa0654", f"*********{SECOND[-2:]}", "heltNytt", "", "", "")


def test_the_csv_runs_no_formula_and_has_a_row_for_each_withholding() -> None:
    lines = export.as_csv(cards.read(FILE.content)).decode("utf-8-sig").splitlines()

    assert len(lines) == 4
    assert lines[1].startswith(
        f"310987654;{FIRST};2026;skattekortopplysningerOK;2025-12-07;17;LOENN_FRA_HOVEDARBEIDSGIVER;;8100;33;12"
    )
    assert ";'=HYPERLINK(1);" in lines[2]
    assert lines[3] == f"310987654;{SECOND};;heltNytt;;;;;;;;;"


def test_the_xml_has_the_names_of_the_answer() -> None:
    text = export.as_xml(FILE.content).decode()

    assert text.startswith("<?xml version='1.0' encoding='utf-8'?>\n<skattekortTilArbeidsgiver>")
    assert text.count("<arbeidstaker>") == 2
    assert f"<arbeidstakeridentifikator>{FIRST}</arbeidstakeridentifikator>" in text
    assert "<tabellnummer>8100</tabellnummer>" in text


def one_card(**withholding: Any) -> NamedFile:
    card = {"forskuddstrekk": [{"trekkode": "PENSJON", **withholding}]}
    person = {"arbeidstakeridentifikator": FIRST, "skattekort": card}
    return NamedFile("skattekort.json", json.dumps({"arbeidsgiver": [{"arbeidstaker": [person]}]}).encode())


def test_a_rate_of_zero_is_in_every_export() -> None:
    file = one_card(trekkprosent={"prosentsats": 0})

    assert "<prosentsats>0</prosentsats>" in WAY.export([file], format="xml").content.decode()
    assert ";PENSJON;;;0;;;trekkprosent" in WAY.export([file], format="csv").content.decode()
    assert WAY.tables([file])[0].rows[0][3] == "Pensjon: 0 %"


def test_a_free_card_without_an_amount_is_shown_as_one() -> None:
    file = one_card(frikort={})

    assert WAY.tables([file])[0].rows[0][3] == "Pensjon: frikort"
    assert ";PENSJON;;;;;;frikort" in WAY.export([file], format="csv").content.decode()


def test_half_a_character_in_an_answer_is_shown_and_exported() -> None:
    file = one_card(trekkprosent={"prosentsats": "4\ud83d"})

    assert "4\ufffd" in WAY.tables([file])[0].rows[0][3]
    assert "4\ufffd" in WAY.export([file], format="csv").content.decode()
    assert "4\ufffd" in WAY.export([file], format="xml").content.decode()


def test_the_json_is_the_answer_as_it_came() -> None:
    assert WAY.export([FILE], format="json").content == FILE.content


@pytest.mark.parametrize("content", [b"[]", b"{", b'"x"'])
def test_what_is_no_answer_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"no object|Expecting"):
        cards.read(content)


def test_nothing_that_is_printed_has_a_number() -> None:
    assert FIRST not in repr(cards.read(FILE.content))
    assert FIRST not in repr(FILE)
