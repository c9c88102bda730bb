"""The way of working of material that an authority asks for: each file is uploaded to its dialog and validated, then all are submitted.

Unverified: addresses and bodies, as the gateway says. The upload of a file delivers nothing, and the submission names its
uploads, so an upload whose answer was lost is made again. Nothing public says what a repeated submission does: a lost
answer to it is looked for in the dialog first.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from portal.gateways.errors import GatewayError, Refused
from portal.gateways.skatteetaten.dialog_upload import DialogUpload, UploadFailed
from portal.gateways.statuses import is_absent
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
    Recognition,
    Step,
    StoredDocument,
    Verdict,
)
from submissions.adapters.dialog_upload import checking, samples
from submissions.adapters.dialog_upload.checking import FILE
from submissions.adapters.meanings import may_have_arrived, meaning_of
from submissions.adapters.receipts import answer_of

UPLOAD, CONTROL, SUBMIT = "UPLOAD", "CONTROL", "SUBMIT"
"""The first two are followed by the number of the file: UPLOAD-1, CONTROL-1."""
LOOK, PATIENCE = timedelta(seconds=15), timedelta(hours=24)
"""How soon we look again while the control goes on, and when a person is told that it does not end."""
UNKNOWN = frozenset({"GLD_1017", "GLD_1048", "GLD_1059", "GLD_1067"})
"""There is no such dialog or forsendelse, the name is bad, or nothing is approved: the same call is refused for ever."""


class DialogUploadAdapter:
    name: ClassVar[str] = "dialog_upload"
    period_kind: ClassVar[PeriodKind] = PeriodKind.NONE
    roles: ClassVar[tuple[str, ...]] = (FILE,)

    def options_fault(self, options: Mapping[str, Any]) -> str:
        return "it takes no options" if options else ""

    def schema(self, options: Mapping[str, Any]) -> None:
        """None: any material may be asked for."""

    def role_label(self, role: str) -> str:
        return {FILE: _("Materiale")}.get(role, role)

    def step_label(self, step: str) -> str:
        code, _dash, number = step.partition("-")
        labels = {
            UPLOAD: _("Last opp fil %(n)s"),
            CONTROL: _("Kontroll av fil %(n)s hos Skatteetaten"),
            SUBMIT: _("Send inn"),
        }
        return labels[code] % {"n": number} if code in labels else step

    def recognise(self, file: NamedFile, entries: Sequence[Entry]) -> Recognition:
        """Nothing: material answers a dialog, and no file says which."""
        return Recognition()

    def inspect(self, file: NamedFile, about: About) -> FileReport:
        return checking.inspect(file, about)

    def check(self, reports: Sequence[FileReport], about: About) -> list[Finding]:
        findings = [finding for report in reports for finding in report.findings]
        return [*findings, *checking.between(reports)]

    def summary(self, reports: Sequence[FileReport], counts: Mapping[str, int]) -> list[tuple[str, str]]:
        return [(_("Filer"), str(counts.get(FILE, 0)))]

    def render(self, finding: Finding) -> str:
        return checking.text_of(finding)

    def replaces(self, new_role: str, old_role: str) -> bool:
        """Many files go together; a new one replaces only one of its name, which the engine sees to."""
        return False

    def takes_back(self, options: Mapping[str, Any]) -> bool:
        return False

    def deletion(self, files: Sequence[NamedFile], about: About) -> None:
        """None: what was handed in stays."""

    def plan(self, documents: Sequence[StoredDocument]) -> list[Step]:
        """The keys are not sent: they tell the steps apart here."""
        files = [document for document in documents if document.role == FILE]
        steps: list[Step] = []
        for number, file in enumerate(files, 1):
            steps.append(Step(f"{UPLOAD}-{number}", file.id, uuid.uuid4(), may_repeat=True))
            steps.append(Step(f"{CONTROL}-{number}", None, uuid.uuid4(), may_repeat=True))
        return [*steps, Step(SUBMIT)]

    def perform(self, step: Step, context: Context) -> Answer:
        code, _dash, number = step.code.partition("-")
        if code == UPLOAD:
            return _upload(context)
        return _control(context, number) if code == CONTROL else _submit(context)

    def meaning(self, step: Step, error: GatewayError) -> Meaning:
        """Only the submission can have delivered anything."""
        is_last = step.code == SUBMIT
        if not isinstance(error, Refused):
            return Meaning.MAYBE_TWICE if may_have_arrived(error) and is_last else Meaning.TRY_LATER
        is_gone = is_absent(error) and step.code.startswith(CONTROL)
        if isinstance(error, UploadFailed) or error.code in UNKNOWN or is_gone:
            return Meaning.FINAL
        return meaning_of(error, repeated=Meaning.MAYBE_TWICE if is_last else Meaning.TRY_LATER)

    def locate(self, context: Context, candidates: Sequence[Candidate], *, is_there: bool) -> Candidate | None:
        """The forsendelse in our dialog that consists of our uploads."""
        ours = set(_uploads(context))
        here = (candidate for candidate in candidates if self.is_about(context, candidate))
        return next((candidate for candidate in here if set(_files_of(context, candidate)) == ours), None)

    def is_about(self, context: Context, candidate: Candidate) -> bool:
        return candidate.dialog_id == context.about.dialog_id

    def verdict(self, transmission_type: str, documents: Sequence[tuple[str, bytes]]) -> Verdict | None:
        """Unverified: whether there is a verdict at all. When a transmission is one, its type says it."""
        return feedback.verdict_of(transmission_type, documents)

    def examples(self, about: About, *, name: str, wrong: bool) -> list[NamedFile]:
        return [samples.example(about, wrong=wrong)]


def _gateway(context: Context) -> DialogUpload:
    return DialogUpload(base_url=context.base_url)


def _upload(context: Context) -> Answer:
    made = _gateway(context).upload(
        token=context.token,
        dialog_id=context.about.dialog_id,
        filename=context.filename,
        content=context.body,
    )
    return Answer(remote_id=made.id)


def _control(context: Context, number: str) -> Answer:
    """Raises UploadFailed. A status that we do not know is one that goes on."""
    upload_id = context.remote_ids[f"{UPLOAD}-{number}"]
    upload = _gateway(context).look(token=context.token, dialog_id=context.about.dialog_id, upload_id=upload_id)
    return Answer() if upload.is_ready else Answer(look_again_after=LOOK, give_up_after=PATIENCE)


def _submit(context: Context) -> Answer:
    receipt = _gateway(context).submit(
        token=context.token, dialog_id=context.about.dialog_id, upload_ids=_uploads(context)
    )
    return answer_of(receipt)


def _uploads(context: Context) -> list[str]:
    """Our uploads, in the order of the files."""
    total = sum(number for code, number in context.counts.items() if code.startswith(UPLOAD))
    return [context.remote_ids[f"{UPLOAD}-{number}"] for number in range(1, total + 1)]


def _files_of(context: Context, candidate: Candidate) -> list[str]:
    try:
        return _gateway(context).delivery(
            token=context.token, dialog_id=candidate.dialog_id, transmission_id=candidate.transmission_id
        )
    except Refused as error:
        if not is_absent(error):
            raise
        return []
