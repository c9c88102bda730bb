"""What a person reads of the authority's reasons."""

from __future__ import annotations

import pytest
from django.utils import translation

from submissions.services.pages.reasons import shown


def test_names_of_elements_are_words_and_the_names_in_the_file_stand_below() -> None:
    (reason,) = shown(
        [
            {
                "code": "SUM",
                "text": "sumAndelFormue stemmer ikke med oppgavene",
                "description": "Oppsummeringen sier 2.",
                "guidance": "Kontroller andelFormue i hver oppgave.",
                "where": "R-1",
            }
        ]
    )

    assert reason.title == "«Sum andel formue» stemmer ikke med oppgavene"
    assert reason.text == "Oppsummeringen sier 2. Kontroller «Andel formue» i hver oppgave."
    assert (reason.names, reason.where, reason.lang) == (["sumAndelFormue", "andelFormue"], "R-1", "nb")


@pytest.mark.parametrize(
    "text",
    ["Kari McDonald har feil andel", "se leveranse.oppgaveOppsummering", "post@egetFirma.no", "GLD_1026", "eBay AS"],
)
def test_what_is_no_name_of_an_element_stays(text: str) -> None:
    (reason,) = shown([{"code": "X", "text": text}])

    assert (reason.title, reason.names) == (text, [])


@pytest.mark.parametrize(
    ("code", "text", "title"),
    [
        ("antallAvvisteOppgaver", "1 / 4", "1 oppgave er avvist, av 4 i alt"),
        ("antallAvvisteOppgaver", "3", "3 oppgaver er avvist"),
        ("antallOppgaverMedVarsel", "2 / 4", "2 oppgaver har advarsler, av 4 i alt"),
        ("leveransestatus", "avvist", "Leveransen er avvist"),
        ("antallAvvisteOppgaver", "mange", "mange"),
    ],
)
def test_a_count_of_the_feedback_is_a_sentence(code: str, text: str, title: str) -> None:
    (reason,) = shown([{"code": code, "text": text}])

    assert reason.title == title


def test_a_count_is_told_in_the_readers_language() -> None:
    with translation.override("en"):
        (reason,) = shown([{"code": "antallAvvisteOppgaver", "text": "3 / 4"}])

    assert (reason.title, reason.lang) == ("3 items are rejected, of 4 in all", "")


@pytest.mark.parametrize(
    ("code", "title"),
    [("kontrollavvik", "Skatteetaten oppga bare koden kontrollavvik"), ("GLD_1027", "Inntektsåret er ikke åpent")],
)
def test_a_reason_without_a_word_is_told_by_its_code(code: str, title: str) -> None:
    (reason,) = shown([{"code": code, "text": "", "where": "skattemelding/inntekt"}])

    assert (reason.title, reason.where) == (title, "skattemelding/inntekt")
