"""The way of working of Skatteetaten's JSON services: one file, one post with a key, the receipt in the answer.

The services are data: `shape` says what their entries in the catalogue tell about their messages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from portal.gateways.skatteetaten.gld import Gld
from submissions.adapters.base import (
    About,
    Answer,
    Context,
    Entry,
    FileReport,
    Finding,
    NamedFile,
    PeriodKind,
    Recognition,
    Step,
    Verdict,
)
from submissions.adapters.gld_json import checking, deletion, json_schema, labels, recognising, samples, texts, verdict
from submissions.adapters.gld_json.shape import shape_of
from submissions.adapters.json_files.rules import WrongOptions
from submissions.adapters.one_file import MESSAGE, OnePost
from submissions.adapters.receipts import answer_of


class GldJsonAdapter(OnePost):
    name: ClassVar[str] = "gld_json"
    period_kind: ClassVar[PeriodKind] = PeriodKind.YEAR

    def options_fault(self, options: Mapping[str, Any]) -> str:
        try:
            shape_of(options)
        except WrongOptions as error:
            return str(error)
        return ""

    def schema(self, options: Mapping[str, Any]) -> dict[str, Any]:
        return json_schema.schema_of(shape_of(options))

    def role_label(self, role: str) -> str:
        return {MESSAGE: _("Leveranse")}.get(role, role)

    def recognise(self, file: NamedFile, entries: Sequence[Entry]) -> Recognition:
        return recognising.recognise(file, entries)

    def inspect(self, file: NamedFile, about: About) -> FileReport:
        return checking.inspect(file, about)

    def summary(self, reports: Sequence[FileReport], counts: Mapping[str, int]) -> list[tuple[str, str]]:
        """`counts` says nothing new: a submission has one file."""
        return [line for report in reports for line in labels.summary(report)]

    def render(self, finding: Finding) -> str:
        return texts.render(finding)

    def takes_back(self, options: Mapping[str, Any]) -> bool:
        return bool(shape_of(options).deletion)

    def deletion(self, files: Sequence[NamedFile], about: About) -> NamedFile | None:
        return next((made for file in files if (made := deletion.deletion_of(file, about))), None)

    def perform(self, step: Step, context: Context) -> Answer:
        receipt = Gld(base_url=context.base_url).send(
            token=context.token, year=context.about.period.start.year, content=context.body, key=context.own_key
        )
        return answer_of(receipt)

    def verdict(self, transmission_type: str, documents: Sequence[tuple[str, bytes]]) -> Verdict | None:
        return verdict.verdict_of(transmission_type, documents)

    def examples(self, about: About, *, name: str, wrong: bool) -> list[NamedFile]:
        """One message; with `wrong` a sum is one too high."""
        return [samples.example(about, wrong=wrong)]
