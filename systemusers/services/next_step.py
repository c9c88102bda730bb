"""The next step of an access and who must take it: shown in lists and on its page."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.core.formats import clock, spelled_time
from portal.core.lease import ROUNDS_BEFORE_A_PERSON
from portal.core.next_step import NextStep, page_of, standstill
from portal.explain import NOBODY, explain
from systemusers.models import Access, Invitation, Kind, System

UNANSWERED = timedelta(days=7)
"""A link that nobody opened, or a request that nobody approved, for so long is followed up."""
S = Access.Status


def step_of(access: Access, *, at: datetime, working: bool) -> NextStep:
    """The next step, also of a customer whose relation has ended. `customer` was loaded with the row, too."""
    if not access.customer.is_ended:
        return next_step(access, at=at, working=working)
    if access.status in {*Access.USABLE, S.UNKNOWN}:
        return NextStep(_("Bare kunden kan fjerne tilgangen i Altinn"), _("Kunden"))
    if access.status in Access.ENDED:
        return NextStep(_("Ingenting å gjøre"))
    trouble = _waiting(access, at) if working else None
    return trouble or NextStep(
        _("Trekkes tilbake i Altinn") if working else _("Trekkes tilbake når portalen arbeider igjen")
    )


def next_step(access: Access, *, at: datetime, working: bool) -> NextStep:
    """No queries where `profile__system` and `client_round` were loaded with the row.

    `working` is `heartbeat.is_working`: without it nothing is promised that only background work can keep.
    """
    if access.profile.system.status == System.Status.DELETED:
        return NextStep(_("Systemet er slettet i Altinn. Be om tilgang på nytt med et annet system"), _("Dere"))
    if access.missing_since and access.status in Access.USABLE:
        return NextStep(
            _("Tilgangen ser ut til å være borte. Vi undersøker en gang til før vi sier det sikkert")
            if working
            else _("Tilgangen ser ut til å være borte. Vi undersøker en gang til når portalen arbeider igjen")
        )
    if not working and access.status in (S.DRAFT, S.UNKNOWN):
        return _while_stopped(access, at)
    if working and access.failures >= ROUNDS_BEFORE_A_PERSON and access.status != S.DRAFT:
        return _waiting(access, at) or _STEPS[S(access.status)](access, at)
    return _STEPS[S(access.status)](access, at)


def _url(row: Access, anchor: str = "") -> str:
    return page_of(row, "access", anchor)


def _while_stopped(row: Access, at: datetime) -> NextStep:
    """For the two states that background work leads on from."""
    if row.status == S.UNKNOWN:
        return NextStep(_("Altinn og Maskinporten sier ikke det samme. Vi undersøker når portalen arbeider igjen"))
    if row.problem_code and row.next_attempt_at is None:
        return _draft(row, at)  # it waits for a person
    return NextStep(_("Sendes til Altinn når portalen arbeider igjen"))


def _draft(row: Access, at: datetime) -> NextStep:
    if row.problem_code and row.next_attempt_at is None:
        reason = explain(row.problem_code)
        return NextStep(str(reason.title), str(reason.who), _url(row))
    return _waiting(row, at) or standstill(row, at=at) or NextStep(_("Sendes til Altinn nå"))


def _waiting(row: Access, at: datetime) -> NextStep | None:
    """What the last round met, and when the next one comes; None when there is no problem."""
    if not row.problem_code or row.next_attempt_at is None or row.next_attempt_at <= at:
        return None
    reason = explain(row.problem_code)
    text = _("%(what)s. Prøver igjen kl. %(clock)s") % {
        "what": reason.title,
        "clock": clock(row.next_attempt_at, seconds=True),
    }
    return NextStep(text) if reason.who == NOBODY else NextStep(text, str(reason.who), _url(row))


def _sent(row: Access, at: datetime) -> NextStep:
    since = at - (row.sent_at or at)
    if since >= UNANSWERED:
        text = ngettext("Lenken er ikke åpnet på %(n)s dag", "Lenken er ikke åpnet på %(n)s dager", since.days)
        return NextStep(text % {"n": since.days}, _("Dere sender lenken på nytt, eller ringer"), _url(row, "link"))
    return _telling(row, at) or NextStep(_("Send lenken til kunden"), _("Dere"), _url(row, "telling"))


def _telling(row: Access, at: datetime) -> NextStep | None:
    """What the mails to the customer have come to; None when nobody has told the customer, and no mail is under way."""
    plan: Invitation | None = getattr(row, "invitation", None)
    if plan is None:
        return None
    if plan.stopped_why in Invitation.FAILED:
        return NextStep(_("E-posten kom ikke fram. Varsle kunden på en annen måte"), _("Dere"), _url(row, "telling"))
    if plan.told_at is not None:
        return NextStep(_("Kunden er varslet, og må åpne lenken"), _("Kunden"), _url(row, "telling"))
    if plan.stopped_at is None:
        later = plan.next_attempt_at is not None and plan.next_attempt_at > at
        text = _("E-posten til kunden sendes %(at)s") if later else _("E-posten til kunden er bestilt")
        spelled = spelled_time(plan.next_attempt_at) if plan.next_attempt_at else ""
        return NextStep(text % {"at": spelled} if later else text, "", _url(row, "telling"))
    return None


def _opened(row: Access, at: datetime) -> NextStep:
    return NextStep(_("Kunden må godkjenne i Altinn"), _("Kunden"), _url(row))


def _forwarded(row: Access, at: datetime) -> NextStep:
    return NextStep(_("Tilgangsstyrer hos kunden må godkjenne"), _("Kunden"), _url(row))


def _about_clients(row: Access) -> NextStep | None:
    """What an access for clients lacks before anything can be sent with it; None when it has clients, or is no such access."""
    if row.profile.kind != Kind.AGENT:
        return None
    url = page_of(row, "clients")
    round_ = getattr(row, "client_round", None)
    if round_ is not None and round_.problem_code and round_.read_at is None:
        reason = explain(round_.problem_code)
        return NextStep(_("Klientene kan ikke leses: %(why)s") % {"why": reason.title}, str(reason.who), url)
    if round_ is None or round_.read_at is None:
        return NextStep(_("Klientene leses fra Altinn"), "", url)
    if not round_.clients:
        return NextStep(_("0 klienter. De må legges til i Altinn"), _("Regnskapsføreren"), url)
    text = ngettext("Alt i orden, %(n)s klient", "Alt i orden, %(n)s klienter", round_.clients)
    return NextStep(text % {"n": round_.clients}, "", url)


def _approved(row: Access, at: datetime) -> NextStep:
    if step := _about_clients(row):
        return step
    url = reverse("submission-new", kwargs={"environment": row.environment}) + f"?customer={row.customer_id}"
    return NextStep(_("Klar til bruk. Send den første oppgaven"), _("Dere"), url)


def _in_use(row: Access, at: datetime) -> NextStep:
    return _about_clients(row) or NextStep(_("Alt i orden"))


def _rejected(row: Access, at: datetime) -> NextStep:
    return NextStep(_("Ring kunden, og spør på nytt"), _("Dere"), _url(row, "renew"))


def _expired(row: Access, at: datetime) -> NextStep:
    return NextStep(_("Spør på nytt"), _("Dere"), _url(row, "renew"))


def _withdrawn(row: Access, at: datetime) -> NextStep:
    return NextStep(_("Spør på nytt hvis kunden likevel vil"), "", _url(row, "renew"))


def _removed(row: Access, at: datetime) -> NextStep:
    return NextStep(_("Snakk med kunden, og spør på nytt om de fortsatt vil"), _("Dere"), _url(row, "renew"))


def _needs_update(row: Access, at: datetime) -> NextStep:
    return NextStep(_("Profilen ber om mer enn kunden har godkjent. Be om endringen"), _("Dere"), _url(row))


def _unknown(row: Access, at: datetime) -> NextStep:
    quiet = standstill(row, at=at)
    return quiet or NextStep(_("Altinn og Maskinporten sier ikke det samme. Vi undersøker igjen av oss selv"))


_STEPS = {
    S.DRAFT: _draft,
    S.SENT: _sent,
    S.OPENED: _opened,
    S.FORWARDED: _forwarded,
    S.APPROVED: _approved,
    S.IN_USE: _in_use,
    S.REJECTED: _rejected,
    S.EXPIRED: _expired,
    S.WITHDRAWN: _withdrawn,
    S.REMOVED: _removed,
    S.NEEDS_UPDATE: _needs_update,
    S.UNKNOWN: _unknown,
}
