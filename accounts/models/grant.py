"""Who was given what: a role in one environment, a charge for the installation, the portfolios of an absent colleague."""

from __future__ import annotations

from datetime import date
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.capabilities import Charge, Role
from portal.core.environments import Environment


class Grant(models.Model):
    """A role in one environment. Without `sees_all_customers` the person sees the customers of their portfolios."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="grants", verbose_name=_("ansatt"))
    environment = models.CharField(_("miljø"), max_length=10, choices=Environment)
    role = models.CharField(_("rolle"), max_length=20, choices=Role)
    sees_all_customers = models.BooleanField(_("ser alle kunder"), default=False, db_default=False)
    given_by = models.CharField(_("gitt av"), max_length=200)
    given_at = models.DateTimeField(_("gitt"))

    class Meta:
        verbose_name = _("rolle i et miljø")
        verbose_name_plural = _("roller i miljøene")
        ordering = ["user", "environment"]
        constraints = [models.UniqueConstraint(fields=["user", "environment"], name="one_role_per_environment")]

    def __str__(self) -> str:
        return f"{self.environment} {self.role}"


class InstallationGrant(models.Model):
    """A charge: something that is kept for all environments at once."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="charges", verbose_name=_("ansatt"))
    charge = models.CharField(_("ansvar"), max_length=20, choices=Charge)
    given_by = models.CharField(_("gitt av"), max_length=200)
    given_at = models.DateTimeField(_("gitt"))

    class Meta:
        verbose_name = _("ansvar for installasjonen")
        verbose_name_plural = _("ansvar for installasjonen")
        ordering = ["user", "charge"]
        constraints = [models.UniqueConstraint(fields=["user", "charge"], name="one_of_each_charge")]

    def __str__(self) -> str:
        return str(self.charge)


class SubstitutionQuerySet(models.QuerySet["Substitution"]):
    def current(self, today: date) -> Self:
        return self.filter(begins__lte=today, ends__gte=today)

    def ahead(self, today: date) -> Self:
        """Those that go on, and those that begin later."""
        return self.filter(ends__gte=today)


class Substitution(models.Model):
    """While `absent` is away, `substitute` sees the portfolios of both, with the role that they have themselves. It ends by itself."""

    absent = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="absences", verbose_name=_("borte")
    )
    substitute = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="substitutions", verbose_name=_("vikar")
    )
    begins = models.DateField(_("fra og med"))
    ends = models.DateField(_("til og med"))
    given_by = models.CharField(_("gitt av"), max_length=200)
    given_at = models.DateTimeField(_("gitt"))

    objects = SubstitutionQuerySet.as_manager()

    class Meta:
        verbose_name = _("vikar")
        verbose_name_plural = _("vikarer")
        ordering = ["begins", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(ends__gte=F("begins")), name="substitution_ends_after_it_begins"),
            models.CheckConstraint(condition=~Q(absent=F("substitute")), name="nobody_substitutes_for_themselves"),
        ]

    def __str__(self) -> str:
        return f"{self.begins} – {self.ends}"
