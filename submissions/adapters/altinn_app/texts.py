"""The texts of findings by code. The file, the line and the path are shown beside the text and are not in it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from submissions.adapters.base import Finding
from submissions.adapters.json_files import texts as of_json
from submissions.adapters.texts import XML_TEXTS, Text, render

OWN: dict[str, Text] = {
    "OTHER_ROOT": _("Filen begynner med «%(given)s», og her trengs en fil som begynner med «%(wanted)s»."),
    "OTHER_PERIOD": _(
        "Filen gjelder %(given)s, men innsendingen gjelder %(period)s. Velg riktig fil eller riktig periode."
    ),
    "OF_PERSON": _(
        "Dette er skattemeldingen til en person. For enkeltpersonforetak sendes den på fødselsnummeret til eieren, og "
        "portalen sender aldri på et fødselsnummer. Eieren må levere den selv hos Skatteetaten."
    ),
    "NO_RETURN": _(
        "Filen har ingen skattemelding for en virksomhet (skattemeldingUpersonlig). Lag den på nytt i fagsystemet."
    ),
    "NO_CURRENT": _(
        "Filen sier ikke hvilket utkast den bygger på (%(name)s). Skatteetaten kan avvise den i kontrollen."
    ),
}
SHARED = ("MISSING", "OTHER_CUSTOMER", "MANY_FILES")
TEXTS: dict[str, Text] = {**XML_TEXTS, **{code: of_json.TEXTS[code] for code in SHARED}, **OWN}


def text_of(finding: Finding) -> str:
    return render(finding, TEXTS, of_json.TEXTS)
