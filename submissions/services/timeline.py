"""A submission's history, newest first: changes of state with who did it, calls, and what came from Dialogporten."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from portal.models import AuditEvent
from portal.templatetags.ui import colour
from submissions.models import Document, Submission

S = Submission.Status
OUR_MACHINE = "task:"


@dataclass(frozen=True)
class Event:
    """One line. `colour` is Designsystemet's name of it."""

    title: str
    text: str
    at: datetime
    colour: str


def timeline(submission: Submission) -> list[Event]:
    """All of it, in five queries whatever its length."""
    audits = list(AuditEvent.objects.filter(target=f"{submission._meta.label}:{submission.pk}").order_by("id"))
    names = dict(User.objects.filter(email__in=_emails(audits)).values_list("email", "name"))
    events = [_created(submission, names)]
    events += [event for audit in audits if (event := _changed(submission, audit, names))]
    events += _feedback(submission)
    return sorted(_without_repeats(events), key=lambda event: event.at, reverse=True)


def _emails(audits: list[AuditEvent]) -> set[str]:
    return {audit.by.removeprefix("user:") for audit in audits if audit.by.startswith("user:")}


def person(actor: str, names: dict[str, str]) -> str:
    """Who it was, as a person would say it; "" for our own machine."""
    return "" if actor.startswith(OUR_MACHINE) else names.get(actor.removeprefix("user:"), actor.removeprefix("user:"))


def _created(submission: Submission, names: dict[str, str]) -> Event:
    by = names.get(submission.created_by.removeprefix("user:")) or submission.created_by.removeprefix("user:")
    return Event(_("Opprettet"), by, submission.created_at, "neutral")


def _changed(submission: Submission, audit: AuditEvent, names: dict[str, str]) -> Event | None:
    _before, arrow, after = audit.what.partition("->")
    if not arrow or after not in S.values:
        return None
    title = str(_("Kontrollert hos oss")) if after == S.READY else str(S(after).label)
    text = _text(submission, after, person(audit.by, names))
    return Event(title, text, audit.at, "success" if after in _GOOD else colour(after))


_GOOD = {S.READY, S.SENDING, S.DELIVERED, S.ACCEPTED}


def _text(submission: Submission, after: str, who: str) -> str:
    if after == S.DELIVERED:
        return _delivered_text(submission)
    if after == S.SENDING:
        return _calls_text(submission)
    if after == S.UNCERTAIN:
        return _("Svaret på siste kall ble borte. Vi undersøker før noe sendes igjen.")
    if after == S.READY:
        return _("Ingen feil i filene")
    return who


def _delivered_text(submission: Submission) -> str:
    if submission.receipt_reference:
        return _("Kvittering fra Skatteetaten · referanse %(reference)s") % {"reference": submission.receipt_reference}
    return _("Funnet i Dialogporten · forsendelse %(id)s") % {"id": submission.transmission_id}


def _calls_text(submission: Submission) -> str:
    made = [call for call in submission.calls.all() if call.attempts]
    text = ngettext("%(n)s kall", "%(n)s kall", len(made)) % {"n": len(made)}
    return f"{text}, {sum(call.milliseconds or 0 for call in made)} ms · " + _("samme nøkkel ved nytt forsøk")


def _feedback(submission: Submission) -> list[Event]:
    """Transmissions of others that answer ours, and how many documents they brought."""
    events = []
    for transmission in submission.transmissions.prefetch_related("documents"):
        documents = [d for d in transmission.documents.all() if d.role == Document.Role.FEEDBACK]
        if documents:
            text = ngettext("%(n)s dokument", "%(n)s dokumenter", len(documents)) % {"n": len(documents)}
            title = _("Tilbakemelding hentet fra Dialogporten")
            events.append(Event(title, text, max(d.stored_at for d in documents), colour(transmission.type)))
    return events


def _without_repeats(events: list[Event]) -> list[Event]:
    """A report that waits for Skatteetaten goes in and out of the queue; the last round tells enough."""
    latest: dict[str, Event] = {}
    rest = []
    repeated = {str(status.label) for status in (S.QUEUED, S.SENDING, S.UNCERTAIN)}
    for event in events:
        if event.title in repeated:
            latest[event.title] = event
        else:
            rest.append(event)
    return [*rest, *latest.values()]
