"""The texts of findings by code. The file, the line and the path are shown beside the text and are not in it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from submissions.adapters.amelding import texts as amelding
from submissions.adapters.base import Finding
from submissions.adapters.json_files import texts as of_json
from submissions.adapters.texts import XML_TEXTS, Params, Text, render

TEXTS: dict[str, Text] = {
    "OTHER_ROOT": _("Filen begynner med «%(given)s», og her trengs en fil som begynner med «%(wanted)s»."),
    "UNKNOWN_SCHEME": _(
        "Navnerommet %(given)s er ikke en ordning vi kjenner. Se over at filen er laget for filopplasting. "
        "Skatteetaten kontrollerer den før den leveres."
    ),
    "NO_DELIVERY": _("Filen har ingen leveranser. Lag den på nytt i fagsystemet."),
    "MIXED_PARTIES": _(
        "Filen har leveranser for flere virksomheter (%(given)s). Lag én fil for hver, ellers avviser Skatteetaten den."
    ),
    "MIXED_YEARS": _(
        "Filen har leveranser for flere inntektsår (%(given)s). Lag én fil for hvert år, ellers avviser Skatteetaten den."
    ),
    "OTHER_PERIOD": _(
        "Filen gjelder %(given)s, men innsendingen gjelder %(period)s. Velg riktig fil eller riktig periode."
    ),
    "NOT_A_MONTH": _('«%(name)s» må være en måned i hermetegn, for eksempel "2026-10".'),
    "NOT_AN_ID": _("«%(name)s» må være en UUID i hermetegn. Fagsystemet lager den, ny for hver melding."),
    "COUNT": _(
        "Oppsummeringen sier %(stated)s oppgaver, men leveransen har %(counted)s. Rett antallet, eller legg til oppgavene som "
        "mangler. Skatteetaten vil trolig avvise leveransen."
    ),
}
SHARED = ("MISSING", "OTHER_CUSTOMER", "MANY_FILES")


def _malformed_json(params: Params) -> str:
    return of_json.text_of("MALFORMED", params, {})


XML: dict[str, Text] = {**XML_TEXTS, **{code: of_json.TEXTS[code] for code in SHARED}, **TEXTS}
JSON: dict[str, Text] = {**of_json.TEXTS, **amelding.TEXTS, "MALFORMED": _malformed_json, **TEXTS}


def of_xml(finding: Finding) -> str:
    return render(finding, XML)


def of_json_file(finding: Finding) -> str:
    return render(finding, JSON)
