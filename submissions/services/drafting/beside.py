"""What a report does with the one that was sent before it about the same, in words: for the question before sending and for heaps.

Which replaces which is said by `versions.takes_the_place` alone.
"""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from portal.core.formats import spelled_date
from submissions.models import Submission
from submissions.services.versions import takes_the_place

TAKEN = ("QUEUED", "SENDING", "UNCERTAIN", "DELIVERED", "ACCEPTED", "NEEDS_PERSON")
"""States in which Skatteetaten has the package, or soon may."""


def taken(rows: QuerySet[Submission]) -> QuerySet[Submission]:
    """Those of `rows` that Skatteetaten has, or soon may; the newest first."""
    return rows.filter(status__in=TAKEN).order_by("-queued_at", "-pk")


def told(old: Submission, *, new: Submission | None) -> str:
    """One or two sentences. `new` None: there are files, and no draft of them yet, so that nobody has read the ids that they carry."""
    if new is not None and new.answers_id:
        return _("Det er alt sendt noe til denne dialogen. Dette kommer i tillegg.")
    if new is None and old.own_reference:
        return capfirst(_says_itself(old))
    if new is not None and not takes_the_place(new, old):
        return capfirst(_comes_beside(old))
    return capfirst(_replaces(old))


def _says_itself(other: Submission) -> str:
    text = _(
        "%(period)s har en melding fra før (%(state)s). En ny kommer i tillegg, om ikke filen selv sier at den erstatter den. "
        "Kladden viser hva filen sier."
    )
    return text % {"period": other.period.spoken, "state": other.get_status_display().lower()}


def _replaces(other: Submission) -> str:
    """What is there, and what becomes of it."""
    if other.delivered_at is None:
        text = _("En annen innsending for %(period)s er på vei (%(state)s). Denne kommer etter den, og erstatter den.")
        return text % {"period": other.period.spoken, "state": other.get_status_display().lower()}
    day = spelled_date(other.delivered_at)
    if other.status == Submission.Status.ACCEPTED:
        return _("%(period)s er levert og godkjent %(day)s. Denne erstatter den.") % {
            "period": other.period.spoken,
            "day": day,
        }
    return _("%(period)s er levert %(day)s. Denne erstatter den.") % {"period": other.period.spoken, "day": day}


def _comes_beside(other: Submission) -> str:
    """The report says itself what it replaces, and that is not `other`."""
    text = _("%(period)s har en melding fra før (%(state)s), som denne ikke erstatter. De står ved siden av hverandre.")
    return text % {"period": other.period.spoken, "state": other.get_status_display().lower()}
