"""Synthetic messages for the sandbox, the tour and the tests. No real party is in them, and each has a new meldingsId."""

from __future__ import annotations

import json
import uuid
from typing import Any

from submissions.adapters.base import About, NamedFile
from submissions.adapters.numbers import synthetic_person

EXAMPLE_UNIT = "310123455"
RATE = 14.1
EMPLOYEES = ((42_000, 12_600), (38_500, 10_780), (51_250, 17_425))
"""Gross and withheld tax of each employee."""


def example(about: About, *, wrong: bool = False, replaces: str = "") -> NamedFile:
    """A message that passes the checks; with `wrong` the sum of withheld tax is one too high, which is rejected later."""
    month = str(about.period)
    delivery: dict[str, Any] = {
        "kildesystem": "Eksempelfiler",
        "opplysningspliktig": {"norskIdentifikator": about.orgnr},
        "meldingsId": str(uuid.uuid4()),
        **({"erstatterMeldingsId": replaces} if replaces else {}),
        "kalendermaaned": month,
        "leveringstidspunkt": f"{month}-28T12:00:00+01:00",
        "spraakForTilbakemelding": "bokmaal",
        "oppgave": {"betalingsinformasjon": _payment(month, wrong=wrong), "virksomhet": [_unit(about, month)]},
    }
    content = json.dumps({"leveranse": delivery}, ensure_ascii=False, indent=2).encode()
    return NamedFile(f"amelding-{about.orgnr}-{month}.json", content)


def _payment(month: str, *, wrong: bool) -> dict[str, Any]:
    gross, withheld = (sum(amounts) for amounts in zip(*EMPLOYEES, strict=True))
    return {
        "sumArbeidsgiveravgift": round(gross * RATE / 100),
        "sumForskuddstrekkPerLoennsutbetalingsdato": [
            {"loennsutbetalingsdato": f"{month}-20", "beloep": -(withheld + wrong)}
        ],
    }


def _unit(about: About, month: str) -> dict[str, Any]:
    seed = int(about.orgnr) % 100_000
    people = [_person(synthetic_person(seed + n * 31), n, month) for n in range(len(EMPLOYEES))]
    line = {
        "beregningskodeForArbeidsgiveravgift": "generelleNaeringer",
        "sone": "1",
        "avgiftsgrunnlagBeloep": sum(gross for gross, _withheld in EMPLOYEES),
        "prosentsatsForAvgiftsberegning": RATE,
    }
    return {
        "norskIdentifikator": EXAMPLE_UNIT,
        "inntektsmottaker": people,
        "arbeidsgiveravgift": {"loennOgGodtgjoerelse": [line]},
    }


def _person(number: str, n: int, month: str) -> dict[str, Any]:
    gross, withheld = EMPLOYEES[n]
    income = {
        "fordel": "kontantytelse",
        "utloeserArbeidsgiveravgift": True,
        "inngaarIGrunnlagForTrekk": True,
        "beloep": gross,
        "loennsinntekt": {"beskrivelse": "fastloenn"},
    }
    return {
        "norskIdentifikator": number,
        "arbeidsforhold": [_employment(n, month)],
        "forskuddstrekk": [{"beskrivelse": "forskuddstrekk", "beloep": -withheld}],
        "inntekt": [income],
    }


def _employment(n: int, month: str) -> dict[str, Any]:
    return {
        "arbeidsforholdId": f"{1001 + n}",
        "typeArbeidsforhold": "ordinaertArbeidsforhold",
        "startdato": "2021-08-01",
        "antallTimerPerUkeSomEnFullStillingTilsvarer": 37.5,
        "yrke": "2511103",
        "arbeidstidsordning": "ikkeSkift",
        "stillingsprosent": 100,
        "sisteLoennsendringsdato": f"{month[:4]}-01-01",
        "formForAnsettelse": "fast",
    }
