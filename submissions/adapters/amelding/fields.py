"""The fields of an a-melding.

They come from the example that Skatteetaten prints; no schema is published. What the receipt and the published refusals need is
required; anything else may be absent, a value of another form is a warning, and a field that is not listed is no deviation.
"""

from __future__ import annotations

from submissions.adapters.json_files.rules import Fields, names_of, rule_of
from submissions.adapters.json_files.schema import DIALECT, Node, object_schema

PARTY = ("opplysningspliktig", "norskIdentifikator")
MESSAGE_ID, REPLACED_ID, MONTH, CONTENT = ("meldingsId",), ("erstatterMeldingsId",), ("kalendermaaned",), ("oppgave",)
UNITS = (*CONTENT, "virksomhet")
PAYMENT = (*CONTENT, "betalingsinformasjon")

_CERTAIN = {
    "opplysningspliktig.norskIdentifikator": "orgnr",
    "meldingsId": "uuid",
    "erstatterMeldingsId": "? uuid",
    "kalendermaaned": "month",
    "oppgave": "object",
}
_PAYMENT = {
    "": "? object",
    "sumArbeidsgiveravgift": "? amount",
    "sumFinansskattLoenn": "? amount",
    "sumUtleggstrekk": "? amount",
    "sumForskuddstrekkPerLoennsutbetalingsdato": "? list",
    "sumForskuddstrekkPerLoennsutbetalingsdato[].loennsutbetalingsdato": "? date",
    "sumForskuddstrekkPerLoennsutbetalingsdato[].beloep": "? amount",
}
_PERSON = {
    "norskIdentifikator": "? person",
    "fradrag": "? list",
    "fradrag[].beloep": "? amount",
    "forskuddstrekk": "? list",
    "forskuddstrekk[].beloep": "? amount",
    "utleggstrekk": "? list",
    "utleggstrekk[].beloep": "? amount",
    "inntekt": "? list",
    "inntekt[].beloep": "? amount",
    "inntekt[].fordel": "? text",
    "inntekt[].utloeserArbeidsgiveravgift": "? bool",
    "inntekt[].inngaarIGrunnlagForTrekk": "? bool",
    "arbeidsforhold": "? list",
    "arbeidsforhold[].arbeidsforholdId": "? text",
    "arbeidsforhold[].startdato": "? date",
    "arbeidsforhold[].sluttdato": "? date",
    "arbeidsforhold[].yrke": "? digits 7",
    "arbeidsforhold[].stillingsprosent": "? amount",
    "arbeidsforhold[].antallTimerPerUkeSomEnFullStillingTilsvarer": "? amount",
    "arbeidsforhold[].sisteLoennsendringsdato": "? date",
    "arbeidsforhold[].sisteDatoForStillingsprosentendring": "? date",
    "arbeidsforhold[].loennsansiennitet": "? date",
}
_CONTRIBUTION = {
    "avgiftsgrunnlagBeloep": "? amount",
    "prosentsatsForAvgiftsberegning": "? amount",
    "sone": "? text",
    "beregningskodeForArbeidsgiveravgift": "? text",
}
_FROM_EXAMPLE = {
    "kildesystem": "? text",
    "leveringstidspunkt": "? time",
    "spraakForTilbakemelding": "? text",
    **{f"oppgave.betalingsinformasjon.{name}".removesuffix("."): rule for name, rule in _PAYMENT.items()},
    "oppgave.virksomhet": "? list",
    "oppgave.virksomhet[].norskIdentifikator": "? orgnr",
    "oppgave.virksomhet[].inntektsmottaker": "? list",
    **{f"oppgave.virksomhet[].inntektsmottaker[].{name}": rule for name, rule in _PERSON.items()},
    "oppgave.virksomhet[].arbeidsgiveravgift": "? object",
    "oppgave.virksomhet[].arbeidsgiveravgift.loennOgGodtgjoerelse": "? list",
    **{
        f"oppgave.virksomhet[].arbeidsgiveravgift.loennOgGodtgjoerelse[].{name}": rule
        for name, rule in _CONTRIBUTION.items()
    },
    "oppgave.pensjonsinnretning": "? list",
    "oppgave.pensjonsinnretning[].identifikator": "? orgnr",
}

CERTAIN: Fields = {names_of(path): rule_of(path, text) for path, text in _CERTAIN.items()}
FROM_EXAMPLE: Fields = {names_of(path): rule_of(path, text) for path, text in _FROM_EXAMPLE.items()}


def schema() -> Node:
    """The JSON Schema of a whole message. Only the ids, the month and the content are required."""
    delivery = object_schema({**FROM_EXAMPLE, **CERTAIN}, is_published=True)
    return {"$schema": DIALECT, "type": "object", "properties": {"leveranse": delivery}, "required": ["leveranse"]}
