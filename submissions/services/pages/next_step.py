"""The next step of a submission and who must take it: shown in lists and on its page."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.core.formats import clock
from portal.core.next_step import NextStep, page_of, standstill
from portal.explain import NOBODY, Explanation, explain
from portal.gateways import statuses
from submissions.models import Submission
from submissions.services.sending import hand_over
from systemusers.services.client_relations.ways import settling_since

SLOW = timedelta(hours=1)
S = Submission.Status


def next_step(submission: Submission, *, at: datetime, working: bool) -> NextStep:
    """No queries: everything comes from the row, which `with_correction` has loaded.

    `working` is `heartbeat.is_working`: without it nothing is promised that only background work can keep.
    """
    if submission.contradicted_at is not None:
        return NextStep(
            _("Svarene motsier hverandre. Si hvilket som gjelder"), _("Dere"), _url(submission, "two-title")
        )
    if not working and submission.status in WHILE_STOPPED:
        return _while_stopped(submission, at)
    return _STEPS[S(submission.status)](submission, at)


def _url(submission: Submission, anchor: str = "") -> str:
    return page_of(submission, "submission", anchor)


WHILE_STOPPED = {
    S.QUEUED: gettext_lazy("Står i kø. Sendes når portalen arbeider igjen"),
    S.SENDING: gettext_lazy("Sendingen går videre når portalen arbeider igjen"),
    S.UNCERTAIN: gettext_lazy("Svaret ble borte. Vi undersøker om oppgaven kom fram når portalen arbeider igjen"),
    S.DELIVERED: gettext_lazy("Levert. Svaret hentes når portalen arbeider igjen"),
}
"""What the states say that background work leads on from, while there is none."""


def _while_stopped(row: Submission, at: datetime) -> NextStep:
    if row.status == S.UNCERTAIN and at - row.status_at > SLOW:
        return _uncertain(row, at)  # a person is asked to act
    if row.status == S.QUEUED and row.problem_code:
        explanation = explain(row.problem_code)
        text = _("%(what)s. Prøver igjen når portalen arbeider igjen") % {"what": explanation.title}
        return NextStep(text) if explanation.who == NOBODY else NextStep(text, str(explanation.who), _url(row))
    return NextStep(str(WHILE_STOPPED[S(row.status)]))


def _draft(row: Submission, at: datetime) -> NextStep:
    if not row.is_checked:
        return NextStep(_("Filene kontrolleres"), "", _url(row, "control"))
    if row.errors:
        return NextStep(_("Rett feilene i filene"), _("Dere"), _url(row, "files"))
    return NextStep(_("Legg til filer"), _("Dere"), _url(row, "files"))


def _ready(row: Submission, at: datetime) -> NextStep:
    if getattr(row, "approval_asked_by", None):
        return NextStep(_("Venter på at en annen godkjenner"), _("Dere"), _url(row, "send"))
    return NextStep(_("Se over og send"), _("Dere"), _url(row, "send"))


def problem_of(row: Submission, at: datetime) -> Explanation:
    """What it waits for. Rights that may only not have settled yet are not called missing. One query for a lacking right."""
    is_about_rights = statuses.is_about_rights(row.problem_code)
    approved_at = settling_since(access=row.access, customer=row.customer) if is_about_rights else None
    settling = statuses.is_settling(approved_at=approved_at, at=at)
    return explain("RIGHTS_SETTLING" if settling else row.problem_code)


def _waiting(row: Submission, at: datetime) -> NextStep | None:
    """The problem that it waits for, and until when."""
    if not row.problem_code or row.next_attempt_at is None or row.next_attempt_at <= at:
        return None
    explanation = problem_of(row, at)
    text = _("%(what)s. Prøver igjen kl. %(clock)s") % {
        "what": explanation.title,
        "clock": clock(row.next_attempt_at, seconds=True),
    }
    return NextStep(text) if explanation.who == NOBODY else NextStep(text, str(explanation.who), _url(row))


def _queued(row: Submission, at: datetime) -> NextStep:
    return _waiting(row, at) or standstill(row, at=at) or NextStep(_("Sendes snart"))


def is_in_work_elsewhere(row: Submission, at: datetime) -> bool:
    """Whether the remote works on a step of it, and we look again later."""
    is_planned = row.next_attempt_at is not None and row.next_attempt_at > at
    return row.status == S.SENDING and is_planned and not row.problem_code and row.lease_until is None


def _in_work_elsewhere(row: Submission, at: datetime) -> NextStep | None:
    if not is_in_work_elsewhere(row, at) or row.next_attempt_at is None:
        return None
    text = _("Skatteetaten kontrollerer filen. Vi ser etter igjen kl. %(clock)s") % {
        "clock": clock(row.next_attempt_at, seconds=True)
    }
    return NextStep(text, _("Skatteetaten"))


def _sending(row: Submission, at: datetime) -> NextStep:
    return _waiting(row, at) or _in_work_elsewhere(row, at) or standstill(row, at=at) or NextStep(_("Sendes nå"))


def _uncertain(row: Submission, at: datetime) -> NextStep:
    if at - row.status_at > SLOW:
        text = _("Ring Skatteetaten og spør om de har oppgaven. Send den ikke på nytt.")
        return NextStep(text, _("Dere"), _url(row))
    return standstill(row, at=at) or NextStep(_("Svaret ble borte. Vi undersøker om oppgaven kom fram"))


def _delivered(row: Submission, at: datetime) -> NextStep:
    if row.next_attempt_at is None and hand_over.is_for_person(row):
        return _to_be_read(row, at)
    return NextStep(_("Venter på svar"), _("Skatteetaten"))


def _to_be_read(row: Submission, at: datetime) -> NextStep:
    """The answer was found, or we have stopped looking: its form is not public, so a person reads it."""
    if row.problem_code == hand_over.UNSEEN or at - row.status_at > hand_over.MOST_PATIENCE:
        return NextStep(_("Se etter svaret i Altinn"), _("Dere"), _url(row))
    return NextStep(_("Les svaret fra Skatteetaten"), _("Dere"), _url(row, "documents"))


def _accepted(row: Submission, at: datetime) -> NextStep:
    return NextStep(_("Ferdig"))


def _rejected(row: Submission, at: datetime) -> NextStep:
    return _correction(row) or NextStep(_("Last opp rettet fil"), _("Dere"), _url(row, "reasons"))


def _correction(row: Submission) -> NextStep | None:
    """The step for an existing correction: a draft, or one that was sent."""
    correction = getattr(row, "correction_id", None)
    if correction is None:
        return None
    url = reverse("submission", kwargs={"environment": row.environment, "pk": correction})
    if getattr(row, "correction_status", "") in (S.DRAFT, S.READY):
        return NextStep(_("Gjør rettelsen ferdig"), _("Dere"), url)
    return NextStep(_("Se rettelsen"), "", url)


def _needs_person(row: Submission, at: datetime) -> NextStep:
    if row.problem_code == "ALREADY_THERE":
        return NextStep(_("Velg: send, ta over eller forkast"), _("Dere"), _url(row))
    if row.problem_code == "CONFIRM_IN_ALTINN":
        return NextStep(_("Bekreft i Altinn"), _("Kunden"), _url(row))
    if row.problem_code:
        explanation = explain(row.problem_code)
        who = str(explanation.who) if explanation.who != NOBODY else _("Kunden")
        return NextStep(str(explanation.how), who, _url(row))
    return NextStep(_("Logg inn hos Skatteetaten og gjør det ferdig"), _("Kunden"), _url(row))


def _failed(row: Submission, at: datetime) -> NextStep:
    explanation = explain(row.problem_code)
    return _correction(row) or NextStep(str(explanation.how), str(explanation.who), _url(row, "reasons"))


def _cancelled(row: Submission, at: datetime) -> NextStep:
    if row.problem_code:
        explanation = explain(row.problem_code)
        return NextStep(str(explanation.title), str(explanation.who), _url(row))
    return NextStep(_("Avbrutt før sending"))


_STEPS = {
    S.DRAFT: _draft,
    S.READY: _ready,
    S.QUEUED: _queued,
    S.SENDING: _sending,
    S.UNCERTAIN: _uncertain,
    S.DELIVERED: _delivered,
    S.ACCEPTED: _accepted,
    S.REJECTED: _rejected,
    S.NEEDS_PERSON: _needs_person,
    S.FAILED: _failed,
    S.CANCELLED: _cancelled,
}
