"""A submission's history, newest first: what happened and who did it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from portal.core.audit import AuditEvent
from portal.core.colours import colour
from submissions.models import Document, Submission

S = Submission.Status
MACHINES = ("task:", "remote:")


@dataclass(frozen=True)
class Event:
    """One line. `colour` is Designsystemet's name of it."""

    title: str
    text: str
    at: datetime
    colour: str


def timeline(submission: Submission) -> list[Event]:
    """All events, in four queries."""
    audits = list(AuditEvent.objects.filter(target=f"{submission._meta.label}:{submission.pk}").order_by("id"))
    names = dict(User.objects.filter(email__in=_emails(audits)).values_list("email", "name"))
    events = [_created(submission, names)]
    events += [event for audit in audits if (event := _changed(submission, audit, names))]
    shown = _without_repeats(events)
    return sorted(shown, key=lambda event: (event.at, shown.index(event)), reverse=True)


def _emails(audits: list[AuditEvent]) -> set[str]:
    return {audit.by.removeprefix("user:") for audit in audits if audit.by.startswith("user:")}


def person(actor: str, names: dict[str, str]) -> str:
    """The actor's name for display; "" for a task or a remote."""
    return "" if actor.startswith(MACHINES) else names.get(actor.removeprefix("user:"), actor.removeprefix("user:"))


def _created(submission: Submission, names: dict[str, str]) -> Event:
    by = names.get(submission.created_by.removeprefix("user:")) or submission.created_by.removeprefix("user:")
    return Event(_("Opprettet"), by, submission.created_at, "neutral")


def _changed(submission: Submission, audit: AuditEvent, names: dict[str, str]) -> Event | None:
    _before, arrow, after = audit.what.partition("->")
    if not arrow or after not in S.values:
        return None
    title = _title(S(after))
    text = _text(submission, after, person(audit.by, names), audit)
    return Event(title, text, audit.at, "success" if after in _GOOD else colour(after))


def _title(after: Submission.Status) -> str:
    """What happened, rather than the state it led to."""
    acts = {S.READY: _("Kontrollert hos oss"), S.QUEUED: _("Lagt i kø"), S.SENDING: _("Sending påbegynt")}
    return acts.get(after, str(after.label))


_GOOD = {S.READY, S.DELIVERED, S.ACCEPTED}


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
    words = {"warnings": _("ville sende med advarsler"), "duplicate": _("ville sende de samme filene igjen")}
    return ", ".join(words[code] for code in audit.detail.get("confirmed", []) if code in words)


def _calls_text(submission: Submission) -> str:
    """Number and time of the calls, and whether some were repeated."""
    made = [call for call in submission.calls.all() if call.attempts]
    if not made:
        return ""
    text = ngettext("%(n)s kall", "%(n)s kall", len(made)) % {"n": len(made)}
    text += f", {sum(call.milliseconds or 0 for call in made)} ms"
    again = any(call.attempts > 1 for call in made)
    return f"{text} · " + _("forsøkt på nytt med samme nøkkel") if again else text


def _without_repeats(events: list[Event]) -> list[Event]:
    """Keep only the last of repeated queue and sending events."""
    repeated = {_title(status) for status in (S.QUEUED, S.SENDING, S.UNCERTAIN)}
    last = {event.title: position for position, event in enumerate(events)}
    return [e for position, e in enumerate(events) if e.title not in repeated or last[e.title] == position]
