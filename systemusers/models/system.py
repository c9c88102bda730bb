"""The vendor's entry in Altinn's system register, and what is done regularly for it."""

from __future__ import annotations

from typing import Any, ClassVar, TypedDict

from django.db import models
from django.db.models import Q
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
    client = models.ForeignKey(MaskinportenClient, models.PROTECT, verbose_name=_("klient som signerer for kundene"))
    admin_client = models.ForeignKey(
        MaskinportenClient, models.PROTECT, null=True, blank=True, related_name="administered_systems",
        verbose_name=_("klient for administrasjon"),
    )  # fmt: skip
    client_ids = models.JSONField(_("klient-id-er"), default=list, blank=True, help_text="all of the entry")
    system_id = models.CharField(_("system-id"), max_length=500)
    name_nb = models.CharField(_("navn, bokmål"), max_length=1000)
    name_nn = models.CharField(_("navn, nynorsk"), max_length=1000, blank=True)
    name_en = models.CharField(_("navn, engelsk"), max_length=1000, blank=True)
    description_nb = models.TextField(_("beskrivelse, bokmål"), blank=True)
    description_nn = models.TextField(_("beskrivelse, nynorsk"), blank=True)
    description_en = models.TextField(_("beskrivelse, engelsk"), blank=True)
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

    entry = models.JSONField(_("oppføringen i Altinn"), null=True, blank=True, editable=False)
    """The register's entry when it last agreed with the columns, whole. What differs from it later tells who changed it."""

    class Meta:
        verbose_name = _("system")
        verbose_name_plural = _("systemer")
        constraints = [models.UniqueConstraint(fields=["environment", "system_id"], name="one_row_per_system_id")]

    def __str__(self) -> str:
        return self.name_nb

    @property
    def own_client(self) -> MaskinportenClient:
        """The client whose key signs our own calls about the system: its entry, requests, lists of system users."""
        return self.admin_client or self.client

    @property
    def signs_for_customers(self) -> bool:
        """Whether Altinn ties the signing client to this system: without it customers' tokens are refused."""
        return self.client.client_id in self.client_ids

    @property
    def is_tied(self) -> bool:
        """Whether Altinn had the signing client on the system when it was last asked. Without it Maskinporten finds no system
        user of any customer, which then says nothing about the customers.
        """
        for line in self.drift:
            if line["field"] == "client_ids":
                return isinstance(line["theirs"], list) and self.client.client_id in line["theirs"]
        return self.entry is None or self.client.client_id in (self.entry.get("clientId") or [])

    @property
    def names(self) -> dict[str, str]:
        return {"nb": self.name_nb, "nn": self.name_nn, "en": self.name_en}

    @property
    def descriptions(self) -> dict[str, str]:
        return {"nb": self.description_nb, "nn": self.description_nn, "en": self.description_en}


def signed_by(client: Any, *, path: str = "") -> Q:
    """Rows whose system uses the client, for tokens of customers or for our own calls. `path`: the way to the system, "system__"."""
    return Q(**{f"{path}client": client}) | Q(**{f"{path}admin_client": client})


class SystemRound(Leased):
    """One thing that is done regularly for a registered system. `next_attempt_at` is when it is due again."""

    class Kind(models.TextChoices):
        ESCALATIONS = "ESCALATIONS", _("Se etter videresendte forespørsler")
        RECONCILE = "RECONCILE", _("Sammenligne tilgangene med Altinn")
        COMPARE = "COMPARE", _("Sammenligne systemet med Altinn")

    system = models.ForeignKey(System, models.CASCADE, related_name="rounds", verbose_name=_("system"))
    kind = models.CharField(_("type"), max_length=12, choices=Kind)

    class Meta:
        verbose_name = _("fast oppgave for et system")
        verbose_name_plural = _("faste oppgaver for systemer")
        constraints = [models.UniqueConstraint(fields=["system", "kind"], name="one_round_per_system_and_kind")]

    def __str__(self) -> str:
        return f"{self.system}: {self.kind}"
