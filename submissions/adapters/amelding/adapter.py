"""The way of working of the a-melding: one file for one month, one post with a key, the receipt in the answer.

The contract is only partly public. Where the key stands is not printed, and neither is the form of the feedback: see the gateway
and `verdict`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from portal.gateways.skatteetaten.amelding import Amelding
from submissions.adapters.amelding import checking, fields, labels, samples, verdict
from submissions.adapters.amelding.texts import TEXTS
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
from submissions.adapters.json_files import texts
from submissions.adapters.one_file import MESSAGE, OnePost
from submissions.adapters.receipts import answer_of


class AmeldingAdapter(OnePost):
    name: ClassVar[str] = "amelding"
    period_kind: ClassVar[PeriodKind] = PeriodKind.MONTH

    def options_fault(self, options: Mapping[str, Any]) -> str:
        return f"unknown: {', '.join(sorted(options))}" if options else ""

    def schema(self, options: Mapping[str, Any]) -> dict[str, Any]:
        return fields.schema()

    def role_label(self, role: str) -> str:
        return {MESSAGE: _("Melding")}.get(role, role)

    def recognise(self, file: NamedFile, entries: Sequence[Entry]) -> Recognition:
        return checking.recognise(file, entries)

    def inspect(self, file: NamedFile, about: About) -> FileReport:
        return checking.inspect(file, about)

    def check(self, reports: Sequence[FileReport], about: About) -> list[Finding]:
        first = next((report for report in reports if report.role == MESSAGE), None)
        return super().check(reports, about) + (list(checking.between(first, about)) if first else [])

    def summary(self, reports: Sequence[FileReport], counts: Mapping[str, int]) -> list[tuple[str, str]]:
        """`counts` says nothing new: a submission has one file."""
        return [line for report in reports for line in labels.summary(report)]

    def render(self, finding: Finding) -> str:
        return texts.text_of(finding.code, finding.params, TEXTS)

    def perform(self, step: Step, context: Context) -> Answer:
        receipt = Amelding(base_url=context.base_url).send(
            token=context.token,
            month=str(context.about.period),
            orgnr=context.about.orgnr,
            content=context.body,
            key=context.own_key,
        )
        return answer_of(receipt)

    def verdict(self, transmission_type: str, documents: Sequence[tuple[str, bytes]]) -> Verdict | None:
        return verdict.verdict_of(transmission_type, documents)

    def examples(self, about: About, *, name: str, wrong: bool) -> list[NamedFile]:
        """One message; with `wrong` a sum is one too high. It replaces the one that is corrected, where that stands."""
        return [samples.example(about, wrong=wrong, replaces=about.to_replace)]
