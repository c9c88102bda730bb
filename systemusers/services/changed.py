"""What happened to accesses and campaigns, as it is counted and listed."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.core.changed import Change
from systemusers.models import Access, Campaign

R = Access.Status
APPROVED = Change("approved", _("Godkjent"), Q(status__in=Access.USABLE), "answered_at")
LOST = Change("lost", _("Fjernet av kunden"), Q(status=R.REMOVED), "status_at")
DECLINED = Change("declined", _("Avvist eller utløpt"), Q(status__in=[R.REJECTED, R.EXPIRED]), "status_at")
OF_ACCESSES = (APPROVED, LOST, DECLINED)
DONE = Change("done", _("Ferdig"), Q(status=Campaign.Status.DONE), "status_at")
OF_CAMPAIGNS = (DONE,)
