"""The way of working of the a-melding: one file for one month, one post with a key, the receipt in the answer.

The contract is only partly public. Where the key stands is not printed, and neither is the form of the feedback: see the gateway
and `verdict`.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from portal.gateways.errors import GatewayError, Refused
from portal.gateways.skatteetaten.amelding import Amelding
from submissions.adapters.amelding import checking, fields, labels, samples, verdict
from submissions.adapters.amelding.checking import MESSAGE
from submissions.adapters.amelding.texts import TEXTS
from submissions.adapters.base import (
    About,
    Answer,
    Candidate,
    Context,
    Entry,
    FileReport,
    Finding,
    Level,
    Meaning,
    NamedFile,
    PeriodKind,
    Receipt,
    Recognition,
    Step,
    StoredDocument,
    Verdict,
)
from submissions.adapters.json_files import texts
from submissions.adapters.meanings import meaning_of

SEND = "SEND"


class AmeldingAdapter:
    name: ClassVar[str] = "amelding"
    period_kind: ClassVar[PeriodKind] = PeriodKind.MONTH
    roles: ClassVar[tuple[str, ...]] = (MESSAGE,)

    def options_fault(self, options: Mapping[str, Any]) -> str:
        return f"unknown: {', '.join(sorted(options))}" if options else ""

    def schema(self, options: Mapping[str, Any]) -> dict[str, Any]:
        return fields.schema()

    def role_label(self, role: str) -> str:
        return {MESSAGE: _("Melding")}.get(role, role)

    def step_label(self, step: str) -> str:
        return {SEND: _("Lever")}.get(step, step)

    def recognise(self, file: NamedFile, entries: Sequence[Entry]) -> Recognition:
        return checking.recognise(file, entries)

    def inspect(self, file: NamedFile, about: About) -> FileReport:
        return checking.inspect(file, about)

    def check(self, reports: Sequence[FileReport], about: About) -> list[Finding]:
        findings = [finding for report in reports for finding in report.findings]
        messages = [report for report in reports if report.role == MESSAGE]
        findings += [Finding(Level.ERROR, "MANY_FILES", file=report.file) for report in messages[1:]]
        return findings + [finding for report in messages[:1] for finding in checking.between(report, about)]

    def summary(self, reports: Sequence[FileReport], counts: Mapping[str, int]) -> list[tuple[str, str]]:
        """`counts` says nothing new: a submission has one file."""
        return [line for report in reports for line in labels.summary(report)]

    def render(self, finding: Finding) -> str:
        return texts.text_of(finding.code, finding.params, TEXTS)

    def replaces(self, new_role: str, old_role: str) -> bool:
        """A submission has one file."""
        return new_role == old_role == MESSAGE

    def takes_back(self, options: Mapping[str, Any]) -> bool:
        return False

    def deletion(self, files: Sequence[NamedFile], about: About) -> None:
        """None: a message is replaced by another one that names it."""

    def plan(self, documents: Sequence[StoredDocument]) -> list[Step]:
        message = next(document for document in documents if document.role == MESSAGE)
        return [Step(SEND, message.id, uuid.uuid4(), may_repeat=True)]

    def perform(self, step: Step, context: Context) -> Answer:
        assert context.key is not None  # noqa: S101 - planned with one
        receipt = Amelding(base_url=context.base_url).send(
            token=context.token,
            month=str(context.about.period),
            orgnr=context.about.orgnr,
            content=context.body,
            key=context.key,
        )
        ids = receipt.dialog_id, receipt.transmission_id
        return Answer(remote_id=receipt.transmission_id, receipt=Receipt(*ids, receipt.reference, receipt.raw))

    def meaning(self, step: Step, error: GatewayError) -> Meaning:
        """The key makes every repetition safe, so only a refusal can be more than a reason to try again."""
        return meaning_of(error) if isinstance(error, Refused) else Meaning.TRY_LATER

    def locate(self, context: Context, candidates: Sequence[Candidate], *, is_there: bool) -> Candidate | None:
        """The service has no list of what it received, so a single candidate is enough, and only when it is there."""
        return candidates[0] if is_there and len(candidates) == 1 else None

    def is_about(self, context: Context, candidate: Candidate) -> bool:
        """The service has no list of what it received, so any delivery may be."""
        return True

    def verdict(self, transmission_type: str, documents: Sequence[tuple[str, bytes]]) -> Verdict | None:
        return verdict.verdict_of(transmission_type, documents)

    def examples(self, about: About, *, name: str, wrong: bool) -> list[NamedFile]:
        """One message; with `wrong` a sum is one too high. It replaces nothing."""
        return [samples.example(about, wrong=wrong)]
