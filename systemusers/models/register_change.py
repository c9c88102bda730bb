"""Altinn's own change log of a system, copied so that its page can show it without asking."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from systemusers.models.system import System


class RegisterChange(models.Model):
    """One entry of the register's change log. `client_id`: of the token that the change was made with."""

    system = models.ForeignKey(System, models.CASCADE, related_name="register_changes", verbose_name=_("system"))
    kind = models.CharField(_("type"), max_length=50)
    at = models.DateTimeField(_("tidspunkt"))
    by_orgnr = models.CharField(_("av"), max_length=20, blank=True)
    client_id = models.CharField(_("klient-id"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("endring i Altinns register")
        verbose_name_plural = _("endringer i Altinns register")
        ordering = ["-at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["system", "at", "kind"], name="one_row_per_register_change")]

    def __str__(self) -> str:
        return f"{self.system}: {self.kind}"
