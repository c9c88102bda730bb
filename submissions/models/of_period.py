"""Rows that are about a period."""

from __future__ import annotations

from django.contrib import admin
from django.db import models
from django.utils.translation import gettext_lazy as _

from submissions.period import Period, PeriodKind


class OfPeriod(models.Model):
    """`period` may be given when a row is made: `Submission(period=Period.year(2025), ...)`."""

    class Kind(models.TextChoices):
        YEAR = PeriodKind.YEAR, _("År")
        MONTH = PeriodKind.MONTH, _("Måned")
        TERM = PeriodKind.TERM, _("Termin")
        NONE = PeriodKind.NONE, _("Ingen periode")

    period_kind = models.CharField(_("periodetype"), max_length=5, choices=Kind)
    period_start = models.DateField(_("periode fra"))

    class Meta:
        abstract = True

    @property
    @admin.display(description=_("periode"), ordering="period_start")
    def period(self) -> Period:
        return Period(PeriodKind(self.period_kind), self.period_start)

    @period.setter
    def period(self, period: Period) -> None:
        self.period_kind, self.period_start = period.kind, period.start
