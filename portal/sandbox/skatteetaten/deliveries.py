"""From a received delivery to its feedback: the dialog, the Submission transmission, and later the answer to it.

The verdict is the result of the content check, unless a tester ordered one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from ..dialogporten.records import Attachment, AttachmentUrl, Dialog
from ..dialogs import add_transmission, open_dialog, update_dialog
from ..kernel import Call, Kernel, job
from ..tokens import Token
from . import feedback_documents, urls
from .catalogue import AMELDING, SERVICES, Service
from .records import Feedback, Finding, Submission, Verdict

JOB = "skatteetaten.feedback"
ORG = "ske"
ASKED_FOR = "Awaiting"
"""The status of a dialog in which Skatteetaten asked for material and has got some. No other dialog has one."""
WITHHELD = "urn:altinn:subresource:locked-feedback"
"""An authorization attribute that no system user has: the feedback is visible, its documents are not."""


def receive(
    call: Call,
    service: Service,
    *,
    token: Token,
    period: str,
    orgnr: str,
    reference: str,
    media_type: str,
    content: list[str],
    findings: list[Finding],
    counts: dict[str, int] | None = None,
    resource: str = "",
    answered: Dialog | None = None,
) -> Submission:
    """Store a checked delivery: dialog (new, reused, or the one it answers), Submission transmission, and a scheduled feedback."""
    sandbox, state = call.sandbox, call.state
    wanted = resource or service.resource_id
    title = f"{service.name} {period}"
    dialog = answered or _dialog(sandbox, resource=wanted, orgnr=orgnr, period=period, title=title, now=call.now)
    submission = Submission(
        id=state.uuid7(call.now),
        service=service.id,
        title=title,
        resource=wanted,
        period=period,
        orgnr=orgnr,
        vendor=token.orgnr,
        system_user_id=token.system_user_id,
        system_user_orgnr=token.system_user_orgnr,
        dialog_id=dialog.id,
        reference=reference,
        created=call.now,
        document_id=state.uuid7(call.now),
        media_type=media_type,
        content=content,
        counts=counts or {},
        findings=findings,
        ordered=_take_verdict(sandbox, service, orgnr),
    )
    state.skatteetaten.submissions[submission.id] = submission
    _show(sandbox, dialog, submission, call.now)
    if state.settings.second_dialog:
        _second_dialog(sandbox, submission, call.now)
    _plan(sandbox, submission, call.now)
    return submission


def deliver_feedback(sandbox: Kernel, submission: Submission, now: datetime) -> Feedback:
    """Answer a submission: an Acceptance or Rejection related to it, with its documents."""
    verdict, findings = _judge(submission)
    ident = sandbox.state.uuid7(now)
    feedback = Feedback(id=ident, xml_id=sandbox.state.uuid7(now), verdict=verdict, at=now, findings=findings)
    submission.feedback = feedback
    sandbox.state.skatteetaten.feedback_of[ident] = submission.id
    dialog = _dialog_of(sandbox, submission, now)
    add_transmission(
        sandbox,
        dialog,
        type="Rejection" if verdict == "rejected" else "Acceptance",
        title=feedback_documents.HEADLINE[verdict],
        now=now,
        id=ident,
        related_id=submission.id,
        attachments=_feedback_attachments(sandbox, submission, feedback),
        content_reference=urls.opened(sandbox, submission, ident),
        authorization_attribute=WITHHELD if sandbox.state.settings.unauthorized_attachments else "",
    )
    if dialog.status == ASKED_FOR:
        status = "RequiresAttention" if verdict == "rejected" else "Completed"
        update_dialog(sandbox, dialog, {"status": status}, now=now)
    return feedback


@job(JOB)
def _feedback_due(sandbox: Kernel, data: dict[str, Any], due: datetime) -> None:
    submission = sandbox.state.skatteetaten.submissions.get(data["submission_id"])
    if submission is not None and submission.feedback is None:
        deliver_feedback(sandbox, submission, due)


def _judge(submission: Submission) -> tuple[str, list[Finding]]:
    if submission.ordered is not None:
        return submission.ordered.verdict, _ordered_findings(submission.ordered)
    if any(finding.severity == "avvist" for finding in submission.findings):
        return "rejected", submission.findings
    return ("warning" if submission.findings else "accepted"), submission.findings


def _ordered_findings(ordered: Verdict) -> list[Finding]:
    if ordered.verdict == "accepted":
        return []
    severity = "avvist" if ordered.verdict == "rejected" else "advarsel"
    reasons = ordered.reasons or ["Bestilt av den som prøver"]
    return [Finding(code=f"BESTILT_{n}", text=reason, severity=severity) for n, reason in enumerate(reasons, 1)]


def _take_verdict(sandbox: Kernel, service: Service, orgnr: str) -> Verdict | None:
    verdicts = sandbox.state.skatteetaten.verdicts
    for verdict in verdicts:
        if verdict.service in ("", service.id) and verdict.orgnr in ("", orgnr):
            verdicts.remove(verdict)
            return verdict
    return None


def _plan(sandbox: Kernel, submission: Submission, now: datetime) -> None:
    delay = sandbox.state.settings.feedback_delay_seconds
    if submission.ordered is not None and submission.ordered.delay_seconds is not None:
        delay = submission.ordered.delay_seconds
    sandbox.state.schedule(due=now + timedelta(seconds=delay), kind=JOB, data={"submission_id": submission.id})


def _dialog(sandbox: Kernel, *, resource: str, orgnr: str, period: str, title: str, now: datetime) -> Dialog:
    """The dialog of party, resource and period: opened the first time, reused afterwards."""
    return open_dialog(
        sandbox,
        org=ORG,
        service_resource=f"urn:altinn:resource:{resource}",
        party_orgnr=orgnr,
        title=title,
        now=now,
        key=f"ske|{resource}|{orgnr}|{period}",
    )


def _dialog_of(sandbox: Kernel, submission: Submission, now: datetime) -> Dialog:
    """The dialog the submission is in; a new one when it was deleted."""
    known = sandbox.state.dialogs.get(submission.dialog_id)
    if known is not None and not known.deleted:
        return known
    return _dialog(
        sandbox,
        resource=submission.resource,
        orgnr=submission.orgnr,
        period=submission.period,
        title=submission.title,
        now=now,
    )


def _show(sandbox: Kernel, dialog: Dialog, submission: Submission, now: datetime) -> None:
    add_transmission(
        sandbox,
        dialog,
        type="Submission",
        title=f"Innsending av {submission.title}",
        now=now,
        id=submission.id,
        attachments=[
            _attachment(
                sandbox,
                submission,
                transmission=submission.id,
                document=submission.document_id,
                media_type=submission.media_type,
                name="Innsendte opplysninger",
            )
        ],
    )


def _second_dialog(sandbox: Kernel, submission: Submission, now: datetime) -> None:
    """The documentation says that a second dialog is often made, for the organisation of the system user."""
    if submission.system_user_orgnr == submission.orgnr:
        return
    dialog = _dialog(
        sandbox,
        resource=submission.resource,
        orgnr=submission.system_user_orgnr,
        period=submission.period,
        title=submission.title,
        now=now,
    )
    title = f"Innsending av {submission.title} for {submission.orgnr}"
    add_transmission(sandbox, dialog, type="Submission", title=title, now=now)


def _feedback_attachments(sandbox: Kernel, submission: Submission, feedback: Feedback) -> list[Attachment]:
    """A PDF with the id of the transmission, and the data with an id of its own. A-melding has only the data."""

    def attachment(document_id: str, media_type: str, name: str) -> Attachment:
        return _attachment(
            sandbox, submission, transmission=feedback.id, document=document_id, media_type=media_type, name=name
        )

    if SERVICES[submission.service].codes == AMELDING.codes:
        return [attachment(feedback.xml_id, "application/json", "Tilbakemelding")]
    return [
        attachment(feedback.id, "application/pdf", "Tilbakemelding (PDF)"),
        attachment(feedback.xml_id, "application/xml", "Tilbakemelding (XML)"),
    ]


def _attachment(
    sandbox: Kernel, submission: Submission, *, transmission: str, document: str, media_type: str, name: str
) -> Attachment:
    """An attachment with an address for people and one for programs."""
    for_program = urls.document(sandbox, submission, transmission, document)
    for_people = urls.for_people(sandbox, submission, transmission)
    return Attachment(
        id=document,
        name=name,
        urls=[
            AttachmentUrl(url=for_people, media_type=media_type, consumer_type="Gui"),
            AttachmentUrl(url=for_program, media_type=media_type, consumer_type="Api"),
        ],
    )
