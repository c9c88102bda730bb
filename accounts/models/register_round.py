"""When the customers of an environment are looked up in the business register."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.core.environments import Environment
from portal.core.lease import Leased


class RegisterRound(Leased):
    """When the customers of one environment are next looked up in the business register. One row for each environment.

    `read_main` and `read_sub`: the last id that was read of the register's two update feeds. `feeds_read_at`: when both were
    last read to their ends.
    """

    environment = models.CharField(_("miljø"), max_length=10, choices=Environment, unique=True)
    read_main = models.BigIntegerField(_("lest oppdatering av enheter"), null=True, blank=True)
    read_sub = models.BigIntegerField(_("lest oppdatering av underenheter"), null=True, blank=True)
    feeds_read_at = models.DateTimeField(_("oppdateringer lest til enden"), null=True, blank=True)

    class Meta:
        verbose_name = _("runde mot Enhetsregisteret")
        verbose_name_plural = _("runder mot Enhetsregisteret")
        indexes = [
            models.Index(
                fields=["next_attempt_at"], condition=Q(next_attempt_at__isnull=False), name="register_round_due"
            )
        ]

    def __str__(self) -> str:
        return self.environment
