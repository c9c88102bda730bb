"""The texts of findings by code, beside those that all JSON files have. Rendered in the reader's language."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

TEXTS: dict[str, Any] = {
    "OTHER_MONTH": _(
        "Filen gjelder %(given)s, men innsendingen gjelder %(month)s. Velg riktig fil eller riktig måned."
    ),
    "SUB_UNIT": _(
        "Kunden er en underenhet i Enhetsregisteret. A-meldingen leveres for hovedenheten, som har nummer %(main)s."
    ),
    "REPLACES_ITSELF": _(
        "Meldingen sier at den erstatter seg selv. «erstatterMeldingsId» skal være id-en til den gamle."
    ),
    "USED_ID": _(
        "En melding med meldingsId %(id)s er sendt før. Lag filen på nytt i lønnssystemet, så den får en egen meldingsId."
    ),
    "MUST_REPLACE": _(
        "Rettelsen må erstatte meldingen den retter. Lag en fil med en ny meldingsId og med erstatterMeldingsId %(id)s."
    ),
    "REPLACES_UNKNOWN": _(
        "Filen erstatter melding %(id)s, som ikke er godkjent her for denne måneden. Er den sendt fra et annet system?"
    ),
    "REPLACES_FALLEN": _(
        "Filen erstatter melding %(id)s, som ikke gjelder nå: den er erstattet, avvist eller ikke besvart. Se meldingene for måneden."
    ),
    "COMES_BESIDE": _(
        "Måneden har allerede melding %(id)s. Denne kommer i tillegg. Skal den erstatte, må filen ha erstatterMeldingsId."
    ),
    "SUM": _(
        "«%(name)s» er %(stated)s, men virksomhetene har til sammen %(total)s. Rett summen eller beløpene. "
        "Skatteetaten vil trolig avvise meldingen."
    ),
}
