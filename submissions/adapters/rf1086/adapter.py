"""The way of working of RF-1086: one main form, a sub-form for each shareholder, and a confirmation.

Main form and sub-forms may be repeated with their key and body. The confirmation has no key: see
docs/decisions/0004-the-lost-confirmation.md.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from lxml import etree

from portal.gateways.errors import GatewayError, Refused
from portal.gateways.skatteetaten.rf1086 import Rf1086
from portal.gateways.statuses import is_absent
from submissions import safe_xml
from submissions.adapters import feedback
from submissions.adapters.base import (
    About,
    Answer,
    Candidate,
    Context,
    Entry,
    FileReport,
    Finding,
    Meaning,
    NamedFile,
    PeriodKind,
    Receipt,
    Recognition,
    Step,
    StoredDocument,
    Verdict,
)
from submissions.adapters.meanings import may_have_arrived, meaning_of
from submissions.adapters.rf1086 import checking, recognising, samples
from submissions.adapters.rf1086.summary import summary
from submissions.adapters.rf1086.texts import render

MAIN, PART, CONFIRM = "MAIN", "PART", "CONFIRM"
KEY_REUSED, ALREADY_CONFIRMED = "GLD_019", "GLD_1029"
NOT_CONFIRMED = ("GLD_1016", "GLD_1018", "GLD_1026")
"""Refusals that show that no earlier confirmation succeeded: that would give GLD_1029."""


class Rf1086Adapter:
    name: ClassVar[str] = "rf1086"
    period_kind: ClassVar[PeriodKind] = PeriodKind.YEAR
    roles: ClassVar[tuple[str, ...]] = (MAIN, PART)

    def options_fault(self, options: Mapping[str, Any]) -> str:
        return "it takes no options" if options else ""

    def schema(self, options: Mapping[str, Any]) -> None:
        """The files are XML."""

    def role_label(self, role: str) -> str:
        return {MAIN: _("Hovedskjema"), PART: _("Underskjema")}.get(role, role)

    def step_label(self, step: str) -> str:
        return _("Bekreft") if step == CONFIRM else self.role_label(step)

    def recognise(self, file: NamedFile, entries: Sequence[Entry]) -> Recognition:
        return recognising.recognise(file, entries)

    def inspect(self, file: NamedFile, about: About) -> FileReport:
        return checking.inspect(file, about)

    def check(self, reports: Sequence[FileReport], about: About) -> list[Finding]:
        return checking.check(reports, about)

    def summary(self, reports: Sequence[FileReport], counts: Mapping[str, int]) -> list[tuple[str, str]]:
        return summary(reports, counts)

    def render(self, finding: Finding) -> str:
        return render(finding)

    def replaces(self, new_role: str, old_role: str) -> bool:
        return checking.replaces(new_role, old_role)

    def takes_back(self, options: Mapping[str, Any]) -> bool:
        return False

    def deletion(self, files: Sequence[NamedFile], about: About) -> None:
        """None: a correction is a whole new report."""

    def plan(self, documents: Sequence[StoredDocument]) -> list[Step]:
        """One MAIN, one PART for each sub-form, one CONFIRM, which takes no key."""
        main = next(d for d in documents if d.role == MAIN)
        forms = [main, *(d for d in documents if d.role == PART)]
        return [*(Step(d.role, d.id, uuid.uuid4(), may_repeat=True) for d in forms), Step(CONFIRM)]

    def perform(self, step: Step, context: Context) -> Answer:
        calls: dict[str, Callable[[Context], Answer]] = {MAIN: _send_main, PART: _send_part, CONFIRM: _confirm}
        return calls[step.code](context)

    def meaning(self, step: Step, error: GatewayError) -> Meaning:
        """GLD_1029 and GLD_019 say that something was received before. An unreadable answer may hide a delivery."""
        if isinstance(error, Refused):
            return _REFUSALS.get(error.code) or meaning_of(error, repeated=Meaning.MAYBE_DELIVERED)
        return Meaning.MAYBE_DELIVERED if may_have_arrived(error) and not step.may_repeat else Meaning.TRY_LATER

    def locate(self, context: Context, candidates: Sequence[Candidate], *, is_there: bool) -> Candidate | None:
        """The candidate with our main form; when the remote has it for certain, a single candidate is enough."""
        ours = canonical(context.body)
        found = next((c for c in candidates if ours and _main_form(context, c) == ours), None)
        return candidates[0] if not found and is_there and len(candidates) == 1 else found

    def is_about(self, context: Context, candidate: Candidate) -> bool:
        """The forms of a delivery are given by year and transmission."""
        return _main_form(context, candidate) is not None

    def verdict(self, transmission_type: str, documents: Sequence[tuple[str, bytes]]) -> Verdict | None:
        return feedback.verdict_of(transmission_type, documents)

    def examples(self, about: About, *, name: str, wrong: bool) -> list[NamedFile]:
        """A company with three shareholders; with `wrong` the shares do not add up."""
        year = about.period.start.year
        files = samples.example(about.orgnr, name, year, shareholders=3, wrong_sum=wrong)
        return [NamedFile(file.name, file.content) for file in files]


_REFUSALS: Mapping[str, Meaning] = {
    ALREADY_CONFIRMED: Meaning.ALREADY_DELIVERED,
    KEY_REUSED: Meaning.MAYBE_DELIVERED,
    **dict.fromkeys(NOT_CONFIRMED, Meaning.NOT_DELIVERED),
}


def canonical(xml: str | bytes) -> bytes | None:
    """Canonical XML (C14N 2.0) of a form; None when it cannot be parsed.

    A form that the remote returns as text keeps the first line, which names the encoding that the file had.
    """
    try:
        root = safe_xml.parse(xml.encode() if isinstance(xml, str) else xml, tolerant=True)
    except safe_xml.UnreadableXml:
        return None
    canonical_form: bytes = etree.tostring(root, method="c14n2", strip_text=True)  # type: ignore[call-overload]
    return canonical_form


def _year(context: Context) -> int:
    return context.about.period.start.year


def _key(context: Context) -> uuid.UUID:
    return context.own_key


def _send_main(context: Context) -> Answer:
    main_id = Rf1086(base_url=context.base_url).send_main(
        token=context.token, year=_year(context), xml=context.body, key=_key(context)
    )
    return Answer(remote_id=main_id)


def _send_part(context: Context) -> Answer:
    Rf1086(base_url=context.base_url).send_part(
        token=context.token, year=_year(context), main_id=context.remote_ids[MAIN], xml=context.body, key=_key(context)
    )
    return Answer()


def _confirm(context: Context) -> Answer:
    receipt = Rf1086(base_url=context.base_url).confirm(
        token=context.token, year=_year(context), main_id=context.remote_ids[MAIN], parts=context.counts[PART]
    )
    return Answer(receipt=Receipt(receipt.dialog_id, receipt.transmission_id, receipt.reference, receipt.raw))


def _main_form(context: Context, candidate: Candidate) -> bytes | None:
    """The first form of a delivery; None when it is another year's, or not readable yet."""
    try:
        forms = Rf1086(base_url=context.base_url).submitted_forms(
            token=context.token, year=_year(context), transmission_id=candidate.transmission_id
        )
    except Refused as error:
        if is_absent(error):
            return None
        raise
    return canonical(forms[0]) if forms else None
