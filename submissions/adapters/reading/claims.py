"""Krav og betalinger: the open claims, and the claims and payments of one year. Four calls that change nothing.

The names of the lists in the answers are public; the fields inside of them are not, and are shown as they come.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from portal.gateways.skatteetaten.reading import ClaimsAndPayments
from submissions.adapters.base import About, Finding, NamedFile
from submissions.adapters.reading import shapes
from submissions.adapters.reading.base import Reading
from submissions.adapters.retrieval import Ask, Inquiry, Retrieved, Table

OPEN, CLAIMS, PAID_IN, PAID_OUT = "aapnekrav", "krav", "innbetalinger", "utbetalinger"
LISTS = {OPEN: "aapentKravMedGjenstaaendeBeloep", CLAIMS: "krav", PAID_IN: "innbetalinger", PAID_OUT: "utbetalinger"}
"""Where the rows are. Those of payments are no known names: the first list of the answer is taken when they lack."""
UNPLACED, TOTAL = "innbetalingMedUplassertBeloep", "totalOversikt"
LATEST = "LATEST"
YEARS = 5


class ClaimsRetrieval(Reading):
    name: ClassVar[str] = "claims"
    needs_delivery: ClassVar[bool] = False

    def kinds(self, *, today: date) -> list[tuple[str, str]]:
        years = [str(today.year - back) for back in range(YEARS)]
        return [(LATEST, _("De siste tolv månedene")), *((year, year) for year in years)]

    def read(self, ask: Ask, about: About) -> tuple[Mapping[str, Any], list[Finding]]:
        """{"kind"}: LATEST or a year."""
        return {"kind": ask.kind or LATEST}, []

    def describe(self, question: Mapping[str, Any]) -> list[tuple[str, str]]:
        kind = str(question.get("kind") or LATEST)
        return [(_("Krav og betalinger i"), _("De siste tolv månedene") if kind == LATEST else kind)]

    def fetch(self, inquiry: Inquiry) -> Retrieved:
        gateway, who = ClaimsAndPayments(base_url=inquiry.base_url), inquiry.about.orgnr
        first, last = _period(str(inquiry.question.get("kind") or LATEST), inquiry.today)
        answers = {OPEN: gateway.open_claims(token=inquiry.token, orgnr=who)}
        for what in (CLAIMS, PAID_IN, PAID_OUT):
            answers[what] = gateway.of_period(token=inquiry.token, orgnr=who, what=what, first=first, last=last)
        files = tuple(NamedFile(f"{name}.json", content) for name, content in answers.items() if content is not None)
        return Retrieved(files, {"counts": {name: len(_rows(name, content)) for name, content in answers.items()}})

    def summary(self, facts: Mapping[str, Any]) -> list[tuple[str, str]]:
        counts = facts.get("counts") or {}
        return [(title, str(counts.get(name, 0))) for name, title in _titles().items()]

    def tables(self, files: Sequence[NamedFile]) -> list[Table]:
        contents = {each.name.removesuffix(".json"): each.content for each in files}
        found = [shapes.table(title, _rows(name, contents.get(name))) for name, title in _titles().items()]
        payload = shapes.payload_of(contents[OPEN]) if OPEN in contents else {}
        total, unplaced = payload.get(TOTAL), shapes.objects(payload.get(UNPLACED))
        if unplaced:
            found.insert(1, shapes.table(_("Innbetalinger som ikke er plassert"), unplaced))
        if isinstance(total, dict):
            found.insert(0, shapes.table(_("Oversikt"), [total], note=_shielded(payload)))
        return found


def _titles() -> dict[str, str]:
    return {OPEN: _("Åpne krav"), CLAIMS: _("Krav"), PAID_IN: _("Innbetalinger"), PAID_OUT: _("Utbetalinger")}


def _shielded(payload: Mapping[str, Any]) -> str:
    return _("Skatteetaten har skjermet noe av svaret.") if payload.get("skjermet") is True else ""


def _period(kind: str, today: date) -> tuple[date, date]:
    """Never more than a year: a call that asks for more is refused."""
    if kind != LATEST:
        return date(int(kind), 1, 1), date(int(kind), 12, 31)
    return today - timedelta(days=364), today


def _rows(name: str, content: bytes | None) -> list[dict[str, Any]]:
    if content is None:
        return []
    payload = shapes.payload_of(content)
    listed = payload.get(LISTS[name])
    if not isinstance(listed, list) and name in (PAID_IN, PAID_OUT):
        listed = next((value for value in payload.values() if isinstance(value, list)), [])
    return shapes.objects(listed)
