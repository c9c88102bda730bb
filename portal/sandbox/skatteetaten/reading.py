"""Krav og betalinger, and frister: services that are only read. No dialog; the answers are derived from the organisation number.

The codes are the published ones. Which status a foreign rettighetspakke has, the fields inside of the lists and the address of
frister are not public: those are the sandbox's own. An organisation number that ends with 0 has nothing of either.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from werkzeug.wrappers import Response

from ..altinn import rights
from ..kernel import Call
from ..replies import Reply, as_json
from ..routing import route
from ..tokens import BadToken, read_token
from .catalogue import CLAIMS, DEADLINES, Service

PACKAGE = "regnskapssystem"
CLAIMS_BASE = f"/skatteetaten/{CLAIMS.label}/v1/<package>/<orgnr>"
DEADLINES_BASE = f"/skatteetaten/{DEADLINES.label}/v1/<package>/<orgnr>"
GROUPS = ("Forskuddsskatt", "Merverdiavgift", "Arbeidsgiveravgift")


@route("GET", f"{CLAIMS_BASE}/aapnekrav")
def open_claims(call: Call, package: str, orgnr: str) -> Response:
    _may_read(call, CLAIMS, package, orgnr)
    claims = [claim for claim in _claims(orgnr, call.now.year) if claim["gjenstaaendeBeloep"]]
    if not claims:
        raise _refuse(call, CLAIMS, "007", 404, "Fant ingen krav eller betalinger")
    total = sum(claim["gjenstaaendeBeloep"] for claim in claims)
    return as_json(
        {
            "partIdentifikator": orgnr,
            "skjermet": False,
            "aapentKravMedGjenstaaendeBeloep": claims,
            "innbetalingMedUplassertBeloep": [],
            "totalOversikt": {"sumGjenstaaendeBeloep": total, "antallKrav": len(claims)},
            "oversiktPerKravgruppe": [
                {"kravgruppe": claim["kravgruppe"], "sumGjenstaaendeBeloep": claim["gjenstaaendeBeloep"]}
                for claim in claims
            ],
        }
    )


@route("GET", f"{CLAIMS_BASE}/krav")
def claims(call: Call, package: str, orgnr: str) -> Response:
    return _of_period(call, package, orgnr, "krav", "forfallsdato", _claims)


@route("GET", f"{CLAIMS_BASE}/innbetalinger")
def paid_in(call: Call, package: str, orgnr: str) -> Response:
    return _of_period(call, package, orgnr, "innbetalinger", "innbetalingsdato", _payments)


@route("GET", f"{CLAIMS_BASE}/utbetalinger")
def paid_out(call: Call, package: str, orgnr: str) -> Response:
    return _of_period(call, package, orgnr, "utbetalinger", "utbetalingsdato", lambda orgnr, year: [])


@route("GET", DEADLINES_BASE)
def deadlines(call: Call, package: str, orgnr: str) -> Response:
    """One source does not answer for organisation numbers that end with 1."""
    _may_read(call, DEADLINES, package, orgnr, json_only=True)
    if orgnr.endswith("0"):
        raise _refuse(call, DEADLINES, "007", 404, "Fant ingen frister")
    year = call.now.year
    vat = {
        "tittel": "Mva-melding",
        "aktivitetsbeskrivelse": "Frist for å levere mva-melding",
        "aktivitetstype": "LEVERING",
        "frist": f"{year + 1}-02-10",
    }
    tax = {
        "tittel": "Skattemelding for næringsdrivende",
        "aktivitetsbeskrivelse": "Frist for å levere skattemelding",
        "aktivitetstype": "LEVERING",
        "frist": f"{year + 1}-05-31",
    }
    failed = {"kilde": "skattemelding", "status": "FEILET"}
    answered = {"kilde": "skattemelding", "status": "OK", "frister": [tax]}
    return as_json(
        {
            "virksomhet": orgnr,
            "kilder": [
                {"kilde": "mva", "status": "OK", "frister": [vat]},
                failed if orgnr.endswith("1") else answered,
            ],
        }
    )


def _may_read(call: Call, service: Service, package: str, orgnr: str, *, json_only: bool = False) -> None:
    """Format, token, rettighetspakke, right and identifier, in this order."""
    accepted = call.request.headers.get("Accept", "").lower()
    if "application/json" not in accepted and (json_only or "application/xml" not in accepted):
        raise _refuse(call, service, "008", 406, "Feil tilknyttet dataformat")
    try:
        token = read_token(call, issuers=("maskinporten",))
    except BadToken:
        raise _refuse(call, service, "004", 401, "Feil i forbindelse med autentisering") from None
    denied = _refuse(call, service, "005", 403, "Feil i forbindelse med autorisering")
    system_user = rights.system_user_of(call.state, token) if token.system_user_id else None
    if service.scope not in token.scopes or system_user is None or package != PACKAGE:
        raise denied
    if not (orgnr.isascii() and orgnr.isdecimal() and len(orgnr) == 9):
        raise _refuse(call, service, "006", 400, "Input validerer ikke")
    if service is CLAIMS and orgnr not in call.state.organisations:
        raise _refuse(call, service, "009", 404, "Ukjent identifikator")
    resource = service.resource_id
    if not rights.may_use(call.state, system_user, resource_id=resource, party_orgnr=orgnr, now=call.now):
        raise denied


def _of_period(
    call: Call, package: str, orgnr: str, name: str, day: str, rows: Callable[[str, int], list[dict[str, Any]]]
) -> Response:
    """The rows whose `day` is in the period of the query, which must not be longer than a year."""
    _may_read(call, CLAIMS, package, orgnr)
    first, last = _day(call, "fraOgMed"), _day(call, "tilOgMed")
    if not first <= last < _year_after(first):
        raise _refuse(call, CLAIMS, "006", 400, "Perioden kan ikke være lengre enn ett år")
    years = range(first.year, last.year + 1)
    listed = [row for year in years for row in rows(orgnr, year) if first.isoformat() <= row[day] <= last.isoformat()]
    if not listed:
        raise _refuse(call, CLAIMS, "007", 404, "Fant ingen krav eller betalinger")
    period = {"fraOgMed": first.isoformat(), "tilOgMed": last.isoformat()}
    return as_json({"partIdentifikator": orgnr, "periode": period, name: listed})


def _day(call: Call, name: str) -> date:
    try:
        return date.fromisoformat(call.request.args.get(name, ""))
    except ValueError:
        raise _refuse(call, CLAIMS, "006", 400, f"{name} må være en dato") from None


def _year_after(day: date) -> date:
    return day.replace(year=day.year + 1) if (day.month, day.day) != (2, 29) else date(day.year + 1, 3, 1)


def _claims(orgnr: str, year: int) -> list[dict[str, Any]]:
    """Three claims a year, one of them open."""
    if orgnr.endswith("0"):
        return []
    base = 1000 + int(orgnr[-4:])
    return [
        {
            "kravgruppe": group,
            "kravidentifikator": f"{orgnr}-{year}-{number}",
            "forfallsdato": f"{year}-{number * 3 + 1:02}-15",
            "opprinneligBeloep": base * (number + 1),
            "gjenstaaendeBeloep": base if number == 2 else 0,
        }
        for number, group in enumerate(GROUPS)
    ]


def _payments(orgnr: str, year: int) -> list[dict[str, Any]]:
    """One for each paid claim, the day before it is due."""
    paid = [claim for claim in _claims(orgnr, year) if not claim["gjenstaaendeBeloep"]]
    return [
        {
            "innbetalingsdato": str(date.fromisoformat(claim["forfallsdato"]) - timedelta(days=1)),
            "beloep": claim["opprinneligBeloep"],
            "kravidentifikator": claim["kravidentifikator"],
        }
        for claim in paid
    ]


def _refuse(call: Call, service: Service, number: str, status: int, melding: str) -> Reply:
    body = {"kode": f"{service.codes}-{number}", "melding": melding, "korrelasjonsid": call.state.uuid4()}
    return Reply(as_json(body, status=status))
