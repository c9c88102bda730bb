"""Enhetsregisteret's open API: look-up by number, search by name or numbers, roles. It needs no token.

Source: https://data.brreg.no/enhetsregisteret/api/dokumentasjon/no/index.html. The register contains the organisations
that the sandbox knows. `registry` on an organisation adds or overrides fields: `slettedato` there shows it as deleted,
`fjernet` answers 410.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from werkzeug.wrappers import Response

from .kernel import Call
from .replies import Reply, as_json
from .routing import route
from .state import Organisation, Person

BASE = "/brreg/enhetsregisteret/api"
MAX_SIZE = 10_000
COMMERCIAL = frozenset({"AS", "ASA", "ENK", "BRL", "BBL", "NUF"})  # forms in Foretaksregisteret
ROLES = {
    "DAGL": "Daglig leder",
    "LEDE": "Styrets leder",
    "INNH": "Innehaver",
    "KONT": "Kontaktperson",
    "MEDL": "Styremedlem",
    "VARA": "Varamedlem",
    "OBS": "Observatør",
    "NEST": "Nestleder",
    "REGN": "Regnskapsfører",
    "REVI": "Revisor",
    "FFØR": "Forretningsfører",
}
GROUPS = {"LEDE": "STYR", "NEST": "STYR", "MEDL": "STYR", "VARA": "STYR", "OBS": "STYR"}  # other roles: a group each
GROUP_NAMES = {**ROLES, "DAGL": "Daglig leder/adm.direktør", "STYR": "Styre"}
FORMS = {
    "AS": "Aksjeselskap",
    "ASA": "Allmennaksjeselskap",
    "ENK": "Enkeltpersonforetak",
    "ESEK": "Eierseksjonssameie",
    "BRL": "Borettslag",
    "BBL": "Boligbyggelag",
    "FLI": "Forening/lag/innretning",
    "NUF": "Norskregistrert utenlandsk foretak",
    "BEDR": "Underenhet til næringsdrivende og offentlig forvaltning",
}


@route("GET", f"{BASE}/enheter/<orgnr>")
def unit(call: Call, orgnr: str) -> Response:
    return as_json(_shown(call, _organisation(call, orgnr, sub=False)))


@route("GET", f"{BASE}/underenheter/<orgnr>")
def sub_unit(call: Call, orgnr: str) -> Response:
    return as_json(_shown(call, _organisation(call, orgnr, sub=True)))


@route("GET", f"{BASE}/enheter")
def search_units(call: Call) -> Response:
    return _search(call, sub=False)


@route("GET", f"{BASE}/underenheter")
def search_sub_units(call: Call) -> Response:
    return _search(call, sub=True)


@route("GET", f"{BASE}/enheter/<orgnr>/roller")
def roles(call: Call, orgnr: str) -> Response:
    organisation = _organisation(call, orgnr, sub=False)
    listed = [(code, _person(person)) for person in organisation.persons for code in person.roles if code in ROLES]
    listed += [
        (code, _unit_in_role(call, number))
        for code, number in (
            ("REGN", organisation.accountant),
            ("REVI", organisation.auditor),
            ("FFØR", organisation.business_manager),
        )
        if number
    ]
    groups: dict[str, list[dict[str, Any]]] = {}
    for number, (code, holder) in enumerate(listed, 1):
        role = {
            "type": {"kode": code, "beskrivelse": ROLES[code]}, **holder, "fratraadt": False, "avregistrert": False,
            "rekkefolge": number,
        }  # fmt: skip
        groups.setdefault(GROUPS.get(code, code), []).append(role)
    shown = [
        {"type": {"kode": code, "beskrivelse": GROUP_NAMES[code]}, "sistEndret": "2026-01-05", "roller": entries}
        for code, entries in groups.items()
    ]
    return as_json({"rollegrupper": shown, "_links": {"self": {"href": _address(call, organisation, "/roller")}}})


def _organisation(call: Call, orgnr: str, *, sub: bool) -> Organisation:
    """The organisation of a number. Raises Reply: 400 for a malformed number, 404 for an unknown, 410 for a removed one."""
    if not is_nine_digits(orgnr):
        raise _refuse(call, 400, "Bad Request", "organisasjonsnummer må bestå av 9 sifre")
    organisation = call.state.organisations.get(orgnr)
    if organisation is None or bool(organisation.main_unit) != sub:
        raise Reply(Response(b"", status=404, content_type="application/json"))
    if organisation.registry.get("fjernet"):
        raise Reply(as_json(_removed(call, organisation), status=410))
    return organisation


def _removed(call: Call, organisation: Organisation) -> dict[str, Any]:
    return {
        "organisasjonsnummer": organisation.orgnr,
        "slettedato": str(organisation.registry.get("slettedato", "2026-01-01")),
        "_links": {"self": {"href": _address(call, organisation)}},
    }


def _search(call: Call, *, sub: bool) -> Response:
    """Names match when every word of the query begins a word of the name; numbers match exactly."""
    args = call.request.args
    page, size = page_of(call)
    rows = [o for o in _candidates(call, sub=sub) if not o.registry.get("fjernet")]
    words = args.get("navn", "").lower().split()
    if words:
        rows = [o for o in rows if _matches(o.name, words)]
        rows.sort(key=lambda o: (len(o.name), o.orgnr))
    shown = [_shown(call, organisation) for organisation in rows[page * size : (page + 1) * size]]
    name = "underenheter" if sub else "enheter"
    counts = {"size": size, "totalElements": len(rows), "totalPages": -(-len(rows) // size), "number": page}
    body: dict[str, Any] = {"_links": {"self": {"href": call.request.url}}, "page": counts}
    return as_json({"_embedded": {name: shown}, **body} if shown else body)


def _candidates(call: Call, *, sub: bool) -> list[Organisation]:
    known = call.state.organisations
    numbers = call.request.args.get("organisasjonsnummer", "")
    if not numbers:
        return [o for o in known.values() if bool(o.main_unit) == sub]
    wanted = [number.strip() for number in numbers.split(",")]
    if not all(is_nine_digits(number) for number in wanted):
        raise wrong_query(call, "organisasjonsnummer", "organisasjonsnummer må bestå av 9 sifre")
    return [known[number] for number in wanted if number in known and bool(known[number].main_unit) == sub]


def _matches(name: str, words: list[str]) -> bool:
    have = name.lower().split()
    return all(any(word.startswith(wanted) for word in have) for wanted in words)


def is_nine_digits(text: str) -> bool:
    return len(text) == 9 and text.isascii() and text.isdecimal()


def page_of(call: Call) -> tuple[int, int]:
    """`page` and `size`. Raises Reply: no answer reaches beyond the first MAX_SIZE rows."""
    page, size = _number(call, "page", 0), _number(call, "size", 20)
    if size > MAX_SIZE or (page + 1) * size > MAX_SIZE:
        raise wrong_query(call, "size", f"Antall treff er begrenset til {MAX_SIZE}")
    return page, size


def _number(call: Call, name: str, default: int) -> int:
    text = call.request.args.get(name, str(default))
    low = 1 if name == "size" else 0
    if not (text.isdecimal() and len(text) < 9 and int(text) >= low):
        raise wrong_query(call, name, f"{name} må være et heltall fra {low}")
    return int(text)


def _shown(call: Call, organisation: Organisation) -> dict[str, Any]:
    """An organisation as the register returns it, with overrides from `registry`."""
    form = organisation.form if not organisation.main_unit else "BEDR"
    shown: dict[str, Any] = {
        "organisasjonsnummer": organisation.orgnr,
        "navn": organisation.name.upper(),
        "organisasjonsform": {"kode": form, "beskrivelse": FORMS.get(form, form)},
        "registreringsdatoEnhetsregisteret": "2020-02-03",
        "registrertIMvaregisteret": True,
        "naeringskode1": {"kode": "62.100", "beskrivelse": "Programmeringstjenester"},
        "antallAnsatte": 5,
        "harRegistrertAntallAnsatte": True,
        **(_of_sub_unit(organisation) if organisation.main_unit else _of_main_unit(call, form)),
        "respons_klasse": "Underenhet" if organisation.main_unit else "Enhet",
        "_links": {"self": {"href": _address(call, organisation)}},
    }
    shown |= {k: v for k, v in organisation.registry.items() if k != "fjernet"}
    return _deleted(shown) if shown.get("slettedato") else shown


def _deleted(shown: dict[str, Any]) -> dict[str, Any]:
    """Of a deleted unit the register shows these fields alone."""
    kept = ("organisasjonsnummer", "navn", "organisasjonsform", "slettedato", "_links")
    return {**{name: shown[name] for name in kept}, "respons_klasse": f"Slettet{shown['respons_klasse']}"}


def _of_main_unit(call: Call, form: str) -> dict[str, Any]:
    return {
        "forretningsadresse": _postal(),
        "stiftelsesdato": "2020-01-15",
        "institusjonellSektorkode": {"kode": "2100", "beskrivelse": "Private aksjeselskaper mv."},
        "registrertIForetaksregisteret": form in COMMERCIAL,
        "registrertIStiftelsesregisteret": form == "STI",
        "registrertIFrivillighetsregisteret": False,
        "konkurs": False,
        "underAvvikling": False,
        "underTvangsavviklingEllerTvangsopplosning": False,
        "maalform": "Bokmål",
        "sisteInnsendteAarsregnskap": str(call.now.year - 1),
        "vedtektsfestetFormaal": ["Prøve programmer"],
        "aktivitet": ["Programvare"],
    }


def _of_sub_unit(organisation: Organisation) -> dict[str, Any]:
    return {
        "overordnetEnhet": organisation.main_unit,
        "oppstartsdato": "2020-02-03",
        "beliggenhetsadresse": _postal(),
    }


def _postal() -> dict[str, Any]:
    return {
        "land": "Norge",
        "landkode": "NO",
        "postnummer": "0150",
        "poststed": "OSLO",
        "adresse": ["Sandgata 1"],
        "kommune": "OSLO",
        "kommunenummer": "0301",
    }


def _person(person: Person) -> dict[str, Any]:
    """A person with a birth date derived from the name."""
    first, _, last = person.name.rpartition(" ")
    day = 1 + sum(map(ord, person.name)) % 28
    born = date(1950 + sum(map(ord, person.name)) % 50, 1 + day % 12, day).isoformat()
    return {"person": {"fodselsdato": born, "navn": {"fornavn": first, "etternavn": last}, "erDoed": False}}


def _unit_in_role(call: Call, orgnr: str) -> dict[str, Any]:
    organisation = call.state.organisations.get(orgnr)
    name, form = (organisation.name, organisation.form) if organisation else (orgnr, "AS")
    return {
        "enhet": {
            "organisasjonsnummer": orgnr,
            "organisasjonsform": {"kode": form, "beskrivelse": FORMS.get(form, form)},
            "navn": [name.upper()],
            "erSlettet": False,
        }
    }


def _address(call: Call, organisation: Organisation, tail: str = "") -> str:
    kind = "underenheter" if organisation.main_unit else "enheter"
    return f"{call.sandbox.origin}{BASE}/{kind}/{organisation.orgnr}{tail}"


def wrong_query(call: Call, name: str, message: str) -> Reply:
    """400 about one parameter, in the shape that the register gives it. The texts are our own."""
    fault = {"feilmelding": message, "parametere": [name], "feilaktigVerdi": call.request.args.get(name, "")[:100]}
    body = {
        "tidsstempel": int(call.now.timestamp() * 1000),
        "status": 400,
        "feilmelding": "Feilaktig forespørsel",
        "valideringsfeil": [fault],
        "sti": call.request.path.removeprefix("/brreg"),
        "antallFeil": 1,
    }
    return Reply(as_json(body, status=400))


def _refuse(call: Call, status: int, error: str, message: str) -> Reply:
    body = {
        "timestamp": call.now.isoformat(),
        "status": status,
        "error": error,
        "feilmelding": message,
        "path": call.request.path,
    }
    return Reply(as_json(body, status=status))
