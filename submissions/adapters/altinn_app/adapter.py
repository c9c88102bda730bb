"""The way of working of an app in Altinn. Nothing is delivered by the portal: the last call makes the instance ready, and a
person confirms it in Altinn.

What may have been made already is looked up before it is made again: the instance by the key of its step, the file by its
name. The last call goes on in the process of the instance, and done twice it would confirm: it reads the instance first, and
after a lost answer the engine waits before it looks.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from portal.gateways.altinn import apps
from portal.gateways.altinn.apps import App, Element, Instance
from portal.gateways.errors import Detail, GatewayError, Refused, Unavailable
from portal.gateways.skatteetaten import tax_return
from portal.gateways.skatteetaten.tax_return import ReturnRefused, TaxReturns
from portal.gateways.statuses import is_absent
from submissions.adapters import encoding, feedback
from submissions.adapters.altinn_app import return_file, samples, texts
from submissions.adapters.base import (
    About,
    Answer,
    Candidate,
    Context,
    Entry,
    FileReport,
    Finding,
    Match,
    Meaning,
    NamedFile,
    PeriodKind,
    Progress,
    Receipt,
    Recognition,
    Step,
    StoredDocument,
    Verdict,
)
from submissions.adapters.meanings import may_have_arrived, meaning_of
from submissions.adapters.numbers import is_orgnr
from submissions.adapters.one_file import OneFile

RETURN = "RETURN"
FETCH, CONTROL, CREATE, UPLOAD, SCAN, CONFIRM = "FETCH", "CONTROL", "CREATE", "UPLOAD", "SCAN", "READY"
IN_INSTANCE = frozenset({UPLOAD, SCAN, CONFIRM})
MARK = "innsendingsreferanse"
"""The name of our key among the values of an instance."""
OPTIONS = frozenset({"app", "data_type", "media_type", "feedback_type"})
LOOK, PATIENCE = timedelta(seconds=15), timedelta(hours=24)
"""How soon we look again while the virus scan goes on, and when a person is told that it does not end."""
OTHER_DOCUMENT, INFECTED = "SKATTEMELDING:OTHER_DOCUMENT", "ALTINN_APP:INFECTED"
NOT_TAKEN = "ALTINN_APP:NOT_TAKEN"


class FileInfected(Refused):
    """The virus scan found something: the answer is a success that says no."""


class AltinnAppAdapter(OneFile):
    """Options: `app` is `owner/name`, `data_type` and `media_type` are those of the file, `feedback_type` that of the answer."""

    name: ClassVar[str] = "altinn_app"
    period_kind: ClassVar[PeriodKind] = PeriodKind.YEAR
    role: ClassVar[str] = RETURN
    roles: ClassVar[tuple[str, ...]] = (RETURN,)

    def options_fault(self, options: Mapping[str, Any]) -> str:
        is_right = set(options) == OPTIONS and all(isinstance(value, str) and value for value in options.values())
        return "" if is_right and options["app"].count("/") == 1 else f"texts are wanted: {', '.join(sorted(OPTIONS))}"

    def schema(self, options: Mapping[str, Any]) -> None:
        """None: the files are XML."""
        return

    def role_label(self, role: str) -> str:
        return {RETURN: _("Skattemelding")}.get(role, role)

    def step_label(self, step: str) -> str:
        labels = {
            FETCH: _("Hent gjeldende utkast"),
            CONTROL: _("Kontroll hos Skatteetaten"),
            CREATE: _("Opprett i Altinn"),
            UPLOAD: _("Last opp i Altinn"),
            SCAN: _("Viruskontroll i Altinn"),
            CONFIRM: _("Gjør klar til bekreftelse"),
        }
        return labels.get(step, step)

    def recognise(self, file: NamedFile, entries: Sequence[Entry]) -> Recognition:
        try:
            found = return_file.read(file.content, file.name)
        except return_file.NotAReturn as error:
            return Recognition(finding=None if error.finding.code == "OTHER_ROOT" else error.finding)
        number = found.orgnr if is_orgnr(found.orgnr) else ""
        return Recognition(tuple(Match(entry.service, number, found.period, RETURN) for entry in entries))

    def inspect(self, file: NamedFile, about: About) -> FileReport:
        try:
            found = return_file.read(file.content, file.name)
        except return_file.NotAReturn as error:
            return FileReport("", (error.finding,), file=file.name)
        wrong = return_file.findings(found, file.name)
        wrong += encoding.of_xml(file)
        wrong += return_file.about_another(found, about.orgnr, about.period, file.name)
        number = found.orgnr if is_orgnr(found.orgnr) else ""
        facts = {"documents": len(found.types), "current": found.current}
        return FileReport(RETURN, tuple(wrong), number, found.period, file.name, facts)

    def summary(self, reports: Sequence[FileReport], counts: Mapping[str, int]) -> list[tuple[str, str]]:
        lines = []
        for report in reports:
            lines.append((_("Dokumenter"), str(report.facts.get("documents", 0))))
            if current := report.facts.get("current"):
                lines.append((_("Bygger på"), str(current)))
        return [*lines, (_("Etter sendingen"), _("En person må bekrefte i Altinn"))]

    def render(self, finding: Finding) -> str:
        return texts.text_of(finding)

    def plan(self, documents: Sequence[StoredDocument]) -> list[Step]:
        file = self._file_id(documents)
        return [
            Step(FETCH, may_repeat=True),
            Step(CONTROL, file, uuid.uuid4(), may_repeat=True),
            Step(CREATE, None, uuid.uuid4(), may_repeat=True),
            Step(UPLOAD, file, uuid.uuid4(), may_repeat=True),
            Step(SCAN, may_repeat=True),
            Step(CONFIRM),
        ]

    def perform(self, step: Step, context: Context) -> Answer:
        calls: dict[str, Callable[[Context], Answer]] = {
            FETCH: _fetch, CONTROL: _control, CREATE: _create, UPLOAD: _upload, SCAN: _scan, CONFIRM: _make_ready,
        }  # fmt: skip
        return calls[step.code](context)

    def meaning(self, step: Step, error: GatewayError) -> Meaning:
        """What is not there any more in an instance was deleted by the customer: the report ends."""
        if not isinstance(error, Refused):
            is_in_doubt = step.code == CONFIRM and may_have_arrived(error)
            return Meaning.MAYBE_DELIVERED if is_in_doubt else Meaning.TRY_LATER
        if isinstance(error, ReturnRefused | FileInfected):
            return Meaning.FINAL
        if step.code == CONFIRM and error.status == 409:  # the scan has ended: it is the content
            return Meaning.FINAL
        if step.code in IN_INSTANCE and is_absent(error):
            return Meaning.FINAL
        return meaning_of(error, repeated=Meaning.TRY_LATER)

    def locate(self, context: Context, candidates: Sequence[Candidate], *, is_there: bool) -> Candidate | None:
        """The one whose reference is our instance. No page says that Dialogporten shows it."""
        ours = context.remote_ids.get(CREATE, "").partition("/")[2]
        return next((one for one in candidates if ours and ours in one.reference), None)

    def verdict(self, transmission_type: str, documents: Sequence[tuple[str, bytes]]) -> Verdict | None:
        """By the transmission's type only: the form of the app's own answer is not public, so a person reads it."""
        return feedback.verdict_of(transmission_type, [])

    def examples(self, about: About, *, name: str, wrong: bool) -> list[NamedFile]:
        return [samples.example(about, wrong=wrong)]


class AltinnAppLeftovers:
    """An instance in Data that was given up: it is deleted, as it holds the customer's file. One further on is a person's.

    No public page says that a system user may delete. Where the app refuses, a person is told what is left, and where.
    """

    step: ClassVar[str] = CREATE

    def remove(self, context: Context) -> None:
        try:
            instance = _instance(context)
        except Refused as error:
            if not is_absent(error):
                raise
            return
        if instance.task == apps.DATA and not instance.is_deleted:
            _app(context).remove(token=context.token, instance_id=instance.id)

    def what_is_left(self) -> tuple[str, str]:
        what = _("Et skjema som ikke skal leveres, ligger igjen i kundens innboks i Altinn.")
        return what, _("Be kunden slette det der, og ikke bekrefte det.")


class AltinnAppHandOver:
    """What a person confirms in the app, and the answer that the authority puts there."""

    in_altinn: ClassVar[frozenset[str]] = frozenset({CREATE, *IN_INSTANCE})
    step: ClassVar[str] = CREATE

    def look(self, context: Context) -> Progress:
        try:
            instance = _instance(context)
        except Refused as error:
            if not is_absent(error):
                raise
            return Progress(is_gone=True)
        if instance.is_deleted:
            return Progress(is_gone=True)
        if instance.task in (apps.DATA, apps.CONFIRMATION):
            return Progress()
        raw = json.dumps({"instansId": instance.id, "bekreftet": True, "avsluttet": instance.has_ended}, indent=2)
        wanted = context.about.options["feedback_type"]
        answers = tuple(_answer(context, one) for one in instance.data if one.type == wanted)
        return Progress(Receipt(reference=instance.id, raw=raw.encode()), answers, has_ended=instance.has_ended)


def _answer(context: Context, element: Element) -> tuple[str, str, bytes]:
    content = _app(context).download(token=context.token, instance_id=context.remote_ids[CREATE], element_id=element.id)
    return element.filename or "tilbakemelding", element.media_type or "application/octet-stream", content


def _returns(context: Context) -> TaxReturns:
    return TaxReturns(base_url=context.base_url)


def _app(context: Context) -> App:
    name = context.about.options["app"]
    owner = name.partition("/")[0]
    return App(base_url=f"{context.apps.format(owner=owner)}/{name}", platform=context.platform)


def _instance(context: Context) -> Instance:
    return _app(context).read(token=context.token, instance_id=context.remote_ids[CREATE])


def _of(context: Context) -> dict[str, Any]:
    return {"token": context.token, "year": context.about.period.start.year, "orgnr": context.about.orgnr}


def _fetch(context: Context) -> Answer:
    return Answer(remote_id=_returns(context).current(**_of(context)))


def _control(context: Context) -> Answer:
    """Raises ReturnRefused, also when the return builds on another document than the current one."""
    _check_current(context)
    found = _returns(context).control(**_of(context), content=context.body)
    if found.failed:
        raise Unavailable("skatteetaten: the control failed", code="SKATTEMELDING:tekniskFeil")
    if found.faults:
        raise tax_return.refused(found)
    return Answer()


def _check_current(context: Context) -> None:
    stated = return_file.read(context.body, "").current
    if stated and stated != context.remote_ids[FETCH]:
        detail = Detail(OTHER_DOCUMENT, "", ".".join(return_file.CURRENT))
        text = "skatteetaten: the return builds on another document"
        raise ReturnRefused(text, status=200, code=OTHER_DOCUMENT, details=(detail,))


def _create(context: Context) -> Answer:
    """The oldest with our mark: another worker may have made one since we looked, and the newer one is removed then."""
    if before := _oldest_of_ours(context):
        return Answer(remote_id=before.id)
    values = {"inntektsaar": context.about.period.start.year, MARK: str(context.key)}
    name, orgnr = context.about.options["app"], context.about.orgnr
    made = _app(context).create(token=context.token, app=name, orgnr=orgnr, values=values)
    oldest = _oldest_of_ours(context) or made
    is_left = oldest.id != made.id and not _remove(context, made.id)
    return Answer(remote_id=oldest.id, left=made.id if is_left else "")


def _oldest_of_ours(context: Context) -> Instance | None:
    name, orgnr = context.about.options["app"], context.about.orgnr
    there = _app(context).instances(token=context.token, app=name, orgnr=orgnr)
    ours = [one for one in there if one.values.get(MARK) == str(context.key)]
    return min(ours, key=lambda one: (one.created, one.id), default=None)


def _remove(context: Context, instance_id: str) -> bool:
    """Whether it is gone: no public page says that a system user may delete. It holds nothing, and delivers nothing."""
    try:
        _app(context).remove(token=context.token, instance_id=instance_id)
    except Refused as error:
        if error.status not in (401, 403, 405):
            raise
        return False
    return True


def _upload(context: Context) -> Answer:
    """The file's name in Altinn is our key: names of files may hold anything."""
    filename, options = f"{context.key}.xml", context.about.options
    made = _instance(context).named(filename)
    if made is None:
        made = _app(context).upload(
            token=context.token, instance_id=context.remote_ids[CREATE], type=options["data_type"],
            filename=filename, media_type=options["media_type"], content=context.body,
        )  # fmt: skip
    return Answer(remote_id=made.id)


def _scan(context: Context) -> Answer:
    """Raises FileInfected. A result that we do not know is one that ends the scan, as NotApplicable does."""
    ours = next((one for one in _instance(context).data if one.id == context.remote_ids[UPLOAD]), None)
    if ours is None:
        raise Refused("altinn: the file is gone from the instance", status=404)
    if ours.scan == apps.INFECTED:
        raise FileInfected("altinn: the file is infected", status=200, code=INFECTED)
    return Answer(look_again_after=LOOK, give_up_after=PATIENCE) if ours.scan == apps.PENDING else Answer()


def _make_ready(context: Context) -> Answer:
    """From Data to Confirmation, and never further."""
    if _instance(context).task == apps.DATA:
        try:
            _app(context).go_on(token=context.token, instance_id=context.remote_ids[CREATE])
        except Refused as error:
            raise _not_taken(error) from error
    return Answer()


def _not_taken(error: Refused) -> Refused:
    """With a code that says that a conflict is about the content."""
    if error.status != 409:
        return error
    return Refused(str(error), status=409, code=NOT_TAKEN, details=error.details, text=error.text)
