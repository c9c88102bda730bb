"""Last days that an administrator has set for one service and period, where the rule of the catalogue does not hold."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.core.environments import Environment
from submissions.models.of_period import OfPeriod


class DeadlineDate(OfPeriod):
    """One date in one environment. `note` tells why, `source` is the page that says it."""

    environment = models.CharField(_("miljø"), max_length=10, choices=Environment)
    service = models.CharField(_("tjeneste"), max_length=100)
    day = models.DateField(_("siste dag"))
    note = models.CharField(_("merknad"), max_length=500)
    source = models.URLField(_("kilde"), max_length=500, blank=True)
    changed_by = models.CharField(_("endret av"), max_length=200)
    changed_at = models.DateTimeField(_("endret"))

    class Meta:
        verbose_name = _("egen frist")
        verbose_name_plural = _("egne frister")
        ordering = ["service", "period_start"]
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "service", "period_kind", "period_start"], name="one_date_per_period"
            )
        ]

    def __str__(self) -> str:
        return f"{self.service} {self.period}"
