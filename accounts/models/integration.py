"""The vendor's own systems that call the API: what each may do, how it proves who it is, and answers to calls with a key."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.capabilities import Scope
from accounts.models.portfolio import Portfolio
from portal.core.crypto import EncryptedJSONField, SealedManager
from portal.core.environments import Environment

NAME = RegexValidator(
    r"\A[a-z0-9][a-z0-9-]{0,38}[a-z0-9]\Z", _("Bruk små bokstaver a–z, tall og bindestrek: «lonn-2», «erp».")
)


class Integration(models.Model):
    """One system of the vendor's, in one environment. It is never deleted: the audit trail knows its acts by its name.

    Without `sees_all_customers` it sees the customers of its portfolios. `networks`: from where it may call; empty for anywhere.
    """

    environment = models.CharField(_("miljø"), max_length=10, choices=Environment)
    name = models.CharField(_("navn"), max_length=40, unique=True, validators=[NAME])
    purpose = models.CharField(_("hva den er til"), max_length=200, blank=True)
    client_id = models.CharField(_("klient-id"), max_length=40, unique=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=30, choices=Scope), verbose_name=_("kan"), default=list)
    portfolios = models.ManyToManyField(Portfolio, verbose_name=_("porteføljer"), blank=True, related_name="+")
    sees_all_customers = models.BooleanField(_("ser alle kunder"), default=False)
    networks = ArrayField(models.CharField(max_length=50), verbose_name=_("IP-adresser"), default=list, blank=True)
    needs_employee = models.BooleanField(_("må si hvilken ansatt den handler for"), default=False)
    calls_a_minute = models.PositiveIntegerField(
        _("kall i minuttet"), default=600, validators=[MinValueValidator(1), MaxValueValidator(100_000)]
    )
    stopped_at = models.DateTimeField(_("stengt"), null=True, blank=True, editable=False)
    made_by = models.CharField(_("laget av"), max_length=200, editable=False)
    made_at = models.DateTimeField(_("laget"), editable=False)
    last_used_at = models.DateTimeField(_("sist brukt"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("integrasjon")
        verbose_name_plural = _("integrasjoner")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def actor(self) -> str:
        """Its name in the audit trail."""
        return f"integration:{self.name}"


class ProofQuerySet(models.QuerySet["IntegrationProof"]):
    def valid(self, at: Any) -> ProofQuerySet:
        return self.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=at))


class IntegrationProof(models.Model):
    """How an integration proves who it is: a secret, of which only the hash is here, or the public half of its key.

    Several are valid at once, so that one can take over from another. `hint` is the beginning of a secret, or the id of a key.
    """

    class Kind(models.TextChoices):
        SECRET = "SECRET", _("Hemmelighet")
        KEY = "KEY", _("Nøkkel")

    integration = models.ForeignKey(
        Integration, models.CASCADE, related_name="proofs", verbose_name=_("integrasjon"), editable=False
    )
    kind = models.CharField(_("type"), max_length=10, choices=Kind)
    hint = models.CharField(_("kjennetegn"), max_length=100)
    secret_hash = models.CharField(max_length=64, blank=True, editable=False)
    public_jwk = models.JSONField(_("offentlig nøkkel"), null=True, blank=True)
    made_by = models.CharField(_("laget av"), max_length=200)
    made_at = models.DateTimeField(_("laget"))
    ends_at = models.DateTimeField(_("virker til"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("sist brukt"), null=True, blank=True)

    objects = ProofQuerySet.as_manager()

    class Meta:
        verbose_name = _("hemmelighet eller nøkkel")
        verbose_name_plural = _("hemmeligheter og nøkler")
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="SECRET", secret_hash__gt="", public_jwk__isnull=True)
                | Q(kind="KEY", secret_hash="", public_jwk__isnull=False),
                name="proof_is_a_secret_or_a_key",
            ),
            models.UniqueConstraint(fields=["secret_hash"], condition=~Q(secret_hash=""), name="one_proof_per_secret"),
            models.UniqueConstraint(fields=["integration", "hint"], name="one_proof_per_hint"),
        ]

    def __str__(self) -> str:
        return self.hint


class KeyedCall(models.Model):
    """A call with an Idempotency-Key: the intent before it is carried out, the answer after.

    `fingerprint` is a keyed hash of what was asked, "" after a refusal. `made` is the row that the call made, written in the
    transaction that made it, where the call does more than one transaction. `status` is None until it is done; `busy_until` bounds
    how long somebody may be at work on it. `answer` is encrypted: it may name contacts and links of customers.
    """

    integration = models.ForeignKey(
        Integration, models.CASCADE, related_name="keyed_calls", verbose_name=_("integrasjon")
    )
    key = models.CharField(_("nøkkel"), max_length=100)
    fingerprint = models.CharField(_("hash av det det ble spurt om"), max_length=64)
    begun_at = models.DateTimeField(_("begynt"))
    busy_until = models.DateTimeField(_("opptatt til"))
    made = models.BigIntegerField(_("laget"), null=True)
    status = models.PositiveSmallIntegerField(_("HTTP-status"), null=True)
    answer = EncryptedJSONField(_("svar"), null=True, editable=False)

    objects = SealedManager["KeyedCall"]()

    class Meta:
        verbose_name = _("kall med nøkkel")
        verbose_name_plural = _("kall med nøkkel")
        constraints = [models.UniqueConstraint(fields=["integration", "key"], name="one_call_per_key_of_integration")]
        indexes = [models.Index(fields=["begun_at"], name="keyed_call_by_age")]

    def __str__(self) -> str:
        return self.key
