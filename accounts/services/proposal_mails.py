"""Mails about what takes two persons: to those who may approve it, and to whoever proposed it when it is over.

Everybody gets them who has not chosen otherwise. What is proposed stands on the page that they lead to.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.capabilities import enabled
from accounts.models import Notice, NotificationPlan, Proposal, User
from accounts.services import staff_mails
from accounts.services.actors import ids_of, names_of, person
from portal.core.formats import spelled_date


def asked(*, proposal: Proposal, able: Iterable[User], at: datetime) -> None:
    """In the transaction that stores it."""
    who = person(proposal.proposed_by, names_of([proposal.proposed_by]))
    for user in _wanting(able):
        with translation.override(user.language):
            lines = [
                _("%(who)s ber deg se på dette. Det blir ikke gjort før en av dere godkjenner det:") % {"who": who},
                f"{proposal.get_kind_display()}: {proposal.about}",
                "",
                _("Det går ut %(day)s.") % {"day": spelled_date(proposal.expires_at)},
                _address(proposal),
            ]
            key = f"proposal:{proposal.pk}:{user.pk}"
            subject = _("Portalen: noe venter på at du godkjenner det")
            staff_mails.put_to(user, key=key, subject=subject, lines=lines, at=at, give_up_at=proposal.expires_at)


def over(*, proposal: Proposal, at: datetime) -> None:
    """In the transaction in which it ends, with the state that it has then. A reason stands on the page alone."""
    first = User.objects.filter(pk__in=ids_of([proposal.proposed_by]), is_active=True)
    by = person(proposal.answered_by, names_of([proposal.answered_by])) if proposal.answered_by else ""
    for user in _wanting(first):
        with translation.override(user.language):
            state = proposal.get_status_display()
            lines = [
                f"{proposal.get_kind_display()}: {proposal.about}",
                f"{state} ({by})" if by else state,
                "",
                _address(proposal),
            ]
            key = f"proposal-over:{proposal.pk}:{user.pk}"
            staff_mails.put_to(
                user, key=key, subject=_("Forslaget ditt: %(state)s") % {"state": state}, lines=lines, at=at
            )


def _address(proposal: Proposal) -> str:
    where = {"environment": (proposal.environment or next(enabled())).lower(), "pk": proposal.pk}
    return f"{settings.PORTAL_URL}{reverse('proposal', kwargs=where)}"


def _wanting(people: Iterable[User]) -> list[User]:
    found = list(people)
    chosen = dict(NotificationPlan.objects.filter(user__in=found).values_list("user", "at_once"))
    return [user for user in found if Notice.PROPOSAL in chosen.get(user.pk, [Notice.PROPOSAL])]
