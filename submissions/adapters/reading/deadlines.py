"""Frister: the next deadlines of one organisation for the VAT return and the business tax return, and for nothing else.

A vendor may ask only for customers that have reported through its system, and may use the answer for nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from portal.gateways.errors import GatewayError
from portal.gateways.skatteetaten.reading import Deadlines
from submissions.adapters import meanings
from submissions.adapters.base import About, Finding, Meaning, NamedFile, PeriodKind
from submissions.adapters.reading import shapes
from submissions.adapters.retrieval import Ask, Inquiry, Retrieved, Table

FILE = "frister.json"
FIELDS = ("frist", "tittel", "aktivitetstype", "aktivitetsbeskrivelse")
MOST_SHOWN = 5


class DeadlinesRetrieval:
    name: ClassVar[str] = "deadlines"
    period_kind: ClassVar[PeriodKind] = PeriodKind.NONE
    has_order_step: ClassVar[bool] = False
    may_repeat: ClassVar[bool] = True
    patience: ClassVar[timedelta] = timedelta(hours=1)
    needs_delivery: ClassVar[bool] = True
    takes_list: ClassVar[bool] = False
    names_people: ClassVar[bool] = False
    export_formats: ClassVar[tuple[str, ...]] = ()

    def options_fault(self, options: Mapping[str, Any]) -> str:
        return "the way has none" if options else ""

    def kinds(self, *, today: date) -> list[tuple[str, str]]:
        return []

    def read(self, ask: Ask, about: About) -> tuple[Mapping[str, Any], list[Finding]]:
        """Nothing is chosen."""
        return {}, []

    def render(self, finding: Finding) -> str:
        return finding.code

    def describe(self, question: Mapping[str, Any]) -> list[tuple[str, str]]:
        return []

    def order(self, inquiry: Inquiry) -> str:
        """There is no such step."""
        return ""

    def fetch(self, inquiry: Inquiry) -> Retrieved:
        content = Deadlines(base_url=inquiry.base_url).read(token=inquiry.token, orgnr=inquiry.about.orgnr)
        if content is None:
            return Retrieved((), {"deadlines": []})
        payload = shapes.payload_of(content)
        facts = {"deadlines": sorted(_deadlines(payload))[:MOST_SHOWN], "failed": _failed(payload)}
        return Retrieved((NamedFile(FILE, content),), facts)

    def meaning(self, error: GatewayError, *, is_ordering: bool) -> Meaning:
        return meanings.of_order(error, is_ordering=is_ordering, may_repeat=self.may_repeat)

    def summary(self, facts: Mapping[str, Any]) -> list[tuple[str, str]]:
        lines = [(title, day) for day, title in facts.get("deadlines") or []]
        lines = lines or [(_("Frister"), _("Skatteetaten har ingen frister for virksomheten"))]
        return [
            *lines,
            *((source, _("Skatteetaten fikk ikke svar fra kilden")) for source in facts.get("failed") or []),
        ]

    def tables(self, files: Sequence[NamedFile]) -> list[Table]:
        return [table for each in files for table in _tables(shapes.payload_of(each.content))]

    def export(self, files: Sequence[NamedFile], *, format: str) -> NamedFile:
        """There is none."""
        raise ValueError(format)


def _sources(payload: Mapping[str, Any]) -> list[dict[str, Any]]:
    return shapes.objects(payload.get("kilder"))


def _deadlines(payload: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for source in _sources(payload):
        for each in shapes.objects(source.get("frister")):
            yield shapes.text(each.get("frist")), shapes.text(each.get("tittel"))


def _failed(payload: Mapping[str, Any]) -> list[str]:
    """Sources without a list of deadlines: one may fail while the others answer. The values of its status are not public."""
    return [
        shapes.text(source.get("kilde")) for source in _sources(payload) if not isinstance(source.get("frister"), list)
    ]


def _tables(payload: Mapping[str, Any]) -> Iterator[Table]:
    for source in _sources(payload):
        rows = [{name: each.get(name) for name in FIELDS} for each in shapes.objects(source.get("frister"))]
        yield shapes.table(shapes.text(source.get("kilde")), rows, note=shapes.text(source.get("status")))
