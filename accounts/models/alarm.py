"""What looks like misuse, found in the audit trail: shown to those who keep people, until one of them has seen it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.core.environments import Environment


class Alarm(models.Model):
    """One for each kind and person until somebody has seen it, made by one process at a time. `about` is the actor, also an integration, ""
    for whoever was not logged in; `number` the most in an hour so far; `day` the first one, in Norway. `environment` is "" for the whole
    installation."""

    class Kind(models.TextChoices):
        LOG_INS = "LOG_INS", _("Mange mislykkede innlogginger")
        READING = "READING", _("Mye lest på kort tid")
        EXPORTS = "EXPORTS", _("Mye lastet ned på kort tid")
        ROWS = "ROWS", _("Mange rader lastet ned på kort tid")
        ADMINISTRATOR = "ADMINISTRATOR", _("Ny administrator")
        ODD_HOURS = "ODD_HOURS", _("Lest på uvanlig tid")
        APPROVAL_OFF = "APPROVAL_OFF", _("Krav om godkjenning slått av")

    kind = models.CharField(_("alarm"), max_length=20, choices=Kind)
    environment = models.CharField(_("miljø"), max_length=10, choices=Environment, blank=True)
    about = models.CharField(_("om"), max_length=200, blank=True)
    day = models.DateField(_("dag"))
    number = models.PositiveIntegerField(_("antall"), default=1)
    began_at = models.DateTimeField(_("først"))
    newest_at = models.DateTimeField(_("sist"))
    seen_by = models.CharField(_("sett av"), max_length=200, blank=True)
    seen_at = models.DateTimeField(_("sett"), null=True, blank=True)

    class Meta:
        verbose_name = _("alarm")
        verbose_name_plural = _("alarmer")
        ordering = ["-newest_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.day}"
