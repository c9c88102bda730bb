"""Who of the staff has seen which dialogs. Ours alone: Dialogporten and the customer never learn of it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.core.environments import Environment
from submissions.models.inbox import Dialog


class InboxMark(models.Model):
    """Everything that came to an environment until `read_until` counts as seen by the user."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("ansatt"))
    environment = models.CharField(_("miljø"), max_length=10, choices=Environment)
    read_until = models.DateTimeField(_("lest til og med"))

    class Meta:
        verbose_name = _("lesemerke i innboksen")
        verbose_name_plural = _("lesemerker i innboksen")
        constraints = [models.UniqueConstraint(fields=["user", "environment"], name="one_mark_per_inbox")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.environment}"


class DialogSeen(models.Model):
    """The user has seen the dialog with what came until `news_at`. Rows exist only for what came after the `InboxMark`."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("ansatt"))
    dialog = models.ForeignKey(Dialog, models.CASCADE, related_name="seen", verbose_name=_("dialog"))
    news_at = models.DateTimeField(_("med nytt til og med"))

    class Meta:
        verbose_name = _("sett dialog")
        verbose_name_plural = _("sette dialoger")
        constraints = [models.UniqueConstraint(fields=["user", "dialog"], name="dialog_seen_once")]
        indexes = [models.Index(fields=["user", "news_at"], name="dialog_seen_by_time")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.dialog_id}"
