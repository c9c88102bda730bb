"""Conditions for sending a report, and questions that the user must confirm.

Used by the page before the button is shown and again by `queue` under a lock; no call is made here.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.core.formats import spelled_date
from submissions.models import Submission
from submissions.services import catalogue, production_start
from submissions.services.drafting.beside import taken, told
from submissions.services.local import Local
from submissions.services.versions import SENT, find_corrected
from submissions.services.ways import main_unit_of
from systemusers.services.client_relations.ways import way_of


@dataclass(frozen=True)
class Preflight:
    """`problems` stop the sending; `questions` (code, text) must be answered yes first.

    `hashes`: of the files, as of `hashes`. `latest`: the newest other delivery.
    """

    problems: list[str]
    questions: list[tuple[str, str]]
    hashes: list[str] = field(default_factory=list)
    latest: Submission | None = None


def token(submission: Submission, shown: Preflight) -> str:
    """What the question "send?" is bound to: the files, the state, the questions, and the latest other delivery."""
    latest = [shown.latest.pk, shown.latest.status] if shown.latest else []
    codes = [code for code, _text in shown.questions]
    parts = [submission.pk, submission.status, shown.hashes, submission.warnings, codes, latest]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def preflight(submission: Submission, *, settings: Local | None = None) -> Preflight:
    """Access, service, scope, control, the checklist for production, and whether the same was sent before. `settings`: of its
    environment, when they are loaded."""
    ours, latest = hashes(submission), _others(submission).first()
    problems = _problems(submission, ours, settings or catalogue.local(submission.environment))
    return Preflight(problems, _questions(submission, ours, latest), ours, latest)


def _problems(submission: Submission, ours: list[str], settings: Local) -> list[str]:
    problems = []
    if not submission.is_checked:
        problems.append(_("Filene kontrolleres. Vent til kontrollen er ferdig."))
    elif submission.status != Submission.Status.READY:
        problems.append(_("Rett feilene i filene først.") if ours else _("Legg til filer først."))
    if _was_turned_down(submission, ours):
        problems.append(_("Filene er de samme som ble avvist. Last opp en rettet fil."))
    if _is_known(submission):
        problems.append(
            _("En melding med samme id er sendt før. Lag filen på nytt i fagsystemet, så den får en egen id.")
        )
    if submission.answers_id is None and (main := main_unit_of(submission.customer)):
        text = _(
            "Kunden er en underenhet i Enhetsregisteret. Oppgaven må leveres for hovedenheten, som har nummer %(main)s."
        )
        problems.append(text % {"main": main})
    if reason := production_start.obstacle(submission):
        problems.append(reason)
    if submission.access is None:
        return [*problems, _("Kunden har ingen tilgang som innsendingen kan gå gjennom.")]
    availability = catalogue.availability_of(
        way=way_of(access=submission.access, customer=submission.customer),
        service=catalogue.service(submission.service),
        settings=settings,
    )
    return problems if availability.is_allowed else [*problems, availability.reason]


def _is_known(submission: Submission) -> bool:
    """The id that the report carries is that of one that was sent: after this draft was checked, or by another service that
    takes the same reports."""
    own = submission.own_reference
    sent = Submission.objects.filter(customer=submission.customer_id, status__in=SENT)
    return bool(own) and sent.filter(own_reference=own).exclude(pk=submission.pk).exists()


def is_what_was_turned_down(submission: Submission) -> bool:
    """The same files would be rejected again. Files of a FAILED submission may be sent again."""
    return _was_turned_down(submission, hashes(submission))


def _was_turned_down(submission: Submission, ours: list[str]) -> bool:
    earlier = find_corrected(submission)
    return earlier is not None and earlier.status == Submission.Status.REJECTED and hashes(earlier) == ours


def _questions(submission: Submission, ours: list[str], latest: Submission | None) -> list[tuple[str, str]]:
    questions = []
    number = submission.warnings
    if number:
        text = ngettext("Kontrollen har %(n)s advarsel.", "Kontrollen har %(n)s advarsler.", number)
        questions.append(("warnings", text % {"n": number} + " " + _("Jeg har lest, og vil sende likevel.")))
    same = identical(submission, ours)
    if same:
        text = _("De samme filene er sendt før (%(when)s, %(state)s). Jeg vil sende dem en gang til.")
        when = spelled_date(same.queued_at) if same.queued_at else ""
        questions.append(("duplicate", text % {"when": when, "state": same.get_status_display().lower()}))
    elif latest:
        questions.append(("replaces", told(latest, new=submission) + " " + _("Jeg vil sende likevel.")))
    return questions


def _others(submission: Submission) -> QuerySet[Submission]:
    """What Skatteetaten has for the same customer, service and period, or soon may; the newest first."""
    return taken(Submission.objects.like(submission))


def identical(submission: Submission, ours: list[str]) -> Submission | None:
    """The newest other submission of the same customer and period with the same files that was not rejected, by whatever service."""
    rows = Submission.objects.filter(customer=submission.customer_id, answers_id=submission.answers_id)
    rows = rows if submission.answers_id else rows.filter(**submission.period.columns())
    sharing = taken(rows).filter(documents__sha256__in=ours).exclude(pk=submission.pk).distinct()
    return next((other for other in sharing if hashes(other) == ours), None)


def hashes(submission: Submission) -> list[str]:
    """SHA-256 of each form in the package, sorted: its fingerprint. One query, of nothing else."""
    return sorted(submission.documents.forms().order_by().values_list("sha256", flat=True))
