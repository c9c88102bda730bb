"""Reads the envelope of a tax return: enough to know whom and which year it is about. The rest is the authority's control.

The envelope may name its organisation (`tin`). Its documents are base64 and are not opened.
"""

from __future__ import annotations

from dataclasses import dataclass

from submissions import safe_xml
from submissions.adapters.base import Finding, Level, Period
from submissions.adapters.numbers import is_orgnr, masked

ROOT = "skattemeldingOgNaeringsspesifikasjonRequest"
SPACE_START = "no:skatteetaten:fastsetting:formueinntekt:skattemeldingognaeringsspesifikasjon:request:v"
OF_ORGANISATION, OF_PERSON = "skattemeldingUpersonlig", "skattemeldingPersonlig"
TYPE, YEAR = (ROOT, "dokumenter", "dokument", "type"), (ROOT, "inntektsaar")
CURRENT = (ROOT, "dokumentreferanseTilGjeldendeDokument", "dokumentidentifikator")
MOST_BYTES = 10_000_000
"""Above 10 MB another call is wanted, which is not made here."""
MOST_DOCUMENTS = 50


class NotAReturn(Exception):
    """Not an envelope; `finding` says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding


@dataclass(frozen=True)
class Return:
    """What the envelope says. `orgnr` and `current` are "" when it does not say; `current` is the document that it replaces."""

    orgnr: str
    year: str
    types: tuple[str, ...]
    current: str

    @property
    def period(self) -> Period | None:
        return Period.found(self.year) if len(self.year) == 4 else None


def read(content: bytes, name: str) -> Return:
    """Raises NotAReturn."""
    types: list[str] = []
    year = current = tin = namespace = ""
    try:
        for path, element in safe_xml.walk(content, most_bytes=MOST_BYTES):
            text = (element.text or "").strip()[:200]
            if len(path) == 1:
                namespace = namespace or _space_of(element.tag, name)
            elif path == TYPE:
                types.append(text)
            elif path == YEAR:
                year = text
            elif path == CURRENT:
                current = current or text
            elif path[-1] == "tin":
                tin = tin or text
    except safe_xml.UnreadableXml as error:
        raise NotAReturn(Finding(Level.ERROR, error.code, error.params, name, error.line)) from None
    return Return(tin, year, tuple(types[:MOST_DOCUMENTS]), current)


def _space_of(tag: str, name: str) -> str:
    """The namespace of the root. Raises NotAReturn for another kind of document."""
    namespace, _brace, root = tag.removeprefix("{").rpartition("}")
    if root != ROOT or not namespace.startswith(SPACE_START):
        raise NotAReturn(Finding(Level.ERROR, "OTHER_ROOT", {"given": root[:60], "wanted": ROOT}, name, 1))
    return namespace


def findings(found: Return, name: str) -> list[Finding]:
    """What only this file is needed for. A return of a person is refused: the portal sends to organisations only."""
    if OF_PERSON in found.types or (found.orgnr and not is_orgnr(found.orgnr)):
        return [Finding(Level.ERROR, "OF_PERSON", {}, name)]
    wrong = []
    if OF_ORGANISATION not in found.types:
        wrong.append(Finding(Level.ERROR, "NO_RETURN", {}, name, None, ".".join(TYPE)))
    if found.period is None:
        params = {"name": YEAR[-1]}
        wrong.append(Finding(Level.ERROR, "MISSING", params, name, None, ".".join(YEAR)))
    if not found.current:
        params = {"name": CURRENT[-1]}
        wrong.append(Finding(Level.WARNING, "NO_CURRENT", params, name, None, ".".join(CURRENT)))
    return wrong


def about_another(found: Return, orgnr: str, period: Period, name: str) -> list[Finding]:
    wrong = []
    if is_orgnr(found.orgnr) and found.orgnr != orgnr:
        params = {"given": masked(found.orgnr), "orgnr": orgnr}
        wrong.append(Finding(Level.ERROR, "OTHER_CUSTOMER", params, name))
    if found.period is not None and found.period != period:
        params = {"given": found.year[:30], "period": str(period)}
        wrong.append(Finding(Level.ERROR, "OTHER_PERIOD", params, name))
    return wrong
