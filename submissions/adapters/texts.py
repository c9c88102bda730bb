"""Texts of findings by code, rendered in the reader's language, and those that all adapters that read XML share.

A table maps a code, or `CODE:case` for a code with several texts (the parameter `case`), to a text with parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from submissions.adapters.base import Finding

Params = Mapping[str, str]
Text = str | Promise | Callable[[Params], str]


def render(finding: Finding, *tables: Mapping[str, Text]) -> str:
    """The text in the current language; the code itself when no table has it (a finding of another release)."""
    for table in tables:
        text = table.get(f"{finding.code}:{finding.params.get('case', '')}", table.get(finding.code))
        if text is not None:
            return text(finding.params) if callable(text) else _filled(text, finding.params)
    return finding.code


def _filled(text: str | Promise, params: Params) -> str:
    try:
        return str(text) % params
    except KeyError:  # stored by a release whose text had other parameters
        return str(text)


def _malformed(params: Params) -> str:
    text = _("Filen er ikke gyldig XML. Feilen er på linje %(line)s, tegn %(column)s: %(why)s")
    return str(text) % {**params, "why": _WHY.get(params.get("why", ""), _WHY[""])}


_WHY: dict[str, str | Promise] = {
    "": _("se på linjen, eller lag filen på nytt i fagsystemet."),
    "end tag": _("en slutt-tagg passer ikke til start-taggen sin."),
    "cut short": _("filen slutter før alle taggene er lukket. Kanskje ble den avbrutt underveis."),
    "after the end": _("det står noe etter slutten på skjemaet."),
    "before the start": _("det står noe foran «<?xml». Den må være det første i filen."),
    "character": _("det står et tegn som ikke er lov i XML."),
    "ampersand": _("et &-tegn må skrives «&amp;»."),
    "name": _("et &-tegn må skrives «&amp;» og et mindre-enn-tegn «&lt;»."),
    "prefix": _("et navn har et prefiks foran kolon som ikke er forklart. Ta prefikset ut."),
    "too deep": _("her er noe dypere eller lengre enn et skjema kan være."),
    "long name": _("her er et navn som er lengre enn noe navn i et skjema."),
    "attribute twice": _("et attributt står to ganger i samme tagg."),
}
"""Why a file is malformed, by `safe_xml`'s word for it."""

XML_TEXTS: dict[str, Text] = {
    "TOO_LARGE": _(
        "Filen er på %(size)s MB. En fil kan være på høyst %(most)s MB. Del den opp, eller lag den på nytt."
    ),
    "EMPTY_FILE": _("Filen er tom. Velg filen på nytt, eller lag den på nytt i fagsystemet."),
    "NOT_XML:known": _("Dette er en %(kind)s-fil, og her trengs en XML-fil. Velg XML-filen fra fagsystemet."),
    "NOT_XML": _("Dette er ikke en XML-fil. Velg XML-filen fra fagsystemet."),
    "ENCODING:no mark": _("Filen er lagret som UTF-16 uten BOM. Lagre den som UTF-8."),
    "ENCODING:other": _(
        "Første linje sier %(declared)s, men filen er lagret som %(actual)s. Lagre den som UTF-8, og la linjen si det."
    ),
    "ENCODING:unknown": _("Tegnsettet %(name)s leses ikke her. Lagre filen som UTF-8."),
    "ENCODING": _(
        "Filen skal være %(codec)s, men linje %(line)s har et tegn som ikke er det. "
        "Lagre filen som UTF-8, eller rett tegnsettet i første linje."
    ),
    "OTHER_ENCODING": _(
        "Filen er lagret som %(name)s, og sendes slik den er. Skatteetaten sier ikke om annet enn UTF-8 tas imot. "
        "Lagre den som UTF-8 om fagsystemet kan det."
    ),
    "DOCTYPE": _("Filen har en DOCTYPE, og slike filer tar vi ikke imot. Lag filen på nytt uten den."),
    "TOO_MANY_ELEMENTS": _("Filen har langt flere elementer enn et skjema kan ha. Lag den på nytt."),
    "MALFORMED": _malformed,
}
"""Codes of `submissions.safe_xml`."""
