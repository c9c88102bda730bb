"""A submission's history, newest first: what happened and who did it."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.services.actors import Names, names_of, person
from portal.core.audit import AuditEvent, target_of
from portal.core.audit_events import AuditType as T
from portal.core.colours import colour
from portal.explain.audit import Line, present, state_title
from submissions.models import Document, Submission

S = Submission.Status


def timeline(submission: Submission) -> list[Line]:
    """All events, in four queries."""
    audits = list(AuditEvent.objects.filter(target=target_of(submission)).order_by("id"))
    names = names_of(audit.by for audit in audits)
    events = [_created(submission, names)]
    events += [event for audit in audits if (event := _changed(submission, audit, names))]
    shown = _without_repeats(events)
    return sorted(shown, key=lambda event: (event.at, shown.index(event)), reverse=True)


def _created(submission: Submission, names: Names) -> Line:
    by = names.get(submission.created_by.removeprefix("user:")) or submission.created_by.removeprefix("user:")
    return Line(_("Opprettet"), by, submission.created_at, "neutral")


def _changed(submission: Submission, audit: AuditEvent, names: Names) -> Line | None:
    _before, arrow, after = audit.what.partition("->")
    if audit.what in _SAID:
        said = present(audit)
        return Line(said.title, " · ".join(filter(None, [person(audit.by, names), *said.parts])), audit.at, said.colour)
    if not arrow or after not in S.values:
        return None
    title = state_title(Submission, after)
    text = _text(submission, after, person(audit.by, names), audit)
    return Line(title, text, audit.at, "success" if after in _GOOD else colour(after))


_GOOD = {S.READY, S.DELIVERED, S.ACCEPTED}


_SAID = {
    T.APPROVAL_ASKED, T.APPROVAL_WITHDRAWN, T.APPROVAL_REFUSED, T.APPROVAL_DROPPED, T.APPROVED, T.CORRECTION_TOLD,
    T.CONTRADICTED, T.ANSWER_CHOSEN, T.FILES_DELETED, T.EVIDENCE_DELETED,
}  # fmt: skip
"""What persons said, and what was deleted, beside the changes of state."""


def _text(submission: Submission, after: str, who: str, audit: AuditEvent) -> str:
    texts: dict[str, Callable[[], str]] = {
        S.READY: lambda: _checked_text(submission),
        S.QUEUED: lambda: " · ".join(filter(None, [who, _confirmed_text(audit)])),
        S.SENDING: lambda: _calls_text(submission),
        S.UNCERTAIN: lambda: _("Svaret på siste kall ble borte. Vi undersøker før noe sendes igjen."),
        S.DELIVERED: lambda: _delivered_text(submission),
        S.ACCEPTED: lambda: _feedback_text(submission),
        S.REJECTED: lambda: _feedback_text(submission),
    }
    return texts[after]() if after in texts else who


def _feedback_text(submission: Submission) -> str:
    number = sum(document.role == Document.Role.FEEDBACK for document in submission.documents.all())
    text = ngettext("%(n)s dokument", "%(n)s dokumenter", number) % {"n": number}
    return _("Tilbakemelding hentet fra Dialogporten") + (f", {text}" if number else "")


def _delivered_text(submission: Submission) -> str:
    if submission.receipt_reference:
        return _("Kvittering fra Skatteetaten · referanse %(reference)s") % {"reference": submission.receipt_reference}
    return _("Funnet i Dialogporten · forsendelse %(id)s") % {"id": submission.transmission_id}


def _checked_text(submission: Submission) -> str:
    warnings = submission.warnings
    if not warnings:
        return _("Ingen feil i filene")
    return ngettext("Ingen feil, %(n)s advarsel", "Ingen feil, %(n)s advarsler", warnings) % {"n": warnings}


def _confirmed_text(audit: AuditEvent) -> str:
    """The questions the user confirmed."""
    words = {"warnings": _("sendte til tross for advarsler"), "duplicate": _("sendte de samme filene igjen")}
    return ", ".join(words[code] for code in audit.detail.get("confirmed", []) if code in words)


def _calls_text(submission: Submission) -> str:
    """Number and time of the calls, and whether a file was sent again. Asking again how a control went is no repetition."""
    made = [call for call in submission.calls.all() if call.attempts]
    if not made:
        return ""
    text = ngettext("%(n)s kall", "%(n)s kall", len(made)) % {"n": len(made)}
    text += f", {sum(call.milliseconds or 0 for call in made)} ms"
    again = any(call.attempts > 1 and call.document_id for call in made)
    return f"{text} · " + _("forsøkt på nytt med samme nøkkel") if again else text


def _without_repeats(events: list[Line]) -> list[Line]:
    """Keep only the last of repeated queue and sending events."""
    repeated = {state_title(Submission, status) for status in (S.QUEUED, S.SENDING, S.UNCERTAIN)}
    last = {event.title: position for position, event in enumerate(events)}
    return [e for position, e in enumerate(events) if e.title not in repeated or last[e.title] == position]
