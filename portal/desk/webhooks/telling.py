"""Mails to those who keep integrations: a webhook was paused, and it goes on. Once for each pause."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import Capability, User
from accounts.services import staff_mails
from portal.core.environments import Environment
from portal.core.webhooks.row import Webhook
from portal.desk.webhooks.shown import how_now
from portal.explain import explain

UNTOLD = Q(paused_at__isnull=False) & (Q(pause_told_at=None) | Q(pause_told_at__lt=F("paused_at")))
GOES_ON = Q(paused_at=None, pause_told_at__isnull=False, accepted_at__gt=F("pause_told_at"))
"""Started again, and the receiver has accepted something since."""


def tell(*, at: datetime) -> None:
    """Put the mails that are due into the outbox. Run again, it puts nothing new."""
    for pk in list(Webhook.objects.filter(UNTOLD | GOES_ON).values_list("pk", flat=True)):
        with transaction.atomic():
            rows = Webhook.objects.filter(UNTOLD | GOES_ON, pk=pk).select_for_update(skip_locked=True)
            if hook := rows.first():
                _tell(hook, at)
                Webhook.objects.filter(pk=pk).update(pause_told_at=at if hook.paused_at else None)


def _tell(hook: Webhook, at: datetime) -> None:
    for user in User.objects.who_may(Capability.INTEGRATE, hook.environment).exclude(email="").order_by("pk"):
        with translation.override(user.language):
            what, moment = ("paused", hook.paused_at) if hook.paused_at else ("goes-on", hook.pause_told_at)
            subject, lines = _paused(hook) if hook.paused_at else _goes_on(hook)
            key = f"webhook-{what}:{hook.pk}:{moment:%Y%m%d%H%M%S%f}:{user.pk}"
            staff_mails.put_to(user, key=key, subject=subject, lines=[*lines, "", _address(hook)], at=at)


def _paused(hook: Webhook) -> tuple[str, list[str]]:
    about = explain(hook.problem_code)
    lines = [
        _("Fagsystemet bak webhooken til %(host)s (%(environment)s) får ikke vite hva som skjer.") % _names(hook),
        f"{about.title}. {about.cause}",
        how_now(hook),
    ]
    return _("Webhooken til %(host)s er satt på pause") % _names(hook), lines


def _goes_on(hook: Webhook) -> tuple[str, list[str]]:
    lines = [_("Webhooken til %(host)s (%(environment)s) er startet, og mottakeren tar imot.") % _names(hook)]
    return _("Webhooken til %(host)s er i gang igjen") % _names(hook), lines


def _names(hook: Webhook) -> dict[str, object]:
    return {"host": hook.host, "environment": Environment(hook.environment).label}


def _address(hook: Webhook) -> str:
    where = reverse("webhook", kwargs={"environment": Environment(hook.environment), "pk": hook.pk})
    return f"{settings.PORTAL_URL}{where}"
