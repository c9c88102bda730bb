"""Mails before a key in use ends, to those who want them: once for each key, threshold and person.

The thresholds are `lifecycle.WARNINGS`, as on every page. A key whose end is unknown is not warned of; the pages say so.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.services.notifications import wanting_key_warnings
from portal.core.environments import Environment
from portal.core.feed.event import Type
from portal.core.feed.tell import tell_once, told
from portal.core.outbox.put import put_mail
from portal.core.required import required
from systemusers.models import SigningKey
from systemusers.services.keys import lifecycle


def warn(*, at: datetime) -> None:
    """Put the mails that are due into the outbox. Run again, it puts nothing new. After the end the overview alone says so."""
    enabled = [environment.value for environment in Environment if environment.is_enabled]
    people = {environment: wanting_key_warnings(environment) for environment in enabled}
    last = at + max(lifecycle.WARNINGS)
    keys = SigningKey.objects.filter(status=SigningKey.Status.ACTIVE, client__environment__in=enabled)
    for key in keys.filter(expires_at__gt=at, expires_at__lte=last).select_related("client"):
        _tell(key, at)
        for user in people[key.client.environment]:
            _mail(key, user, at)


def _tell(key: SigningKey, at: datetime) -> None:
    """The vendor's own systems, once for each warning."""
    expires_at = required(key.expires_at, because="the key was chosen by it")
    if level := lifecycle.warning(expires_at, at=at):
        about = {"client": key.client.client_id, "expires_at": expires_at.isoformat()}
        event = told(Type.KEY_EXPIRING, key, at=at, environment=key.client.environment, **about)
        tell_once(event, key=f"{key.pk}:{expires_at:%Y%m%d}:{level}")


def _mail(key: SigningKey, user: User, at: datetime) -> None:
    level = lifecycle.warning(key.expires_at, at=at)
    expires_at = required(key.expires_at, because="the key was chosen by it")
    name = f"key-ends:{key.pk}:{expires_at:%Y%m%d}:{level}:{user.pk}"
    with translation.override(user.language), transaction.atomic():
        put_mail(EmailMessage(_subject(key, at), _text(key), to=[user.email]), at=at, key=name)


def _subject(key: SigningKey, at: datetime) -> str:
    days = lifecycle.days_left(key, at=at) or 0
    text = ngettext(
        "Maskinporten-nøkkelen til %(client)s utløper om %(n)s dag",
        "Maskinporten-nøkkelen til %(client)s utløper om %(n)s dager",
        days,
    )
    return text % {"client": " ".join(key.client.name.split()), "n": days}


def _text(key: SigningKey) -> str:
    where = reverse("settings", kwargs={"environment": Environment(key.environment)})
    lines = [
        _("Klient: %(name)s (%(environment)s)")
        % {"name": key.client.name, "environment": Environment(key.environment).label},
        _("Nøkkel-id: %(kid)s") % {"kid": key.kid},
        _("Utløper: %(date)s") % {"date": date_format(timezone.localtime(key.expires_at), "SHORT_DATETIME_FORMAT")},
        "",
        _("Når nøkkelen er utløpt, kan ingenting sendes eller hentes med klienten."),
        _("Bytt den under Innstillinger. Den gamle virker til den nye er tatt i bruk."),
        f"{settings.PORTAL_URL}{where}",
    ]
    return "\n".join(map(str, lines))
