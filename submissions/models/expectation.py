"""From which customers a report is expected."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, OfCustomersQuerySet
from portal.core.environments import Environment
from submissions.period import Period


class ExpectationQuerySet(OfCustomersQuerySet["Expectation"]):
    def wanted(self) -> ExpectationQuerySet:
        return self.filter(is_expected=True)


class Expectation(models.Model):
    """Whether a report of one service is expected from one customer, and for which periods.

    `first_period` and `last_period` are first days of periods, both included; without a last one it goes on. A row that is
    not expected is the answer of a person, so that the same is not suggested again. `service` is a key of the catalogue.
    """

    class Origin(models.TextChoices):
        PERSON = "PERSON", _("Satt av en person")
        SUGGESTED = "SUGGESTED", _("Foreslått og godtatt")
        IMPORTED = "IMPORTED", _("Fra en fil")

    environment = models.CharField(_("miljø"), max_length=10, choices=Environment)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="expectations", verbose_name=_("kunde"))
    service = models.CharField(_("tjeneste"), max_length=100)
    is_expected = models.BooleanField(_("forventes"), default=True)
    first_period = models.DateField(_("fra og med perioden"))
    last_period = models.DateField(_("til og med perioden"), null=True, blank=True)
    origin = models.CharField(_("hvordan"), max_length=10, choices=Origin, default=Origin.PERSON)
    changed_by = models.CharField(_("endret av"), max_length=200)
    changed_at = models.DateTimeField(_("endret"))

    objects = ExpectationQuerySet.as_manager()

    class Meta:
        verbose_name = _("forventet rapport")
        verbose_name_plural = _("forventede rapporter")
        ordering = ["service", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "service"], name="one_expectation_per_service"),
            models.CheckConstraint(
                condition=Q(last_period__isnull=True) | Q(last_period__gte=F("first_period")),
                name="expectation_ends_after_it_begins",
            ),
        ]
        indexes = [
            models.Index(
                fields=["environment", "service", "customer"], condition=Q(is_expected=True), name="expected_by_service"
            )
        ]

    def __str__(self) -> str:
        return f"{self.service} {self.customer}"


def of_period(period: Period, prefix: str = "") -> Q:
    """Expectations that include the period. `prefix` leads to them from another model."""
    lasts = Q(**{f"{prefix}last_period__isnull": True}) | Q(**{f"{prefix}last_period__gte": period.start})
    return lasts & Q(**{f"{prefix}first_period__lte": period.start, f"{prefix}is_expected": True})
