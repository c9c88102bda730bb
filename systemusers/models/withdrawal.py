"""Many questions that a person takes back at once. The rows to work on are the accesses and changes that point to it."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User, sight_of
from portal.core.environments import Environment


class WithdrawalQuerySet(models.QuerySet["Withdrawal"]):
    def visible_to(self, user: Any) -> WithdrawalQuerySet:
        """One's own; who sees every customer sees all of them."""
        sight = sight_of(user)
        if sight.is_everything:
            return self
        own = Q(asked_by=user, environment__in=sight.own_in)
        return self.filter(Q(environment__in=sight.all_in) | own) if sight.anywhere else self.none()


class Withdrawal(models.Model):
    """`total`: questions that were open when the person asked for it. A worker takes them back in Altinn, one by one."""

    environment = models.CharField(_("miljø"), max_length=10, choices=Environment)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("bedt om av"))
    asked_at = models.DateTimeField(_("bedt om"))
    total = models.PositiveIntegerField(_("valgt"))

    objects = WithdrawalQuerySet.as_manager()

    class Meta:
        verbose_name = _("tilbaketrekking av mange")
        verbose_name_plural = _("tilbaketrekkinger av mange")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.pk}"
