"""The log-ins of staff that have not ended, so that each can be seen and ended by its owner."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class LogIn(models.Model):
    """One session. It is deleted with the session, or when the session is too old to be used."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="log_ins", verbose_name=_("ansatt"))
    session_key = models.CharField(_("økt"), max_length=40, unique=True)
    began_at = models.DateTimeField(_("logget inn"))
    seen_at = models.DateTimeField(_("sist på en side"))
    ip = models.CharField(_("adresse"), max_length=45, blank=True)
    browser = models.CharField(_("nettleser"), max_length=20, blank=True)

    class Meta:
        verbose_name = _("økt")
        verbose_name_plural = _("økter")
        ordering = ["-seen_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.user_id} {self.began_at:%Y-%m-%d %H:%M}"
