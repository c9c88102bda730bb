"""Who ticked the checklist that is gone through before the first report of a service leaves in production."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ProductionStart(models.Model):
    """One for each service that may be sent in production. The row is deleted when an administrator withdraws it.

    `points` is a list of codes: see `services.production_start.Point`.
    """

    service = models.CharField(_("tjeneste"), max_length=100, unique=True)
    ticked_by = models.CharField(_("krysset av av"), max_length=200)
    ticked_at = models.DateTimeField(_("krysset av"))
    points: models.JSONField[list[str], list[str]] = models.JSONField(_("punkter"))

    class Meta:
        verbose_name = _("sjekkliste for produksjon")
        verbose_name_plural = _("sjekklister for produksjon")

    def __str__(self) -> str:
        return self.service
