"""Frister: the next deadlines of one organisation for the VAT return and the business tax return, and for nothing else.

A vendor may ask only for customers that have reported through its system, and may use the answer for nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from portal.gateways.skatteetaten.reading import Deadlines
from submissions.adapters.base import About, Finding, NamedFile
from submissions.adapters.reading import shapes
from submissions.adapters.reading.base import Reading
from submissions.adapters.retrieval import Ask, Inquiry, Retrieved, Table

FILE = "frister.json"
FIELDS = ("frist", "tittel", "aktivitetstype", "aktivitetsbeskrivelse")
MOST_SHOWN = 5


class DeadlinesRetrieval(Reading):
    name: ClassVar[str] = "deadlines"
    needs_delivery: ClassVar[bool] = True

    def kinds(self, *, today: date) -> list[tuple[str, str]]:
        return []

    def read(self, ask: Ask, about: About) -> tuple[Mapping[str, Any], list[Finding]]:
        """Nothing is chosen."""
        return {}, []

    def describe(self, question: Mapping[str, Any]) -> list[tuple[str, str]]:
        return []

    def fetch(self, inquiry: Inquiry) -> Retrieved:
        content = Deadlines(base_url=inquiry.base_url).read(token=inquiry.token, orgnr=inquiry.about.orgnr)
        if content is None:
            return Retrieved((), {"deadlines": []})
        payload = shapes.payload_of(content)
        facts = {"deadlines": sorted(_deadlines(payload))[:MOST_SHOWN], "failed": _failed(payload)}
        return Retrieved((NamedFile(FILE, content),), facts)

    def summary(self, facts: Mapping[str, Any]) -> list[tuple[str, str]]:
        lines = [(title, day) for day, title in facts.get("deadlines") or []]
        lines = lines or [(_("Frister"), _("Skatteetaten har ingen frister for virksomheten"))]
        return [
            *lines,
            *((source, _("Skatteetaten fikk ikke svar fra kilden")) for source in facts.get("failed") or []),
        ]

    def tables(self, files: Sequence[NamedFile]) -> list[Table]:
        return [table for each in files for table in _tables(shapes.payload_of(each.content))]


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
