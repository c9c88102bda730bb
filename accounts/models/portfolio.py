"""Portfolios: they decide which customers a case worker sees."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Portfolio(models.Model):
    """A group of customers assigned to some case workers."""

    name = models.CharField(_("navn"), max_length=100, unique=True)

    class Meta:
        verbose_name = _("portefølje")
        verbose_name_plural = _("porteføljer")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
