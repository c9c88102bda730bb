"""The texts of findings by code, beside those that all JSON files have. Rendered in the reader's language.

The file, the line and the path are shown beside the text and are not in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from submissions.adapters.base import Finding
from submissions.adapters.json_files import texts

TEXTS: dict[str, Any] = {
    "ONE_WANTED": _(
        "«leveranse» er en liste, og denne tjenesten skal ha én leveranse. Er filen til en annen tjeneste?"
    ),
    "LIST_WANTED": _("«leveranse» skal være en liste for denne tjenesten. Er filen til en annen tjeneste?"),
    "OTHER_YEAR": _(
        "Filen gjelder inntektsåret %(given)s, men innsendingen gjelder %(year)s. Velg riktig fil eller riktig år."
    ),
    "NO_ITEMS": _(
        "Leveransen har ingen oppgaver. Bruk leveransetypen «ingenoppgaver» når det ikke er noe å rapportere."
    ),
    "NO_ITEMS_WANTED": _(
        "Leveransen er merket «ingenoppgaver», men har %(n)s oppgaver. Bruk leveransetypen «ordinaer», eller ta dem ut."
    ),
    "COUNT": _(
        "Oppsummeringen sier %(stated)s oppgaver, men leveransen har %(counted)s. Rett antallet, eller legg til oppgavene som "
        "mangler. Skatteetaten vil trolig avvise leveransen."
    ),
    "SUM": _(
        "«%(name)s» er %(stated)s, men oppgavene har til sammen %(total)s. Rett summen eller oppgavene. "
        "Skatteetaten vil trolig avvise leveransen."
    ),
}


def render(finding: Finding) -> str:
    return text_of(finding.code, finding.params)


def text_of(code: str, params: Mapping[str, str]) -> str:
    """The text of a finding in the current language. Raises KeyError for a code that is not of this adapter."""
    return texts.text_of(code, params, TEXTS)
