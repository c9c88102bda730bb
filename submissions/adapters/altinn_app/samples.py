"""Synthetic envelopes: for the sandbox, the tour and the tests. No real party is in them.

With `wrong` the authority's control finds a fault in the return.
"""

from __future__ import annotations

import base64

from submissions.adapters.altinn_app.return_file import OF_ORGANISATION, ROOT, SPACE_START
from submissions.adapters.base import About, NamedFile

WRONG_WORD = "sandkasse-feil"


def example(about: About, *, current: str = "", wrong: bool) -> NamedFile:
    """`current` is the id of the document that the return builds on."""
    year, note = about.period.start.year, WRONG_WORD if wrong else "ingen feil"
    inner = f"<skattemelding><inntektsaar>{year}</inntektsaar><!-- {note} --></skattemelding>"
    reference = (
        "<dokumentreferanseTilGjeldendeDokument>"
        f"<dokumenttype>{OF_ORGANISATION}</dokumenttype><dokumentidentifikator>{current}</dokumentidentifikator>"
        "</dokumentreferanseTilGjeldendeDokument>"
    )
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{ROOT} xmlns="{SPACE_START}2">'
        f"<dokumenter><dokument><type>{OF_ORGANISATION}</type><encoding>utf-8</encoding>"
        f"<content>{base64.b64encode(inner.encode()).decode()}</content></dokument></dokumenter>"
        f"{reference if current else ''}<inntektsaar>{year}</inntektsaar>"
        "<innsendingsinformasjon><innsendingstype>komplett</innsendingstype>"
        f"<opprettetAv>Eksempelfiler</opprettetAv><tin>{about.orgnr}</tin></innsendingsinformasjon></{ROOT}>\n"
    )
    return NamedFile(f"skattemelding-{about.orgnr}-{about.period}.xml", text.encode())
