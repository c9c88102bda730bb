"""Mails the link to many customers that were picked in the list of accesses."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.guard import StaffRequest
from portal.core.confirm import Question, word_in
from portal.core.formats import spelled_time
from portal.core.selection import confirm_many, picked
from systemusers.models import Access, Invitation
from systemusers.services import invitations

REASONS: dict[str, Callable[[], str]] = {
    "ANSWERED": lambda: _("Kunden har svart, eller forespørselen er avsluttet."),
    "JUST_SENT": lambda: _("En e-post er sendt den siste timen. Vent litt før du sender en til."),
    "RUNNING": lambda: _("E-post er bestilt, sendt det siste døgnet eller så mange ganger som planen tillater."),
    Invitation.Why.LINK_CLOSED: lambda: _("Lenken er stengt. Lag en ny først."),
    Invitation.Why.BY_CUSTOMER: lambda: _("Kunden har bedt om å slippe e-post om dette. Ring, eller send et brev."),
    Invitation.Why.NO_ADDRESS: lambda: _("Kunden har ingen e-postadresse her."),
    Invitation.Why.ENDED: lambda: _("Kundeforholdet er avsluttet."),
    Invitation.Why.RETURNED: lambda: _("Det er ikke sendt noen e-post som kan ha kommet i retur."),
}


def act_on(request: StaffRequest, rows: QuerySet[Access]) -> HttpResponse:
    """Mail the picked ones of `rows`, and remind those who were mailed before, after a page that names their number."""
    chosen = picked(request, rows).filter(status__in=invitations.ASKING)
    page = confirm_many(request, chosen, ask=lambda number: _question(request, number))
    if page is not None:
        return page
    ids = list(chosen.values_list("pk", flat=True))
    result = invitations.order(accesses=ids, by=request.user.actor, at=timezone.now(), reminds=True)
    done = len(result.ordered)
    messages.success(request, ordered_text(done, otherwise=_("Sendes nå.")))
    for code, skipped in result.excluded.items():
        messages.warning(request, _("%(n)s hoppet over: %(why)s") % {"n": len(skipped), "why": REASONS[code]()})
    return redirect(request.get_full_path())


def ordered_text(number: int, *, otherwise: str) -> str:
    """How many mails are ordered, and when they leave: `otherwise` where the hours of the plan hold nothing back."""
    at = timezone.now()
    earliest = invitations.earliest(at)
    text = ngettext("%(n)s e-post er bestilt.", "%(n)s e-poster er bestilt.", number) % {"n": number}
    later = _("Sendes tidligst %(at)s.") % {"at": spelled_time(earliest)}
    return f"{text} {later if earliest > at else otherwise}" if number else text


def _question(request: StaffRequest, number: int) -> Question:
    return Question(
        title=_("Send lenken på e-post"),
        consequences=[
            ngettext("Lenken sendes til %(n)s kunde.", "Lenken sendes til %(n)s kunder.", number) % {"n": number},
            _(
                "De som har fått lenken og ikke svart, får en påminnelse, men ikke hvis de fikk e-post det siste døgnet."
            ),
            _("De som mangler e-postadresse eller har bedt om å slippe, blir hoppet over."),
            _("E-postene går innenfor tidene i planen, og de som ikke svarer, får påminnelser etter den."),
        ],
        button=_("Send"),
        trail=[(_("Tilganger"), request.get_full_path())],
        word=word_in(request.environment),
        colour="info",
    )
