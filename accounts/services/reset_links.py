"""A link to a new password that a colleague asks for. Nobody sets or sees a password but its owner."""

from __future__ import annotations

from datetime import datetime, timedelta

from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import staff_mails
from portal.core.audit import record
from portal.core.audit_events import AuditType


def send_reset_link(*, user: User, by: User, at: datetime) -> None:
    """By mail to the person. The link is that of the log-in page, and lasts as long."""
    key = default_token_generator.make_token(user)
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": key})
    end = at + timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
    with translation.override(user.language), transaction.atomic():
        record(by=by.actor, at=at, target=user, what=AuditType.RESET_ASKED)
        lines = [
            _("%(name)s har bedt om at du lager nytt passord i portalen. Åpne lenken innen en time:") % {"name": by},
            f"{settings.PORTAL_URL}{path}",
            "",
            _("Til du gjør det, gjelder det gamle."),
        ]
        name = f"reset:{user.pk}:{at:%Y%m%d%H%M%S}"
        staff_mails.put_to(user, key=name, subject=_("Lag nytt passord"), lines=lines, at=at, give_up_at=end)
