"""Our Maskinporten clients, their keys, and the scopes that a real token request showed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import ORGNR
from portal.core.crypto import EncryptedField, SealedManager
from portal.core.environments import Environment
from portal.core.states import StatusModel


class MaskinportenClient(models.Model):
    """Our client at Maskinporten. `scopes` is what we want; `ScopeGrant` what a real token request showed."""

    environment = models.CharField(_("miljø"), max_length=10, choices=Environment)
    client_id = models.CharField(_("klient-id"), max_length=100)
    name = models.CharField(_("navn"), max_length=100)
    orgnr = models.CharField(_("eier"), max_length=9, validators=[ORGNR])
    scopes = models.JSONField(_("scope"), default=list)
    created_at = models.DateTimeField(_("opprettet"), auto_now_add=True)

    class Meta:
        verbose_name = _("Maskinporten-klient")
        verbose_name_plural = _("Maskinporten-klienter")
        constraints = [models.UniqueConstraint(fields=["environment", "client_id"], name="one_row_per_client")]

    def __str__(self) -> str:
        return f"{self.name} ({self.environment})"


class SigningKey(StatusModel):
    """A key pair of a client. The private half is decrypted only to sign a grant."""

    class Status(models.TextChoices):
        NEW = "NEW", _("Ny, ikke i bruk")
        ACTIVE = "ACTIVE", _("I bruk")
        RETIRED = "RETIRED", _("Tatt ut av bruk")

    TRANSITIONS: ClassVar[dict[str, set[str]]] = {
        Status.NEW: {Status.ACTIVE, Status.RETIRED},
        Status.ACTIVE: {Status.RETIRED},
        Status.RETIRED: set(),
    }
    client = models.ForeignKey(MaskinportenClient, models.CASCADE, related_name="keys", verbose_name=_("klient"))
    kid = models.CharField(_("nøkkel-id"), max_length=100, unique=True)
    public_jwk = models.JSONField(_("offentlig nøkkel"))
    private_pem = EncryptedField(_("privat nøkkel"), editable=False)
    status = models.CharField(_("tilstand"), max_length=10, choices=Status, default=Status.NEW)
    created_at = models.DateTimeField(_("opprettet"))
    expires_at = models.DateTimeField(_("utløper"))
    last_used_at = models.DateTimeField(_("sist brukt"), null=True, blank=True)

    objects = SealedManager["SigningKey"]()

    class Meta:
        verbose_name = _("signeringsnøkkel")
        verbose_name_plural = _("signeringsnøkler")
        constraints = [
            models.UniqueConstraint(fields=["client"], condition=Q(status="ACTIVE"), name="one_active_key_per_client")
        ]

    def __str__(self) -> str:
        return self.kid

    @property
    def environment(self) -> str:
        return self.client.environment


class ScopeGrant(models.Model):
    """Maskinporten's answer to the last token request with this one scope."""

    class Verdict(models.TextChoices):
        GRANTED = "GRANTED", _("Tildelt")
        NOT_ON_CLIENT = "NOT_ON_CLIENT", _("Mangler på klienten")
        NOT_GRANTED = "NOT_GRANTED", _("Ikke tildelt av eieren")
        UNKNOWN = "UNKNOWN", _("Ikke undersøkt")

    client = models.ForeignKey(MaskinportenClient, models.CASCADE, related_name="grants", verbose_name=_("klient"))
    scope = models.CharField(_("scope"), max_length=200)
    verdict = models.CharField(_("svar"), max_length=20, choices=Verdict, default=Verdict.UNKNOWN)
    code = models.CharField(_("kode"), max_length=50, blank=True)
    text = models.CharField(_("tekst i svaret"), max_length=500, blank=True)
    clock_off = models.IntegerField(_("sekunder klokken går feil"), null=True, blank=True)  # ours minus Maskinporten's
    checked_at = models.DateTimeField(_("undersøkt"), null=True, blank=True)

    class Meta:
        verbose_name = _("tildelt scope")
        verbose_name_plural = _("tildelte scope")
        constraints = [models.UniqueConstraint(fields=["client", "scope"], name="one_grant_per_scope")]

    def __str__(self) -> str:
        return f"{self.scope}: {self.verdict}"
