"""What the last examination of a client showed beyond its scopes: at the system register, and as a real system user."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from systemusers.models.access import Access
from systemusers.models.keys import MaskinportenClient


class ClientCheck(models.Model):
    """One question and its answer. `code`: why it was refused, "" when it was not. `access` is None for our own calls."""

    class Kind(models.TextChoices):
        REGISTER = "REGISTER", _("Systemregisteret i Altinn")
        SYSTEM_USER = "SYSTEM_USER", _("Token som systembruker")

    client = models.ForeignKey(MaskinportenClient, models.CASCADE, related_name="checks", verbose_name=_("klient"))
    kind = models.CharField(_("type"), max_length=12, choices=Kind)
    scope = models.CharField(_("scope"), max_length=200)
    access = models.ForeignKey(Access, models.CASCADE, null=True, related_name="+", verbose_name=_("tilgang"))
    code = models.CharField(_("kode"), max_length=50, blank=True)
    text = models.CharField(_("tekst i svaret"), max_length=500, blank=True)
    checked_at = models.DateTimeField(_("undersøkt"))

    class Meta:
        verbose_name = _("undersøkelse av en klient")
        verbose_name_plural = _("undersøkelser av klienter")
        constraints = [models.UniqueConstraint(fields=["client", "kind", "scope"], name="one_check_per_question")]

    def __str__(self) -> str:
        return f"{self.kind} {self.scope}: {self.code or 'OK'}"
