"""What Altinn says can be given: access packages and resources, kept for each environment and compared every night."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.core.environments import Environment
from portal.core.lease import Leased


class Offered(models.Model):
    """One access package or resource. `code`: a package's whole urn, a resource's id."""

    class Kind(models.TextChoices):
        PACKAGE = "PACKAGE", _("Tilgangspakke")
        RESOURCE = "RESOURCE", _("Enkeltrettighet")

    class Use(models.TextChoices):
        STANDARD = "STANDARD", _("For egen virksomhet")
        AGENT = "AGENT", _("For klienter")
        BOTH = "BOTH", _("For egen virksomhet og klienter")
        NEITHER = "NEITHER", _("Kan ikke gis")

    FOR_STANDARD: ClassVar[set[str]] = {Use.STANDARD, Use.BOTH}
    FOR_AGENT: ClassVar[set[str]] = {Use.AGENT, Use.BOTH}

    environment = models.CharField(_("miljø"), max_length=10, choices=Environment)
    kind = models.CharField(_("type"), max_length=10, choices=Kind)
    code = models.CharField(_("kode"), max_length=300)
    names: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(_("navn"), default=dict)
    owner = models.CharField(_("eier"), max_length=50, blank=True)
    use = models.CharField(_("hvem den er for"), max_length=10, choices=Use)
    former_names: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(
        _("tidligere navn"), default=dict, blank=True
    )
    former_use = models.CharField(_("var for"), max_length=10, choices=Use, blank=True)
    changed_at = models.DateTimeField(_("endret"), null=True, blank=True)
    seen_at = models.DateTimeField(_("sist sett"))
    gone_at = models.DateTimeField(_("trukket tilbake"), null=True, blank=True)

    class Meta:
        verbose_name = _("pakke eller ressurs i Altinn")
        verbose_name_plural = _("pakker og ressurser i Altinn")
        ordering = ["kind", "code"]
        constraints = [
            models.UniqueConstraint(fields=["environment", "kind", "code"], name="one_row_per_offered_code"),
        ]

    def __str__(self) -> str:
        return self.code

    def name(self, language: str) -> str:
        return self.names.get(language) or self.names.get("nb") or self.code


class OfferedRound(Leased):
    """When the lists of one environment are read next. `read_at`: when they were read last."""

    environment = models.CharField(_("miljø"), max_length=10, choices=Environment, unique=True)
    read_at = models.DateTimeField(_("sist hentet"), null=True, blank=True)

    class Meta:
        verbose_name = _("henting av pakker og ressurser")
        verbose_name_plural = _("hentinger av pakker og ressurser")

    def __str__(self) -> str:
        return self.environment
