"""Synthetic files: for the sandbox, the tour and the tests. No real party is in them.

With `wrong` the file passes the control after the upload, and the delivery is rejected later.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from submissions.adapters.base import About, NamedFile
from submissions.adapters.numbers import synthetic_person

NAMESPACE = "urn:ske:fastsetting:innsamling:aksjesparekonto:v3"
ITEMS = 3


def xml_example(about: About, *, name: str, wrong: bool) -> NamedFile:
    """Aksjesparekonto with three accounts; with `wrong` the summary counts four."""
    items = "".join(_account(int(about.orgnr) % 100_000 + number * 31, number) for number in range(ITEMS))
    reference = f"EKSEMPEL-{about.orgnr}-{about.period}"
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<melding xmlns="{NAMESPACE}">\n<leveranse>\n'
        f"<kildesystem>Eksempelfiler</kildesystem>\n<oppgavegiver><organisasjonsnummer>{about.orgnr}</organisasjonsnummer>"
        f"<organisasjonsnavn>{_escaped(name)}</organisasjonsnavn></oppgavegiver>\n"
        f"<inntektsaar>{about.period.start.year}</inntektsaar>\n"
        f"<oppgavegiversLeveranseReferanse>{reference}</oppgavegiversLeveranseReferanse>\n"
        f"<leveransetype>ordinaer</leveransetype>\n{items}"
        f"<oppgaveoppsummering><antallOppgaver>{ITEMS + wrong}</antallOppgaver>"
        f"<sumInnskudd>{1000 * ITEMS}.00</sumInnskudd></oppgaveoppsummering>\n</leveranse>\n</melding>\n"
    )
    return NamedFile(f"aksjesparekonto-{about.orgnr}-{about.period}.xml", text.encode())


def _account(seed: int, number: int) -> str:
    return (
        f"<oppgave><oppgaveeier><foedselsnummer>{synthetic_person(seed)}</foedselsnummer><fornavn>Eksempel</fornavn>"
        f"<etternavn>Eksempelsen</etternavn></oppgaveeier><aksjesparekonto><kontonummer>9999{number:07}</kontonummer>"
        f"<kontonummertype>OBAN</kontonummertype><innskudd>1000</innskudd><uttak>0</uttak><avsluttet>false</avsluttet>"
        f"</aksjesparekonto></oppgave>\n"
    )


def json_example(about: About, *, wrong: bool, replaces: str = "") -> NamedFile:
    """An a-melding with ids of its own, for one unit and three employees; with `wrong` it replaces a message that nobody has sent."""
    seed = int(about.orgnr) % 100_000
    people = [{"norskIdentifikator": synthetic_person(seed + number * 31)} for number in range(ITEMS)]
    delivery: dict[str, Any] = {
        "kildesystem": "Eksempelfiler",
        "opplysningspliktig": {"norskIdentifikator": about.orgnr},
        "meldingsId": str(uuid.uuid4()),
        "kalendermaaned": str(about.period),
        "leveringstidspunkt": f"{about.period}-25T08:00:00",
        "spraakForTilbakemelding": "bokmaal",
        "oppgave": {"virksomhet": [{"norskIdentifikator": about.orgnr, "inntektsmottaker": people}]},
    }
    if replaces:
        delivery["erstatterMeldingsId"] = replaces
    if wrong:
        delivery["erstatterMeldingsId"] = str(uuid.uuid4())
    content = json.dumps({"leveranse": delivery}, indent=2).encode()
    return NamedFile(f"amelding-{about.orgnr}-{about.period}.json", content)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
