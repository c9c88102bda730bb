"""The feedback of an a-melding: its structure is not published, so every name is looked for at any depth."""

from __future__ import annotations

import json
from typing import Any

import pytest

from submissions.adapters.base import Claim, Payment, Verdict
from tests.submissions.adapters.amelding.messages import ADAPTER

JSON = "application/json"
PAYMENT = {
    "mottattPeriode": {"mottattAvgiftOgTrekkTotalt": {"sumForskuddstrekk": 40805, "sumArbeidsgiveravgift": 18566.75}},
    "innbetalingsinformasjon": {
        "kontonummer": "12345678903",
        "kidForForskuddstrekk": "310200379251216",
        "kidForArbeidsgiveravgift": "310200379251224",
        "forfallsdato": "2026-01-15T00:00:00",
    },
}


def verdict(mottak: Any, transmission_type: str = "") -> Verdict | None:
    content = mottak if isinstance(mottak, bytes) else json.dumps({"meldingsId": "m-1", "mottak": mottak}).encode()
    return ADAPTER.verdict(transmission_type, [(JSON, content)])


@pytest.mark.parametrize(
    ("status", "accepted"), [("MOTTATT", True), ("mottatt", True), ("AVVIST", False), ("avvist", False), ("NY", None)]
)
def test_the_status_of_the_reception_is_the_verdict(status: str, accepted: bool | None) -> None:
    result = verdict({"mottakstatus": status, "avvik": []})

    assert result is not None
    assert (result.accepted, result.reference, result.payment) == (accepted, "m-1", None)


def test_the_type_of_the_transmission_comes_before_a_status_that_is_not_known() -> None:
    result = verdict({"mottakstatus": "NY", "avvik": []}, "Acceptance")

    assert result is not None
    assert result.accepted is True


def test_a_deviation_keeps_its_code_text_and_severity() -> None:
    avvik = [{"kode": "ARB-1", "beskrivelse": "Arbeidsforholdet mangler sluttdato", "alvorlighetsgrad": "ADVARSEL"}]

    result = verdict({"mottakstatus": "MOTTATT", "avvik": avvik})

    assert result is not None
    (reason,) = result.reasons
    assert (reason.code, reason.text, reason.severity) == ("ARB-1", "Arbeidsforholdet mangler sluttdato", "ADVARSEL")


def test_what_is_to_be_paid_is_read_with_kid_account_and_day() -> None:
    result = verdict({"mottakstatus": "MOTTATT", **PAYMENT})

    assert result is not None
    assert result.payment == Payment(
        (
            Claim("forskuddstrekk", "40805", "310200379251216"),
            Claim("arbeidsgiveravgift", "18566.75", "310200379251224"),
        ),
        "12345678903",
        "2026-01-15",
    )


def test_nothing_is_to_be_paid_for_a_rejected_message() -> None:
    result = verdict({"mottakstatus": "AVVIST", **PAYMENT})

    assert result is not None
    assert result.payment is None


@pytest.mark.parametrize(
    ("mottak", "claims"),
    [
        ({"innbetalingsinformasjon": {"kidForNyttTrekk": "12"}}, (Claim("nyttTrekk", "", "12"),)),
        ({"mottattAvgiftOgTrekkTotalt": {"sumUtleggstrekk": 4500}}, (Claim("utleggstrekk", "4500"),)),
        ({"mottattAvgiftOgTrekkTotalt": {"sumFinansskattLoenn": 0.0, "sum": 3, "sumX": None}}, None),
        ({"innbetalingsinformasjon": {"kontonummer": "1"}}, None),
        ({"innbetalingsinformasjon": [[{"kidForX": {"a": 1}}]]}, None),
    ],
)
def test_what_is_not_there_is_not_shown(mottak: dict[str, Any], claims: tuple[Claim, ...] | None) -> None:
    result = verdict({"mottakstatus": "MOTTATT", **mottak})

    assert result is not None
    assert (result.payment.claims if result.payment else None) == claims


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"{", b"[" * 100_000, b"<x/>"])
def test_a_document_that_cannot_be_read_leaves_the_verdict_to_the_transmission(content: bytes) -> None:
    result = verdict(content, "Acceptance")

    assert result is not None
    assert (result.accepted, result.payment) == (True, None)
