"""Parsing of the remotes' error bodies."""

from __future__ import annotations

import json
from typing import Any

import pytest

from portal.gateways.errors import Detail
from portal.gateways.refusals import MOST_TEXT, Reason, read

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def payload(body: Any) -> Reason:
    return read(json.dumps(body).encode())


# Maskinporten


def test_the_mp_code_is_found_in_the_error_uri() -> None:
    reason = payload(
        {
            "error": "invalid_altinn_customer_configuration",
            "error_description": f"No system user matches (trace_id: {TRACE})",
            "error_uri": "https://test.maskinporten.no/errors/MP-303",
        }
    )

    assert reason == Reason("MP-303", "No system user matches", (), TRACE)


def test_the_mp_code_is_found_in_the_description_too() -> None:
    reason = payload({"error": "invalid_grant", "error_description": "MP-110 wrong audience. correlation id: 12-ab"})

    assert (reason.code, reason.correlation_id) == ("MP-110", "12-ab")


def test_an_oauth_error_without_an_mp_code_keeps_its_own_name() -> None:
    assert payload({"error": "invalid_grant", "error_description": None}) == Reason("invalid_grant")


# Altinn


def test_altinns_problem_gives_its_code_and_trace() -> None:
    reason = payload(
        {
            "type": "urn:altinn:error:AUTH-00011",
            "title": "Unknown",
            "status": 404,
            "code": "AUTH-00011",
            "traceId": "00-1",
        }
    )

    assert reason == Reason("AUTH-00011", "Unknown", (), "00-1")


def test_an_older_problem_has_its_text_in_detail() -> None:
    assert (
        payload({"title": "Not Found", "detail": "The system is unknown", "code": "AUTH-00011"}).text
        == "The system is unknown"
    )


def test_validation_errors_are_told_one_by_one_with_their_odd_extensions() -> None:
    taken = {"code": "AUTH.VLD-00002", "title": "Taken", "paths": ["/registersystemrequest/systemid"]}
    unknown = {"code": "AUTH.VLD-00003", "title": "Unknown", "paths": ["/rights"], "ResourceIds Not Found : ": "a | b"}

    reason = payload({"code": "STD-00000", "title": "Several", "validationErrors": [taken, unknown]})

    assert reason.code == "AUTH.VLD-00002"
    assert reason.details == (
        Detail("AUTH.VLD-00002", "Taken", "/registersystemrequest/systemid"),
        Detail("AUTH.VLD-00003", "Unknown", "/rights", "a | b"),
    )


def test_aspnets_validation_problem_names_the_fields() -> None:
    reason = payload({"title": "Bad", "status": 400, "errors": {"systemId": ["The field is required.", "Really."]}})

    assert reason.details == (Detail("systemId", "The field is required. Really.", "systemId"),)


def test_dialogportens_problem_has_the_key_as_its_code() -> None:
    reason = payload({"title": "Unprocessable request.", "status": 422, "errors": {"Search": ["It took too long."]}})

    assert (reason.code, reason.text) == ("Search", "Unprocessable request.")


# Skatteetaten


def test_skatteetatens_first_detail_says_more_than_the_top_code() -> None:
    entry = {"kode": "GLD_1018", "melding": "Feil antall", "sti": "antall_underskjema", "angittVerdi": "2"}

    reason = payload(
        {"kode": "GLD_011", "melding": "Feil i metadata", "korrelasjonsid": "k-1", "spesifisering": [entry]}
    )

    assert reason == Reason(
        "GLD_1018", "Feil i metadata", (Detail("GLD_1018", "Feil antall", "antall_underskjema", "2"),), "k-1"
    )


def test_skatteetatens_error_without_details_has_the_top_code() -> None:
    assert payload({"kode": "GLD_004", "melding": "Token"}).code == "GLD_004"


XML = """<?xml version="1.0" encoding="UTF-8"?>
<feil xmlns="urn:no:skatteetaten:datasamarbeid:feil:v1">
  <kode>GLD_008</kode><melding>Strukturell feil</melding><korrelasjonsid>k-2</korrelasjonsid>
  <spesifisering><kode>GLD_1001</kode><melding>Feil i XML</melding><sti>/Skjema</sti></spesifisering>
  <spesifisering><kode>GLD_1055</kode><melding>Ukjent</melding><angittVerdi>310987654</angittVerdi></spesifisering>
</feil>"""


def test_skatteetatens_error_as_xml_says_the_same() -> None:
    reason = read(XML.encode())

    assert (reason.code, reason.text, reason.correlation_id) == ("GLD_1001", "Strukturell feil", "k-2")
    assert reason.details == (
        Detail("GLD_1001", "Feil i XML", "/Skjema"),
        Detail("GLD_1055", "Ukjent", "", "310987654"),
    )


# everything else


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'"Endpoint must be https"', "Endpoint must be https"),
        (b"System not found", "System not found"),
        (b"", ""),
        (b"null", ""),
        (b"[1]", ""),
        (b"5", ""),
        (b"<html><body>Gateway</body></html>", ""),
        (b"<html><br></html", ""),
        (b'<?xml version="1.0" encoding="foo"?><feil><kode>GLD_1</kode></feil>', ""),
        (b"\xff\xfe\x00", "\ufffd\ufffd"),
    ],
)
def test_bare_texts_and_nonsense_have_no_code(body: bytes, text: str) -> None:
    assert read(body) == Reason(text=text)


@pytest.mark.parametrize(
    "body",
    [
        {"kode": None, "spesifisering": 5},
        {"kode": "X", "spesifisering": {"kode": "Y"}},
        {"code": 7, "validationErrors": 5, "errors": "no"},
        {"validationErrors": [5, None, {"paths": 5}, {"paths": {}}]},
        {"error": "x", "error_description": 5, "error_uri": ["MP"]},
        {"errors": {"a": {"b": 1}, "c": None}},
        {"error": {"code": 1}},
    ],
)
def test_members_of_other_types_than_agreed_do_not_break_the_reading(body: dict[str, Any]) -> None:
    assert isinstance(payload(body), Reason)


def test_nesting_without_end_is_a_reason_without_a_code() -> None:
    assert read(b'{"a":' * 50_000).code == ""


def test_entities_are_not_expanded() -> None:
    bomb = b'<!DOCTYPE f [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><feil><kode>&b;</kode></feil>'

    assert read(b" " * 3000 + bomb) == Reason()


@pytest.mark.parametrize("number", ["01020312345", "010203 12345", "010203-12345", "fnr_01020312345"])
def test_national_identity_numbers_are_taken_out_of_texts_and_values(number: str) -> None:
    entry = {"kode": "GLD_1055", "melding": f"Ukjent {number}", "sti": f"/x[{number}]", "angittVerdi": number}

    reason = payload({"kode": "GLD_010", "melding": f"Feil {number}", "spesifisering": [entry]})

    assert "12345" not in repr(reason)


def test_texts_are_short_and_fit_for_a_database() -> None:
    reason = read(b'"' + b"\\u0000\\ud800" + b"x" * 2000 + b'"')

    assert reason.text == "x" * MOST_TEXT


def test_an_organisation_number_is_left_alone() -> None:
    assert payload({"detail": "310987654 is unknown"}).text == "310987654 is unknown"
