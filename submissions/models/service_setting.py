"""What this vendor has decided of a service, beside what the catalogue says of it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.core.environments import Environment


class ServiceSetting(models.Model):
    """One service in one environment. `service` is a key of the catalogue.

    `openness` "" and no `deadline_day`: as the catalogue says. `deadline_weekend` "": unknown. `note` tells why and from where it is known.
    A row stays when the service is turned off: what was sent before is still followed.
    """

    class Openness(models.TextChoices):
        OPEN = "open", _("Tar imot")
        CLOSED = "closed", _("Tar ikke imot")
        UNKNOWN = "unknown", _("Ukjent")

    class Weekend(models.TextChoices):
        NEXT_WORKING_DAY = "next_working_day", _("Flyttes til neste virkedag")
        STANDS = "stands", _("Flyttes ikke")

    environment = models.CharField(_("miljø"), max_length=10, choices=Environment)
    service = models.CharField(_("tjeneste"), max_length=100)
    is_on = models.BooleanField(_("på"))
    openness = models.CharField(_("hos Skatteetaten"), max_length=10, choices=Openness, blank=True)
    deadline_day = models.PositiveSmallIntegerField(_("frist, dag"), null=True, blank=True)
    deadline_month = models.PositiveSmallIntegerField(_("frist, måned"), null=True, blank=True)
    deadline_weekend = models.CharField(
        _("frist i helg"), max_length=20, choices=Weekend, blank=True, default="", db_default=""
    )
    needs_approval = models.BooleanField(_("krever godkjenning av en annen"), default=False)
    note = models.TextField(_("merknad"), max_length=1000, blank=True)
    changed_by = models.CharField(_("endret av"), max_length=200)
    changed_at = models.DateTimeField(_("endret"))

    class Meta:
        verbose_name = _("tjenesteinnstilling")
        verbose_name_plural = _("tjenesteinnstillinger")
        ordering = ["environment", "service"]
        constraints = [models.UniqueConstraint(fields=["environment", "service"], name="one_setting_per_service")]

    def __str__(self) -> str:
        return f"{self.service} ({self.environment})"
