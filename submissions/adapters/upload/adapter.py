"""The way of working of file upload: hand over one file, wait for the control, submit. Nothing is delivered before the last call.

The upload may be repeated: one that is not submitted is no delivery. Whether the last call may be is not public, so a lost
answer to it is looked for in Dialogporten and at the upload itself: see `UploadAdapter.locate`.
"""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from portal.gateways.errors import GatewayError, Refused
from portal.gateways.skatteetaten import uploads
from portal.gateways.skatteetaten.uploads import FileRefused, Uploads
from portal.gateways.statuses import is_absent
from submissions.adapters import encoding, feedback, source_system
from submissions.adapters.amelding import checking as amelding_checking
from submissions.adapters.base import (
    About,
    Answer,
    Candidate,
    Context,
    Entry,
    FileReport,
    Finding,
    Level,
    Match,
    Meaning,
    NamedFile,
    PeriodKind,
    Recognition,
    Step,
    StoredDocument,
    Verdict,
)
from submissions.adapters.gld_json import verdict as gld_verdict
from submissions.adapters.meanings import may_have_arrived, meaning_of
from submissions.adapters.numbers import is_orgnr, masked
from submissions.adapters.one_file import OneFile
from submissions.adapters.receipts import answer_of
from submissions.adapters.upload import json_file, samples, texts, xml_file
from submissions.adapters.upload.facts import FILE, Facts, Read

UPLOAD, CONTROL, SUBMIT = "UPLOAD", "CONTROL", "SUBMIT"
WITHOUT_ANSWER = frozenset({uploads.LOADING, uploads.READY, uploads.INVALID, uploads.CONTROL_FAILED})
OTHER_FORMS = ("OTHER_ROOT", "NOT_A_MESSAGE", "ONE_WANTED")
"""Codes for readable files of another form."""
VIRUS = ("_1070",)
LOOK, PATIENCE = timedelta(seconds=15), timedelta(hours=24)
"""How soon we look again while the control goes on, and when a person is told that it does not end."""
ANEW, ANEW_PATIENCE = timedelta(minutes=5), timedelta(hours=4)
"""The same for a control that failed at the authority, or an upload that it no longer has: the file is uploaded again."""


class UploadAdapter(OneFile, ABC):
    """What both forms of file share. A subclass knows the form."""

    name: ClassVar[str]
    period_kind: ClassVar[PeriodKind]
    media_type: ClassVar[str]
    role: ClassVar[str] = FILE
    roles: ClassVar[tuple[str, ...]] = (FILE,)

    @abstractmethod
    def _read(self, file: NamedFile, options: Mapping[str, Any]) -> Read:
        """Raises NotAFile."""

    def schema(self, options: Mapping[str, Any]) -> None:
        """None: Skatteetaten publishes none, and the files are too large to be checked by one."""
        return

    def role_label(self, role: str) -> str:
        return {FILE: _("Fil")}.get(role, role)

    def step_label(self, step: str) -> str:
        labels = {UPLOAD: _("Last opp"), CONTROL: _("Kontroll hos Skatteetaten"), SUBMIT: _("Send inn")}
        return labels.get(step, step)

    def recognise(self, file: NamedFile, entries: Sequence[Entry]) -> Recognition:
        """A file that is read as one of these. Small ones too: the catalogue knows for which sizes a service is.

        A file that names several organisations or periods names none.
        """
        matches: list[Match] = []
        for entry in entries:
            try:
                read = self._read(file, entry.options)
            except xml_file.NotAFile as error:
                return Recognition(finding=None if error.finding.code in OTHER_FORMS else error.finding)
            several = {finding.code for finding in read.findings} & {"MIXED_PARTIES", "MIXED_YEARS"}
            number = read.orgnr if is_orgnr(read.orgnr) and "MIXED_PARTIES" not in several else ""
            if read.orgnr or read.period:
                period = None if "MIXED_YEARS" in several else read.period
                matches.append(Match(entry.service, number, period, FILE))
        return Recognition(tuple(matches))

    def inspect(self, file: NamedFile, about: About) -> FileReport:
        try:
            read = self._read(file, about.options)
        except xml_file.NotAFile as error:
            return FileReport("", (error.finding,), file=file.name)
        findings = (*read.findings, *_about_another(read, about, file.name), *self._of_content(file))
        ids = self._ids(read)
        return FileReport(FILE, findings, read.orgnr, read.period, file.name, read.facts.stored(), *ids)

    @abstractmethod
    def _of_content(self, file: NamedFile) -> list[Finding]:
        """What only a second reading of a file that could be read shows."""

    def _ids(self, read: Read) -> tuple[str, str]:
        """The id by which a later file may replace it, and that of the one it replaces; "" where files have none."""
        return "", ""

    def plan(self, documents: Sequence[StoredDocument]) -> list[Step]:
        return [
            Step(UPLOAD, self._file_id(documents), uuid.uuid4(), may_repeat=True),
            Step(CONTROL, may_repeat=True),
            Step(SUBMIT),
        ]

    def perform(self, step: Step, context: Context) -> Answer:
        calls: dict[str, Callable[[Context], Answer]] = {UPLOAD: self._upload, CONTROL: _look, SUBMIT: _submit}
        return calls[step.code](context)

    def _upload(self, context: Context) -> Answer:
        made = _gateway(context).upload(
            token=context.token, content=context.body, media_type=self.media_type, key=context.own_key
        )
        return Answer(remote_id=made.id)

    def meaning(self, step: Step, error: GatewayError) -> Meaning:
        """An upload that is gone when it is to be submitted was submitted before, or has expired: the engine knows which."""
        if not isinstance(error, Refused):
            return Meaning.MAYBE_TWICE if may_have_arrived(error) and step.code == SUBMIT else Meaning.TRY_LATER
        if isinstance(error, FileRefused) or (step.code == SUBMIT and is_absent(error)):
            return Meaning.FINAL
        return meaning_of(error, repeated=Meaning.MAYBE_TWICE if step.code == SUBMIT else Meaning.FINAL)

    def locate(self, context: Context, candidates: Sequence[Candidate], *, is_there: bool) -> Candidate | None:
        """The one with the reference in our file; else the only one, when the authority no longer waits for our upload.

        That a submitted upload is gone, or has a status of its own, is not public: it only decides with a single candidate.
        """
        ours = self._references(context)
        named = [candidate for candidate in candidates if candidate.reference and candidate.reference in ours]
        if len(named) == 1:
            return named[0]
        if len(candidates) != 1:
            return None
        return candidates[0] if is_there or _is_taken(context) else None

    def _references(self, context: Context) -> list[str]:
        try:
            return self._read(NamedFile("", context.body), context.about.options).facts.references
        except xml_file.NotAFile:
            return []


class XmlUpload(UploadAdapter):
    """`schemes` in the options: the name of each scheme by the word for it in the namespace of its files."""

    name: ClassVar[str] = "upload_xml"
    period_kind: ClassVar[PeriodKind] = PeriodKind.YEAR
    media_type: ClassVar[str] = "application/xml"

    def options_fault(self, options: Mapping[str, Any]) -> str:
        schemes = options.get("schemes")
        is_right = isinstance(schemes, dict) and schemes and all(isinstance(name, str) for name in schemes.values())
        return "" if is_right and set(options) == {"schemes"} else "one table is wanted, schemes, with names"

    def _read(self, file: NamedFile, options: Mapping[str, Any]) -> Read:
        return xml_file.read(file.content, file.name, options["schemes"])

    def _of_content(self, file: NamedFile) -> list[Finding]:
        return encoding.of_xml(file)

    def summary(self, reports: Sequence[FileReport], counts: Mapping[str, int]) -> list[tuple[str, str]]:
        lines: list[tuple[str, str]] = []
        for facts in map(Facts.of, reports):
            lines += source_system.line_of(facts.stored())
            lines += [(_("Ordning"), facts.kind)] if facts.kind else []
            lines += [(_("Leveranser"), str(facts.deliveries)), (_("Oppgaver"), str(facts.items))]
            lines += [(_("Deres referanse"), ", ".join(facts.references))] if facts.references else []
        return lines

    def render(self, finding: Finding) -> str:
        return texts.of_xml(finding)

    def verdict(self, transmission_type: str, documents: Sequence[tuple[str, bytes]]) -> Verdict | None:
        return gld_verdict.verdict_of(transmission_type, documents)

    def examples(self, about: About, *, name: str, wrong: bool) -> list[NamedFile]:
        return [samples.xml_example(about, name=name, wrong=wrong)]


class JsonUpload(UploadAdapter):
    name: ClassVar[str] = "upload_json"
    period_kind: ClassVar[PeriodKind] = PeriodKind.MONTH
    media_type: ClassVar[str] = "application/json"

    def options_fault(self, options: Mapping[str, Any]) -> str:
        return "it takes no options" if options else ""

    def _read(self, file: NamedFile, options: Mapping[str, Any]) -> Read:
        return json_file.read(file.content, file.name)

    def _of_content(self, file: NamedFile) -> list[Finding]:
        return json_file.repeated_names(file.content, file.name)

    def _ids(self, read: Read) -> tuple[str, str]:
        """Those of the a-melding in it: another one of the month stands beside it, unless it names it."""
        return next(iter(read.facts.references), "").lower(), read.facts.replaces.lower()

    def check(self, reports: Sequence[FileReport], about: About) -> list[Finding]:
        messages = [report for report in reports if report.role == FILE][:1]
        between = [finding for report in messages for finding in amelding_checking.between(report, about)]
        return [*super().check(reports, about), *between]

    def summary(self, reports: Sequence[FileReport], counts: Mapping[str, int]) -> list[tuple[str, str]]:
        lines: list[tuple[str, str]] = []
        for facts in map(Facts.of, reports):
            lines += source_system.line_of(facts.stored())
            lines += [(_("Virksomheter"), str(facts.deliveries)), (_("Inntektsmottakere"), str(facts.items))]
            lines += [(_("Meldingsid"), ", ".join(facts.references))] if facts.references else []
            lines += [(_("Erstatter meldingen"), facts.replaces)] if facts.replaces else []
        return lines

    def render(self, finding: Finding) -> str:
        return texts.of_json_file(finding)

    def verdict(self, transmission_type: str, documents: Sequence[tuple[str, bytes]]) -> Verdict | None:
        return feedback.verdict_of(transmission_type, documents)

    def examples(self, about: About, *, name: str, wrong: bool) -> list[NamedFile]:
        return [samples.json_example(about, wrong=wrong, replaces=about.to_replace)]


class UploadLeftovers:
    """An upload that is not submitted: it is deleted, as it holds the customer's data."""

    step: ClassVar[str] = UPLOAD

    def remove(self, context: Context) -> None:
        try:
            _gateway(context).delete(token=context.token, upload_id=context.remote_ids[UPLOAD])
        except Refused as error:
            if not is_absent(error):
                raise

    def what_is_left(self) -> tuple[str, str]:
        what = _("Den opplastede filen ligger igjen hos Skatteetaten. Den er ikke sendt inn.")
        return what, _("Ingen trenger å gjøre noe. Skatteetaten kan slette den om dere oppgir id-en.")


def _gateway(context: Context) -> Uploads:
    return Uploads(base_url=context.base_url)


def _look(context: Context) -> Answer:
    """Raises FileRefused for a file with faults. A status that we do not know is one that goes on."""
    try:
        upload = _gateway(context).look(token=context.token, upload_id=context.remote_ids[UPLOAD])
    except Refused as error:
        if not is_absent(error):
            raise
        return Answer(look_again_after=ANEW, give_up_after=ANEW_PATIENCE, starts_over=True)
    if upload.status == uploads.READY:
        return Answer()
    if upload.status == uploads.INVALID:
        raise uploads.refused(upload, first=VIRUS)
    if upload.status == uploads.CONTROL_FAILED:
        return Answer(look_again_after=ANEW, give_up_after=ANEW_PATIENCE, starts_over=True)
    return Answer(look_again_after=LOOK, give_up_after=PATIENCE)


def _submit(context: Context) -> Answer:
    receipt = _gateway(context).submit(token=context.token, upload_id=context.remote_ids[UPLOAD])
    return answer_of(receipt)


def _is_taken(context: Context) -> bool:
    """Whether the authority no longer waits for somebody to submit our upload."""
    upload_id = context.remote_ids.get(UPLOAD)
    if not upload_id:
        return False
    try:
        upload = _gateway(context).look(token=context.token, upload_id=upload_id)
    except Refused as error:
        if not is_absent(error):
            raise
        return True
    return upload.status not in WITHOUT_ANSWER


def _about_another(read: Read, about: About, name: str) -> list[Finding]:
    findings = []
    if read.orgnr and read.orgnr != about.orgnr:
        params = {"given": masked(read.orgnr)[:30], "orgnr": about.orgnr}
        findings.append(Finding(Level.ERROR, "OTHER_CUSTOMER", params, name))
    if read.stated and read.period != about.period:
        params = {"given": masked(read.stated)[:30], "period": str(about.period)}
        findings.append(Finding(Level.ERROR, "OTHER_PERIOD", params, name))
    return findings
