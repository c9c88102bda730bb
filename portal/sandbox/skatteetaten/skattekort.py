"""Skattekort til arbeidsgiver: order, then poll until the answer is ready. No dialog, no idempotency key.

The card of an employee is derived from the identity number, always the same. XML is not imitated. An order of changes has no
list: it is answered with the people of the employer's orders of all for that year, as if half of the cards had changed since.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import msgspec
from werkzeug.wrappers import Response

from ..kernel import Call
from ..replies import Reply, as_json, empty
from ..routing import route
from ..tokens import Token
from . import checks
from .catalogue import CARDS
from .records import CardOrder

BASE = "/skatteetaten/api/forskudd"
READY_SECONDS = 2
KINDS = ("HENT_ALLE_OPPGITTE", "HENT_KUN_ENDRING")


@route("POST", f"{BASE}/bestillSkattekort")
def order(call: Call) -> Response:
    token = _token(call)
    body = _body(call)
    year, kind, employers = str(body.get("inntektsaar", "")), body.get("bestillingstype"), _employers(body)
    if kind not in KINDS:
        raise _refuse(call, "FOR_001", f"bestillingstype må være en av {', '.join(KINDS)}")
    if not re.fullmatch(r"\d{4}", year):
        raise _refuse(call, "FOR_001", "inntektsaar må være et år med fire sifre")
    if employers is None or (kind == KINDS[0] and not employers):
        path = "forespoerselOmSkattekortTilArbeidsgiver.arbeidsgiver"
        raise _refuse(call, "FOR_001", f"{path} mangler organisasjonsnummer eller arbeidstakeridentifikator")
    _token(call, employers=[employer["orgnr"] for employer in employers])
    reference = f"BR{10_000_000 + call.state.sequence()}"
    call.state.skatteetaten.orders[reference] = CardOrder(
        reference=reference,
        vendor=token.orgnr,
        orgnr=token.system_user_orgnr,
        year=year,
        only_changes=kind == KINDS[1],
        employers=employers if kind == KINDS[0] else _changed(call, token, year),
        ready_at=call.now + timedelta(seconds=READY_SECONDS),
    )
    return as_json({"bestillingsreferanse": reference})


@route("GET", f"{BASE}/skattekortTilArbeidsgiver/svar/<reference>")
def cards(call: Call, reference: str) -> Response:
    """200 with the cards, or 204 when the reference is unknown, another vendor's, or not ready yet."""
    token = _token(call)
    if not re.fullmatch(r"BR\d+", reference):
        raise _refuse(call, "FOR_003", "bestillingsreferanse er ikke på riktig form")
    stored = call.state.skatteetaten.orders.get(reference)
    if stored is None or stored.vendor != token.orgnr or stored.orgnr != token.system_user_orgnr:
        return empty(status=204)
    if call.now < stored.ready_at:
        return empty(status=204)
    return as_json({"arbeidsgiver": [_answer(employer, stored.year) for employer in stored.employers]})


def _token(call: Call, *, employers: list[str] | None = None) -> Token:
    """The token of a system user that has the service, for each of `employers`; else 403, as documented."""
    try:
        token, system_user = checks.caller(call, CARDS)
        for orgnr in employers or [""]:
            checks.may_report(call, CARDS, system_user, party=orgnr)
    except Reply as reply:
        raise Reply(as_json({"melding": "Feil i forbindelse med autentisering"}, status=403)) from reply
    return token


def _body(call: Call) -> dict[str, Any]:
    try:
        body = call.body()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _refuse(call, "FOR_002", "Request payload parser ikke") from None
    if not isinstance(body, dict):
        raise _refuse(call, "FOR_001", "Request payload må være et objekt")
    return body


def _employers(body: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The employers in the order, each {"orgnr", "employees"}; None when one of them is malformed."""
    question = body.get("forespoerselOmSkattekortTilArbeidsgiver")
    listed = question.get("arbeidsgiver", []) if isinstance(question, dict) else []
    if not isinstance(listed, list):
        return None
    employers = []
    for entry in listed:
        identity = entry.get("arbeidsgiveridentifikator") if isinstance(entry, dict) else None
        orgnr = identity.get("organisasjonsnummer") if isinstance(identity, dict) else None
        people = entry.get("arbeidstakeridentifikator") if isinstance(entry, dict) else None
        if not _is_digits(orgnr, 9) or not isinstance(people, list) or not all(_is_digits(p, 11) for p in people):
            return None
        employers.append({"orgnr": orgnr, "employees": people})
    return employers


def _changed(call: Call, token: Token, year: str) -> list[dict[str, Any]]:
    """The people that were ordered before and whose last digit but one is even."""
    stored = call.state.skatteetaten.orders.values()
    mine = [order for order in stored if order.vendor == token.orgnr and order.orgnr == token.system_user_orgnr]
    people: dict[str, list[str]] = {}
    for employer in (each for order in mine if order.year == year for each in order.employers):
        known = people.setdefault(employer["orgnr"], [])
        known += [p for p in employer["employees"] if int(p[-2]) % 2 == 0 and p not in known]
    return [{"orgnr": orgnr, "employees": employees} for orgnr, employees in people.items() if employees]


def _is_digits(value: object, length: int) -> bool:
    return isinstance(value, str) and len(value) == length and value.isdecimal()


def _answer(employer: dict[str, Any], year: str) -> dict[str, Any]:
    return {
        "arbeidsgiveridentifikator": {"organisasjonsnummer": employer["orgnr"]},
        "arbeidstaker": [_card(person, year) for person in employer["employees"]],
    }


def _card(person: str, year: str) -> dict[str, Any]:
    """Last digit 9: no card. 8: not liable. 7: free card. 6: a table. Otherwise a percentage derived from the number."""
    common: dict[str, Any] = {"arbeidstakeridentifikator": person, "inntektsaar": year}
    if person.endswith("9"):
        return {**common, "resultatForSkattekort": "ikkeSkattekort"}
    if person.endswith("8"):
        return {**common, "resultatForSkattekort": "ikkeTrekkplikt"}
    codes = ("LOENN_FRA_HOVEDARBEIDSGIVER", "LOENN_FRA_BIARBEIDSGIVER", "LOENN_FRA_NAV")
    card = {
        "utstedtDato": f"{int(year) - 1}-12-07",
        "skattekortidentifikator": str(10_000 + int(person[-4:])),
        "forskuddstrekk": [{"trekkode": code, **_withholding(person, code == codes[0])} for code in codes],
    }
    return {**common, "resultatForSkattekort": "skattekortopplysningerOK", "skattekort": card}


def _withholding(person: str, is_main: bool) -> dict[str, Any]:
    """Free card and table are for the main employer."""
    rate = str(20 + int(person[-3:]) % 25)
    if is_main and person.endswith("7"):
        return {"frikort": {"frikortbeloep": "70000"}}
    if is_main and person.endswith("6"):
        table = {
            "tabellnummer": str(8000 + int(person[-3:]) % 160),
            "prosentsats": rate,
            "antallMaanederForTrekk": "12",
        }
        return {"trekktabell": table}
    return {"trekkprosent": {"prosentsats": rate}}


def _refuse(call: Call, code: str, melding: str) -> Reply:
    body = {"kode": code, "melding": melding, "korrelasjonsid": call.state.uuid4()}
    return Reply(as_json(body, status=400))
