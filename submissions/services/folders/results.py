"""What became of a heap that no page was used for: one JSON object, with sentences in the reader's language.

Its shape is described in docs/command-line.md. Fields are added to it, and none is taken away.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NotRequired, TypedDict

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from accounts.models import User
from portal.core.masking import visible
from portal.explain import explain
from submissions.models import Heap, HeapFile, HeapPackage, Submission
from submissions.services import catalogue
from submissions.services.drafting import checking
from submissions.services.drafting.package_check import OPEN
from submissions.services.drafting.preflight import preflight
from submissions.services.folders.driving import checked, same_before
from submissions.services.folders.places import shown
from submissions.services.heaps.groups import with_asked
from submissions.services.heaps.ordering import packages_of
from submissions.services.heaps.problems import TWO_PERSONS, problems
from submissions.services.heaps.rest import rest_of, shown_name
from submissions.services.heaps.sending import left_to_page
from submissions.services.heaps.texts import reason
from submissions.services.pages import reasons
from submissions.services.pages.next_step import next_step
from submissions.services.pages.page import address_of

V, F, S = HeapPackage.Verdict, HeapFile.Verdict, Submission.Status
VERSION = 1


class State(StrEnum):
    """In the order in which they stand for the whole: what is still under way goes first."""

    CHECKING = "CHECKING"
    NEEDS_PERSON = "NEEDS_PERSON"
    READY = "READY"
    SENDING = "SENDING"
    DELIVERED = "DELIVERED"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"
    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"


FINAL = {State.REJECTED, State.CANCELLED, State.ACCEPTED, State.REFUSED}
TEXTS: dict[State, Any] = {
    State.CHECKING: lazy("Filene kontrolleres."),
    State.NEEDS_PERSON: lazy("Noen må se på dette i portalen."),
    State.READY: lazy("Klar. Noen sender det fra portalen."),
    State.SENDING: lazy("Er på vei til Skatteetaten."),
    State.DELIVERED: lazy("Levert. Skatteetaten har ikke svart ennå."),
    State.REJECTED: lazy("Ble avvist, eller kom ikke fram."),
    State.CANCELLED: lazy("Avbrutt i portalen."),
    State.ACCEPTED: lazy("Levert og godkjent."),
    State.REFUSED: lazy("Det ble ingen innsending av dette."),
}
PLACES: dict[str, Any] = {
    "LINK": lazy("Filen er en snarvei, eller har et annet navn et annet sted. Legg inn filen selv."),
    "NO_FILE": lazy("Dette er ingen vanlig fil."),
    "UNREADABLE": lazy("Portalen har ikke rett til å lese filen. Gi leserett, og legg den inn på nytt."),
    "FULL": lazy("Filen har mer enn det er plass til i én samling. Del den opp."),
    "DISCARDED": lazy("Samlingen er forkastet i portalen."),
    "NOT_OURS": lazy(
        "Resultatet ved filen er endret av andre enn portalen. Se etter innsendingen i portalen før filen legges inn på nytt."
    ),
    "HIDDEN": lazy(
        "Noe gjelder kunder som medarbeideren bak mappen ikke ser lenger. En kollega må se på det i portalen."
    ),
    "NOT_FOLLOWED": lazy("Filen følges ikke lenger herfra. Se innsendingen i portalen."),
}
"""Why a file became nothing, or is not followed any more."""
_OF_STATUS = {
    S.QUEUED: State.SENDING, S.SENDING: State.SENDING, S.UNCERTAIN: State.SENDING, S.DELIVERED: State.DELIVERED,
    S.ACCEPTED: State.ACCEPTED, S.REJECTED: State.REJECTED, S.FAILED: State.REJECTED, S.CANCELLED: State.CANCELLED,
    S.NEEDS_PERSON: State.NEEDS_PERSON,
}  # fmt: skip


class FindingJson(TypedDict):
    level: str
    code: str
    text: str
    file: str
    line: int | None


class ReasonJson(TypedDict):
    title: str
    text: str
    where: str


class ReportJson(TypedDict):
    """`status`: of the submission, or the verdict on the files where there is none. `problems`: what a person must see to first.

    `in_the_way`: the reference of the open draft, for OPEN_DRAFT. `page`: the address of the page of it, or of the submission; ""
    where there is neither.
    """

    reference: str
    state: str
    status: str
    text: str
    in_the_way: str
    page: str
    orgnr: str
    service: str
    period: str
    files: list[str]
    problems: list[str]
    findings: list[FindingJson]
    reasons: list[ReasonJson]
    receipt: str
    delivered_at: str
    decided_at: str


class FileJson(TypedDict):
    """A file that is in none of the reports."""

    file: str
    code: str
    text: str


class Result(TypedDict):
    """`taken` is the reference of one taking. `file` is missing where many files were sent at once, `documents` where they are not
    asked for: names of files in the folder of documents.
    """

    version: int
    environment: str
    taken: str
    file: NotRequired[str]
    state: str
    is_final: bool
    text: str
    reports: list[ReportJson]
    files: list[FileJson]
    documents: NotRequired[list[str]]


def of_code(code: str, *, environment: str, taken: str, file: str) -> Result:
    """Of a file that no heap was made of, or whose heap is gone."""
    text = str(PLACES[code])
    return {
        "version": VERSION, "environment": environment, "taken": taken, "file": file, "state": State.REFUSED,
        "is_final": True, "text": text, "reports": [], "files": [{"file": file, "code": code, "text": text}],
    }  # fmt: skip


@dataclass(frozen=True)
class Earlier:
    """What a result of ours said last, of a heap that is gone: the only thing that nothing else knows."""

    state: State
    is_final: bool
    reports: list[ReportJson]


def earlier(content: bytes) -> Earlier:
    """Raises ValueError when it is no result of ours."""
    try:
        found = json.loads(content)
        state, is_final, reports = State(found["state"]), found["is_final"], found["reports"]
    except (LookupError, TypeError, RecursionError) as error:
        raise ValueError(type(error).__name__) from error
    if not (isinstance(is_final, bool) and isinstance(reports, list) and all(isinstance(one, dict) for one in reports)):
        raise ValueError("no result")
    return Earlier(state, is_final, reports)


def of_heap(heap: Heap, *, user: User, taken: str, sends: bool, moving: bool, working: bool, at: datetime) -> Result:
    """As `user` sees it. `moving`: workers have something to do with it (`driving.is_moving`). `working`: of `next_step`."""
    mine = with_asked(packages_of(heap, user)).select_related("customer", "draft__access", "other")
    packages = list(mine.defer(None).order_by("pk"))
    same = same_before([row for row in packages if row.draft is None and row.wanted_at is None])
    texts = {**problems(packages), **{pk: _same(other) for pk, other in same.items()}}
    for_page = left_to_page(heap)
    texts |= {row.pk: str(TWO_PERSONS) for row in packages if row.draft_id and row.service in for_page}
    drafts, waits = _drafts(packages), sends and moving
    reports = [
        _of_draft(
            row, drafts[row.draft_id], texts[row.pk], waits=waits and row.service not in for_page, sends=sends,
            working=working, at=at,
        )
        if row.draft_id
        else _of_files(row, same.get(row.pk), texts[row.pk])
        for row in packages
    ]  # fmt: skip
    files = unused(heap, user)
    _name_files(packages, reports)
    is_hidden = HeapPackage.objects.filter(heap=heap).exclude(pk__in=[row.pk for row in packages]).exists()
    state = _whole(reports, files, moving=moving, is_hidden=is_hidden)
    hidden = is_hidden and state == State.NEEDS_PERSON
    return {
        "version": VERSION, "environment": heap.environment, "taken": taken, "state": state, "is_final": state in FINAL,
        "text": str(PLACES["HIDDEN"]) if hidden else _text(state, heap, reports, files), "reports": reports, "files": files,
    }  # fmt: skip


def unused(heap: Heap, user: User) -> list[FileJson]:
    """The files that are in no package."""
    rows = rest_of(heap, user).filter(package__isnull=True).defer(None).order_by("pk")
    return [{"file": _named(row), "code": row.code or row.verdict, "text": reason(row)} for row in rows]


def _named(file: HeapFile) -> str:
    return visible(shown_name(file.filename))


def _name_files(packages: list[HeapPackage], reports: list[ReportJson]) -> None:
    """One query."""
    names: dict[int | None, list[str]] = {}
    for file in HeapFile.objects.filter(package__in=packages).defer(None).order_by("pk"):
        names.setdefault(file.package_id, []).append(_named(file))
    for package, report in zip(packages, reports, strict=True):
        report["files"] = names.get(package.pk, [])


def foretold(row: HeapPackage, *, at: datetime) -> ReportJson:
    """Of a package: what a draft of it would be. READY: without errors. Nothing is kept."""
    if row.draft is not None:
        return of_submission(_drafts([row])[row.draft.pk], working=True, at=at)
    report = _of_files(row, same_before([row]).get(row.pk), problems([row])[row.pk])
    if report["state"] == State.CHECKING:
        found, has_errors = checked(row)
        report["findings"] = _findings(found, row.service)
        has_questions = bool(found) or row.verdict == V.BEFORE
        report["state"] = State.REFUSED if has_errors else State.NEEDS_PERSON if has_questions else State.READY
    return report


def left_out(name: str, code: str) -> FileJson:
    """A file of a folder that was not taken in."""
    return {"file": shown(name), "code": code, "text": str(PLACES[code])}


def _whole(reports: list[ReportJson], files: list[FileJson], *, moving: bool, is_hidden: bool) -> State:
    """`is_hidden`: of customers that the person does not see any more, so that nothing here knows what becomes of it."""
    states = {State(report["state"]) for report in reports}
    if is_hidden:
        states.add(State.NEEDS_PERSON)
    if moving:
        states.add(State.CHECKING)
    if any(file["code"] == F.CHOOSE for file in files):
        states.add(State.NEEDS_PERSON)
    return next((state for state in State if state in states), State.REFUSED)


def _text(state: State, heap: Heap, reports: list[ReportJson], files: list[FileJson]) -> str:
    text = str(TEXTS[state])
    if state == State.REFUSED and len(reports) + len(files) == 1:
        why = reports[0]["text"] if reports else files[0]["text"]
        return f"{text} {why}".strip()
    if state == State.CHECKING and heap.problem_code:
        text = explain(heap.problem_code).sentence
    if files and state != State.REFUSED:
        left = ngettext("%(n)s fil er ikke med.", "%(n)s filer er ikke med.", len(files)) % {"n": len(files)}
        return f"{text} {left}"
    return text


def _drafts(packages: list[HeapPackage]) -> dict[int, Any]:
    """With all that preflight and the next step ask of them."""
    rows = Submission.objects.filter(pk__in=[row.draft_id for row in packages if row.draft_id]).with_correction()
    loaded = rows.defer(None).select_related(
        "customer", "access__profile__system__client", "access__customer", "answers"
    )
    return {row.pk: row for row in loaded}


def _of_draft(
    row: HeapPackage, draft: Any, text: str, *, waits: bool, sends: bool, working: bool, at: datetime
) -> ReportJson:
    """What is ready and is to be sent by itself is on its way, or something is in the way that only a person can judge."""
    report = of_submission(draft, working=working, at=at)
    if report["state"] == State.READY and (row.send_wanted_at or waits):
        report["state"] = State.SENDING
    elif report["state"] == State.READY and sends:
        report["state"], report["problems"] = State.NEEDS_PERSON, [text or report["text"]]
    return report


def _of_files(row: HeapPackage, same: Submission | None, text: str) -> ReportJson:
    is_moving = row.verdict in (V.WAITING, V.READY, V.BEFORE) and same is None
    draft = row.other if row.verdict == V.OPEN_DRAFT and same is None else None
    of = same or draft
    return {
        "reference": str(same.reference) if same else "",
        "state": State.CHECKING if is_moving or row.wanted_at else State.REFUSED,
        "status": "SAME" if same else row.verdict, "text": text or row.get_verdict_display(),
        "in_the_way": str(draft.reference) if draft else "", "page": address_of(of) if of else "",
        "orgnr": row.customer.orgnr, "service": row.service, "period": str(row.period), "files": [], "problems": [],
        "findings": [each for one in row.refused for each in _findings(one["findings"], row.service)],
        "reasons": [], "receipt": "", "delivered_at": "", "decided_at": "",
    }  # fmt: skip


def _same(other: Submission) -> str:
    text = _("De samme filene er i en innsending fra før (%(state)s). De sendes ikke en gang til.")
    return text % {"state": other.get_status_display().lower()}


def of_submission(row: Any, *, working: bool, at: datetime) -> ReportJson:
    """`row` is loaded `with_correction`, and with what preflight asks of it."""
    state, told = _before_sending(row) if row.status in OPEN else (_OF_STATUS[S(row.status)], [])
    return {
        "reference": str(row.reference), "state": state, "status": row.status,
        "text": next_step(row, at=at, working=working).text, "in_the_way": "", "page": address_of(row),
        "orgnr": row.customer.orgnr, "service": row.service, "period": str(row.period), "files": [],
        "problems": told, "findings": _findings(row.findings, row.service),
        "reasons": [
            {"title": one.title, "text": one.text, "where": one.where} for one in reasons.shown(row.reasons)
        ],
        "receipt": row.receipt_reference, "delivered_at": _iso(row.delivered_at), "decided_at": _iso(row.decided_at),
    }  # fmt: skip


def _before_sending(row: Any) -> tuple[State, list[str]]:
    if not row.is_checked:
        return State.CHECKING, []
    if row.approval_asked_by:
        return State.NEEDS_PERSON, [_("Venter på at en annen godkjenner.")]
    found = preflight(row)
    told = [*found.problems, *(text for _code, text in found.questions)]
    return (State.NEEDS_PERSON, told) if told else (State.READY, [])


def _findings(found: list[Any], service: str) -> list[FindingJson]:
    try:
        told = checking.shown(found, catalogue.service(service))
    except catalogue.UnknownService:
        return []
    return [
        {"level": one.level, "code": row["code"], "text": one.text, "file": shown_name(one.file), "line": one.line}
        for row, one in zip(found, told, strict=True)
    ]


def _iso(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat() if moment else ""


def line_of(report: ReportJson) -> str:
    """One line, and one below for each thing that a person must see to."""
    about = f"{report['orgnr']} {report['service']} {report['period']}"
    told = [
        *report["problems"],
        *(one["text"] for one in report["findings"]),
        *(one["title"] for one in report["reasons"]),
    ]
    if report["in_the_way"]:
        told.append(f"{report['in_the_way']} {report['page']}")
    return "\n".join([f"{about} {report['state']}: {report['text']}", *(f"  {text}" for text in told)])
