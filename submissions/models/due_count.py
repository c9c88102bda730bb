"""Numbers of the deadline board of a vendor that is too large to be counted for every page."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Portfolio
from portal.core.environments import Environment
from portal.core.lease import Leased
from submissions.models.of_period import OfPeriod


class DueRound(Leased):
    """When the board of one environment is counted next. One row for each environment."""

    environment = models.CharField(_("miljø"), max_length=10, choices=Environment, unique=True)

    class Meta:
        verbose_name = _("telling av frister")
        verbose_name_plural = _("tellinger av frister")
        indexes = [
            models.Index(
                fields=["next_attempt_at"], condition=models.Q(next_attempt_at__isnull=False), name="due_round"
            )
        ]

    def __str__(self) -> str:
        return self.environment


class DueCount(OfPeriod):
    """How many customers of one portfolio were in one state (`DueState`) at `counted_at`. `portfolio` None: without one.

    A service and period that was counted has a row also when nobody was expected.
    """

    environment = models.CharField(_("miljø"), max_length=10, choices=Environment)
    service = models.CharField(_("tjeneste"), max_length=100)
    portfolio = models.ForeignKey(Portfolio, models.CASCADE, null=True, related_name="+", verbose_name=_("portefølje"))
    state = models.CharField(_("tilstand"), max_length=12)
    customers = models.PositiveIntegerField(_("kunder"))
    counted_at = models.DateTimeField(_("talt"))

    class Meta:
        verbose_name = _("tall for en frist")
        verbose_name_plural = _("tall for frister")
        indexes = [models.Index(fields=["environment", "service", "period_start"], name="due_count_of_period")]

    def __str__(self) -> str:
        return f"{self.service} {self.period} {self.state}"
