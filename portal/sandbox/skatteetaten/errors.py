"""Skatteetaten's error answers: `kode`, `melding`, `korrelasjonsid` and `spesifisering[]` with the detail code.

The codes are the published ones. Which top code and status belongs to each detail code is published only in part; the
rest of this table is the sandbox's choice.
"""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

from ..kernel import Call
from ..replies import Reply, as_json

TOP: dict[str, tuple[int, str]] = {
    "001": (500, "Uventet feil på tjenesten"),
    "004": (401, "Feil i forbindelse med autentisering"),
    "005": (403, "Feil i forbindelse med autorisering"),
    "006": (400, "Feil i request"),
    "008": (400, "Strukturell feil i tilknyttet dataformat"),
    "010": (400, "Feil i forbindelse med validering av payload"),
    "011": (400, "Feil i metadata"),
    "017": (500, "Uspesifisert systemfeil"),
    "019": (409, "Idempotensnøkkel er benyttet tidligere"),
    "021": (404, "Finner ikke forespurt ressurs"),
    "022": (405, "HTTP-metode ikke støttet"),
    "023": (500, "Uventet feil i et bakenforliggende system"),
}

DETAIL: dict[str, tuple[str, str]] = {
    "1001": ("008", "Feil i innholdet i XML-en"),
    "1007": ("004", "Mangler token"),
    "1008": ("004", "Ugyldig token"),
    "1015": ("005", "Ikke autorisert for å levere på denne dialogen"),
    "1016": ("011", "Det finnes ikke et hovedskjema med denne ID-en for denne innsendingen"),
    "1017": ("021", "Det finnes ingen forsendelse med denne ID-en"),
    "1018": ("011", "Oppgitt antall underskjemaer stemmer ikke med antall underskjemaer på innsendingen"),
    "1022": ("006", "Feil i parametre"),
    "1023": ("021", "Finner ingen ressurs for denne URL-en"),
    "1026": ("011", "En innsending må ha minimum ett underskjema"),
    "1027": ("006", "Inntektsår er ikke støttet"),
    "1028": ("006", "Header mangler"),
    "1029": ("011", "Innsendingen er allerede bekreftet"),
    "1030": ("006", "Accept-header må være av type application/json"),
    "1031": ("006", "Content-Type må være application/xml"),
    "1032": ("008", "Feil i innholdet i JSON-en"),
    "1047": ("006", "Content-Type må være application/json"),
    "1048": ("021", "Det finnes ingen forsendelse med denne ID-en"),
    "1050": ("021", "Finner ikke et dokument med denne ID-en på denne forsendelsen"),
    "1051": ("010", "Opplysningspliktig i path og i innsending er ulike"),
    "1052": ("010", "Inntektsår i path og i innsending er ulike"),
    "1053": ("023", "Uventet feil i et bakenforliggende system, vennligst prøv igjen senere"),
    "1055": ("010", "Finner ikke organisasjonsnummeret"),
    "1059": ("006", "Filnavnet er ugyldig"),
    "1061": ("021", "Det finnes ingen forsendelse med denne ID-en for denne ordningen"),
    "1062": ("010", "Oppgavegiver er ikke hovedenhet, og kan derfor ikke rapportere for ordningen"),
    "1063": ("005", "Tokenet mangler informasjon om systembruker i authorization_details"),
    "1067": ("011", "Det finnes ingen godkjent opplasting å sende inn"),
    "1069": ("010", "Filen har opplysninger for flere inntektsår"),
    "1070": ("010", "Filen inneholder virus eller er ødelagt"),
    "1102": ("010", "Innsendingen har flere oppgavegivere"),
    "1201": ("010", "Organisasjonsnummeret har feil lengde"),
}

Spec = dict[str, str]
MOST_SPECS = 200  # a body may have an error on every line


def spec(code: str, melding: str = "", *, sti: str = "", value: object = "", codes: str = "GLD") -> Spec:
    """One entry of `spesifisering[]`: `sti` is the path, `value` the value that was sent."""
    text = melding or DETAIL[code][1]
    return {"kode": f"{codes}_{code}", "melding": text, "sti": sti, "angittVerdi": str(value)[:200]}


def body(call: Call, top: str, specs: list[Spec], *, codes: str = "GLD") -> dict[str, Any]:
    return {
        "kode": f"{codes}_{top}",
        "melding": TOP[top][1],
        "korrelasjonsid": call.state.uuid4(),
        "spesifisering": specs,
    }


def answer(call: Call, top: str, specs: list[Spec], *, codes: str = "GLD", **extra: Any) -> Response:
    return as_json({**body(call, top, specs[:MOST_SPECS], codes=codes), **extra}, status=TOP[top][0])


def refuse(call: Call, top: str, specs: list[Spec] | None = None, *, codes: str = "GLD") -> Reply:
    """To raise: the answer with top code `top`."""
    return Reply(answer(call, top, specs or [], codes=codes))


def refuse_detail(
    call: Call, code: str, melding: str = "", *, sti: str = "", value: object = "", codes: str = "GLD"
) -> Reply:
    """To raise: the answer for detail code `code`, under the top code it belongs to."""
    return refuse(call, DETAIL[code][0], [spec(code, melding, sti=sti, value=value, codes=codes)], codes=codes)
