"""The texts of findings that all JSON files have, and of wrong values by the kind that was expected.

The file, the line and the path are shown beside the text and are not in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

TEXTS: dict[str, Any] = {
    "TOO_LARGE": _("Filen er på %(size)s MB. Tjenesten tar imot høyst %(most)s MB. Del leveransen opp."),
    "EMPTY_FILE": _("Filen er tom. Velg filen på nytt, eller lag den på nytt i fagsystemet."),
    "OTHER_KIND": _("Dette er en %(kind)s-fil, og her trengs en JSON-fil. Velg JSON-filen fra fagsystemet."),
    "BYTE_ORDER_MARK": _(
        "Filen begynner med et BOM-tegn, som ikke er lov i JSON. Lagre den som UTF-8 uten BOM, og last den opp igjen."
    ),
    "ENCODING": _("Filen er ikke lagret som UTF-8. Linjen har et tegn som er noe annet. Lagre den som UTF-8."),
    "TOO_MANY_VALUES": _("Filen har langt flere verdier enn en leveranse kan ha. Lag den på nytt."),
    "TOO_DEEP": _("Filen har for mange nivåer inni hverandre. Er dette riktig fil?"),
    "NUMBER": _("Filen har et tall som er altfor langt, eller et tall som ikke finnes i JSON, som NaN."),
    "HALF_CHARACTER": _(
        "En tekst på linjen har et halvt tegn, som \\ud83d uten det som skal følge etter. Lag filen på nytt i fagsystemet."
    ),
    "REPEATED_NAME": _("«%(name)s» står to ganger i samme objekt. Ta ut det ene."),
    "NOT_A_MESSAGE": _("Filen har ikke «leveranse» som det ytterste feltet. Er dette riktig fil?"),
    "OTHER_CUSTOMER": _(
        "Filen gjelder organisasjonsnummer %(given)s, men kunden har %(orgnr)s. Velg riktig kunde eller riktig fil."
    ),
    "MANY_FILES": _("En innsending til denne tjenesten er én fil. Ta ut de andre, eller lag en innsending for hver."),
    "LIST_EXPECTED": _("«%(name)s» skal være en liste."),
    "OBJECTS_WANTED": _("«%(name)s» skal være en liste med minst ett objekt, og bare objekter."),
    "MISSING": _("«%(name)s» mangler. Legg det til."),
    "ONE_OF": _("Her skal det stå nøyaktig ett av feltene %(names)s."),
    "UNKNOWN_FIELD": _("«%(name)s» finnes ikke i denne tjenesten. Se over stavemåten, eller ta det ut."),
    "IMPROBABLE": _("Verdien i «%(name)s» finnes ikke: kontrollsifrene eller datoen stemmer ikke. Se over sifrene."),
}
MALFORMED = _("Filen er ikke gyldig JSON. Feilen er ved tegn %(column)s på linjen: %(cause)s")
CAUSES: dict[str, Any] = {
    "NAME": _("her skal det stå et feltnavn i hermetegn."),
    "TRAILING": _("det står et komma for mye foran en sluttparentes."),
    "COLON": _("det mangler et kolon etter feltnavnet."),
    "COMMA": _("det mangler et komma, eller et hermetegn er ikke lukket."),
    "VALUE": _("her skal det stå en verdi."),
    "STRING": _("en tekst er ikke avsluttet med hermetegn."),
    "CONTROL": _("en tekst har et linjeskift eller et annet tegn som må skrives som \\n eller liknende."),
    "ESCAPE": _("omvendt skråstrek må skrives to ganger i JSON."),
    "EXTRA": _("det står noe etter slutten på leveransen."),
    "CUT": _("filen slutter før alt er lukket. Kanskje ble den avbrutt underveis."),
    "OTHER": _("se på linjen, eller lag filen på nytt i fagsystemet."),
}
VALUES: dict[str, Any] = {
    "text": _("«%(name)s» må være en tekst på %(low)s til %(high)s tegn, i hermetegn."),
    "digits": _("«%(name)s» må være en tekst med %(low)s sifre, i hermetegn."),
    "code": _("«%(name)s» må være en av disse: %(codes)s."),
    "int": _("«%(name)s» må være et heltall fra %(low)s til %(high)s, uten hermetegn og mellomrom."),
    "decimal": _('«%(name)s» må være et tall skrevet som tekst i hermetegn, med punktum som desimalskille: "1200.50".'),
    "year": _("«%(name)s» må være et årstall med fire sifre, uten hermetegn."),
    "bool": _("«%(name)s» må være true eller false, uten hermetegn."),
    "date": _('«%(name)s» må være en dato i hermetegn, for eksempel "2025-12-31".'),
    "time": _('«%(name)s» må være dato og klokkeslett i hermetegn, for eksempel "2025-12-31T12:00:00+01:00".'),
    "amount": _("«%(name)s» må være et tall uten hermetegn, med punktum som desimalskille: 1200.50."),
    "month": _('«%(name)s» må være år og måned i hermetegn, for eksempel "2026-03".'),
    "uuid": _('«%(name)s» må være en UUID i hermetegn, for eksempel "0198c1f2-7c1e-7b52-9a55-3f2d6b9f0a11".'),
    "list": _("«%(name)s» må være en liste, i hakeparenteser."),
    "object": _("«%(name)s» må være et objekt med felter, i krøllparenteser."),
    "day": _('«%(name)s» må være dag og måned med fire sifre i hermetegn: "3112" er 31. desember.'),
    "person": _("«%(name)s» må være et fødselsnummer eller d-nummer: elleve sifre i hermetegn, uten mellomrom."),
    "orgnr": _("«%(name)s» må være et organisasjonsnummer: ni sifre i hermetegn, uten mellomrom."),
}


def text_of(code: str, params: Mapping[str, str], own: Mapping[str, Any]) -> str:
    """The text of a finding in the current language. `own` are the adapter's. Raises KeyError for a code that neither has."""
    if code == "MORE":
        n = int(params["n"])
        return ngettext("Det er %(n)s funn til.", "Det er %(n)s funn til.", n) % {"n": n} + " " + _("Rett disse først.")
    if code == "MALFORMED":
        return str(MALFORMED % {**params, "cause": CAUSES[params["cause"]]})
    template = VALUES[params["kind"]] if code == "WRONG_VALUE" else {**TEXTS, **own}[code]
    text = str(template % params)
    return text + (
        " " + _("I filen står det %(given)s.") % params if params.get("given") and code == "WRONG_VALUE" else ""
    )
