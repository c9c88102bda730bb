"""The report of the year before, as Skatteetaten gives it for a new one (`prefill`), and what a draft says otherwise.

Its forms are not fit to be sent: they carry another etatid, the class as a word and the year asked for. So they are only
compared, and nothing of them but the facts below is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar, TypedDict, cast

from django.utils.translation import gettext as _

from portal.gateways.skatteetaten.rf1086 import Prefill, Rf1086
from submissions import safe_xml
from submissions.adapters.base import Context, EarlierPage, FileReport, Finding, Level, beyond
from submissions.adapters.numbers import masked
from submissions.adapters.rf1086 import names
from submissions.adapters.rf1086.facts import IDENTITIES, MainFacts, PartFacts, number
from submissions.adapters.rf1086.parsing import Form, Kind

MOST = 100
"""Differences that are listed; the rest are counted."""


class Holding(TypedDict):
    """A shareholder at the end of the year before. `identity` is in clear: these facts are stored encrypted."""

    identity: str
    name: str
    holds: str


class EarlierFacts(TypedDict):
    """`total`: forms of all pages. `mains` is their number of main forms, `unreadable` of forms that cannot be read.

    `closing` is the number of shares at the end of that year.
    """

    total: int
    mains: int
    unreadable: int
    closing: str
    holdings: list[Holding]


class Rf1086Earlier:
    """See `submissions.adapters.base.Earlier`."""

    name: ClassVar[str] = "rf1086"

    def fetch(self, context: Context, *, page: int, before: Mapping[str, Any]) -> EarlierPage | None:
        about = context.about
        answer = Rf1086(base_url=context.base_url).prefill(
            token=context.token, year=about.period.start.year, orgnr=about.orgnr, page=page
        )
        if answer is None:
            return None
        known = cast("EarlierFacts", before) if page and before.get("total") == answer.total else None
        if page and known is None:
            return EarlierPage(answer.status, {}, next_page=0)  # another report took its place: begin again
        has_more = page + 1 < answer.pages and bool(answer.forms)
        return EarlierPage(answer.status, _facts(answer, known), next_page=page + 1 if has_more else None)

    def summary(self, facts: Mapping[str, Any]) -> list[tuple[str, str]]:
        earlier = cast("EarlierFacts", facts)
        shares = [(_("Aksjer ved årets slutt"), earlier["closing"])] if _is_one(earlier) else []
        return [*shares, (_("Aksjonærer"), str(len(earlier["holdings"])))]

    def differences(self, facts: Mapping[str, Any], reports: Sequence[FileReport]) -> list[Finding]:
        found = list(_differences(cast("EarlierFacts", facts), reports))
        return found if len(found) <= MOST else [*found[:MOST], beyond([one.level for one in found[MOST:]])]


def _facts(answer: Prefill, before: EarlierFacts | None) -> EarlierFacts:
    facts: EarlierFacts = before or {
        "total": answer.total,
        "mains": 0,
        "unreadable": 0,
        "closing": "",
        "holdings": [],
    }
    for given in answer.forms:
        form = _read(given.xml)
        if form is None:
            facts["unreadable"] += 1
        elif form.kind == Kind.MAIN:
            facts["mains"] += 1
            facts["closing"] = _number(form, names.CLOSING)
        else:
            facts["holdings"].append(_holding(form))
    return facts


def _read(xml: str) -> Form | None:
    try:
        root = safe_xml.parse(xml.encode(), tolerant=True)
        return Form(Kind(root.get("skjemanummer", "")), "", root)
    except (safe_xml.UnreadableXml, ValueError):
        return None


def _holding(form: Form) -> Holding:
    identity = next((text for name in IDENTITIES if (text := form.text(name))), "")
    return {"identity": identity, "name": form.text(names.NAME)[:200], "holds": _number(form, names.HOLDS)}


def _number(form: Form, name: str) -> str:
    value = form.number(name)
    return "" if value is None else str(value)


def _is_one(earlier: EarlierFacts) -> bool:
    """Whether there is one main form: one report, of one class of shares."""
    return earlier["mains"] == 1


def _differences(earlier: EarlierFacts, reports: Sequence[FileReport]) -> Iterator[Finding]:
    """Nobody is called missing or unknown while a form of the year before cannot be read."""
    mains = [(report.file, cast("MainFacts", report.facts)) for report in reports if report.role == "MAIN"]
    parts = [(report.file, cast("PartFacts", report.facts)) for report in reports if report.role == "PART"]
    is_whole = not earlier["unreadable"]
    if not is_whole:
        yield _finding("EARLIER_UNREADABLE", n=str(earlier["unreadable"]))
    if not _is_one(earlier):
        yield _finding("EARLIER_CLASSES")
        return
    for file, main in mains:
        if _differ(main["opening"], earlier["closing"]):
            yield _finding("EARLIER_SHARES", file, before=_shown(earlier["closing"]), given=_shown(main["opening"]))
    before = {holding["identity"]: holding for holding in earlier["holdings"] if holding["identity"]}
    yield from _of_parts(before, parts, is_whole=is_whole)
    if parts and is_whole:
        yield from _missing(before, {part["identity"] for _file, part in parts})


def _of_parts(
    before: Mapping[str, Holding], parts: Sequence[tuple[str, PartFacts]], *, is_whole: bool
) -> Iterator[Finding]:
    for file, part in parts:
        holding, held = before.get(part["identity"]), part["held"]
        if holding is None:
            if is_whole and part["identity"] and number(held):
                yield _finding("EARLIER_UNKNOWN", file, given=held)
        elif _differ(held, holding["holds"]):
            yield _finding("EARLIER_HELD", file, before=_shown(holding["holds"]), given=_shown(held))


def _missing(before: Mapping[str, Holding], present: set[str]) -> Iterator[Finding]:
    for identity, holding in before.items():
        if identity not in present and number(holding["holds"]):
            who = " ".join(text for text in (holding["name"], identity) if text)
            yield _finding("EARLIER_MISSING", who=masked(who), before=holding["holds"])


def _differ(given: str, before: str) -> bool:
    return number(given) != number(before)


def _shown(value: str) -> str:
    return value or str(Decimal(0))


def _finding(code: str, file: str = "", **params: str) -> Finding:
    return Finding(Level.WARNING, code, params, file)
