"""Parses organisation numbers as people write them, and keeps real and synthetic ones in separate environments.

Synthetic numbers (Tenor) begin with 2 or 3, real ones with 8 or 9. Messages say what is wrong and how to correct it.
"""

from __future__ import annotations

import re

from django.utils.translation import gettext as _
from stdnum.exceptions import ValidationError
from stdnum.no import orgnr as check_digit

from portal.core.environments import Environment
from portal.gateways.text import one_line

_BLANKS = re.compile(r"[\s.\u2012-\u2015\u2212'\u2018\u2019\"`\u00b4-]+")
"""Also the dashes and quotes that word processors, spreadsheets and PDF files put into numbers."""
_WRAPPING = re.compile(r"^(?:0192:|NO(?=\d)|ORG(?:ANISASJONS)?(?:NR|NUMMER):?)?(\d*)(?:MVA)?$", re.ASCII)
_DECIMALS = re.compile(r"(?<=\d{9})[.,]0{1,2}$", re.ASCII)
"""A spreadsheet that took the number for an amount."""
SYNTHETIC, REAL = ("2", "3"), ("8", "9")


class BadOrgnr(Exception):
    """Not usable. The message is a translated sentence for the user."""


def read_orgnr(text: str) -> str:
    """Nine digits out of `NO 310 123 455 MVA`, `0192:310123455` and the like. Raises BadOrgnr."""
    bare = _BLANKS.sub("", _DECIMALS.sub("", one_line(text))).upper()
    match = _WRAPPING.match(bare)
    if not bare or match is None:
        raise BadOrgnr(_("Skriv organisasjonsnummeret med ni sifre, for eksempel 310 123 455."))
    digits = match[1]
    if len(digits) != 9:
        raise BadOrgnr(
            _("Et organisasjonsnummer har ni sifre, dette har %(count)s. Se etter om noe mangler eller er til overs.")
            % {"count": len(digits)}
        )
    _check_digits(digits)
    return digits


def _check_digits(digits: str) -> None:
    try:
        check_digit.validate(digits)
    except ValidationError:
        raise BadOrgnr(
            _("Kontrollsifferet stemmer ikke, så minst ett siffer er feil. Sammenlign med Enhetsregisteret.")
        ) from None
    if digits[0] not in SYNTHETIC + REAL:
        raise BadOrgnr(_("Et organisasjonsnummer begynner på 8 eller 9, og i test på 2 eller 3. Se over nummeret."))


def check_environment(orgnr: str, *, environment: str, vendor_orgnr: str) -> None:
    """Refuse synthetic numbers in production and real ones elsewhere; the vendor's own is accepted everywhere.

    Raises BadOrgnr.
    """
    is_synthetic = orgnr[0] in SYNTHETIC
    if environment == Environment.PRODUCTION and is_synthetic:
        raise BadOrgnr(
            _(
                "Nummeret er syntetisk og finnes bare i test. Bruk virksomhetens eget nummer, eller bytt til testmiljøet."
            )
        )
    if environment != Environment.PRODUCTION and not is_synthetic and orgnr != vendor_orgnr:
        text = _(
            "Nummeret tilhører en ekte virksomhet, og her brukes bare syntetiske. "
            "Hent et nummer fra Tenor (begynner på 2 eller 3)."
        )
        elsewhere = _("Ekte virksomheter legger du inn i produksjon.")
        raise BadOrgnr(f"{text} {elsewhere}" if Environment.PRODUCTION.is_enabled else text)
