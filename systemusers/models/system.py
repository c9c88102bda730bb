"""The vendor's entry in Altinn's system register, and what is done regularly for it."""

from __future__ import annotations

from typing import ClassVar, TypedDict

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.core.environments import Environment
from portal.core.lease import Leased
from portal.core.states import StatusModel
from systemusers.models.keys import MaskinportenClient

DriftValue = str | bool | list[str] | None


class Difference(TypedDict):
    """One entry of `System.drift`. `field` is a field of System, or "system" when Altinn lacks it or has deleted it."""

    field: str
    ours: DriftValue
    theirs: DriftValue


class System(StatusModel):
    """Our entry in Altinn's system register. `system_id` is `<vendor orgnr>_<name>` and can never be reused."""

    class Status(models.TextChoices):
        DRAFT = "DRAFT", _("Kladd")
        REGISTERED = "REGISTERED", _("Registrert")
        DELETED = "DELETED", _("Slettet")

    TRANSITIONS: ClassVar[dict[str, set[str]]] = {
        Status.DRAFT: {Status.REGISTERED},
        Status.REGISTERED: {Status.DELETED},
        Status.DELETED: set(),
    }
    environment = models.CharField(_("miljø"), max_length=10, choices=Environment)
    client = models.OneToOneField(MaskinportenClient, models.PROTECT, verbose_name=_("Maskinporten-klient"))
    system_id = models.CharField(_("system-id"), max_length=200)
    name_nb = models.CharField(_("navn, bokmål"), max_length=200)
    name_nn = models.CharField(_("navn, nynorsk"), max_length=200)
    name_en = models.CharField(_("navn, engelsk"), max_length=200)
    description_nb = models.TextField(_("beskrivelse, bokmål"))
    description_nn = models.TextField(_("beskrivelse, nynorsk"))
    description_en = models.TextField(_("beskrivelse, engelsk"))
    rights = models.JSONField(_("enkeltrettigheter"), default=list, blank=True, help_text="resource ids")
    packages = models.JSONField(_("tilgangspakker"), default=list, blank=True, help_text="full urns")
    redirect_urls = models.JSONField(_("returadresser"), default=list, blank=True)
    is_visible = models.BooleanField(_("synlig for kunder i Altinn"), default=False)
    status = models.CharField(_("tilstand"), max_length=12, choices=Status, default=Status.DRAFT)
    registered_at = models.DateTimeField(_("registrert"), null=True, blank=True)
    pushed_at = models.DateTimeField(_("sist sendt til Altinn"), null=True, blank=True)
    compared_at = models.DateTimeField(_("sist sammenlignet"), null=True, blank=True)
    adopts = models.BooleanField(
        _("overta nye av seg selv"), default=False, help_text=_("Systembrukere som kundene lager selv i Altinn.")
    )
    listed_at = models.DateTimeField(_("systembrukerne sist hentet"), null=True, blank=True)
    drift: models.JSONField[list[Difference], list[Difference]] = models.JSONField(
        _("avvik fra Altinn"), default=list, blank=True
    )

    class Meta:
        verbose_name = _("system")
        verbose_name_plural = _("systemer")
        constraints = [models.UniqueConstraint(fields=["environment", "system_id"], name="one_row_per_system_id")]

    def __str__(self) -> str:
        return self.name_nb

    @property
    def names(self) -> dict[str, str]:
        return {"nb": self.name_nb, "nn": self.name_nn, "en": self.name_en}

    @property
    def descriptions(self) -> dict[str, str]:
        return {"nb": self.description_nb, "nn": self.description_nn, "en": self.description_en}


class SystemRound(Leased):
    """One thing that is done regularly for a registered system. `next_attempt_at` is when it is due again."""

    class Kind(models.TextChoices):
        ESCALATIONS = "ESCALATIONS", _("Se etter videresendte forespørsler")
        RECONCILE = "RECONCILE", _("Sammenligne tilgangene med Altinn")

    system = models.ForeignKey(System, models.CASCADE, related_name="rounds", verbose_name=_("system"))
    kind = models.CharField(_("type"), max_length=12, choices=Kind)

    class Meta:
        verbose_name = _("fast oppgave for et system")
        verbose_name_plural = _("faste oppgaver for systemer")
        constraints = [models.UniqueConstraint(fields=["system", "kind"], name="one_round_per_system_and_kind")]

    def __str__(self) -> str:
        return f"{self.system}: {self.kind}"
