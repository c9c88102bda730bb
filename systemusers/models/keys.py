"""Our Maskinporten clients, their keys, and the scopes that a real token request showed."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import ORGNR
from portal.core.crypto import EncryptedField, SealedManager
from portal.core.environments import Environment
from portal.core.lease import Leased
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
    """A key pair of a client. The private half is decrypted only to sign a grant, and is wiped when the key is retired;
    or a key service holds it.

    `created_at`: when the row was made here. `registered_at`: when the public half was posted at Digdir; None when we do not
    know. `expires_at`: None when nobody has told us, as for an imported key.
    """

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
    kid = models.CharField(_("nøkkel-id"), max_length=255)
    public_jwk = models.JSONField(_("offentlig nøkkel"))
    private_pem = EncryptedField(
        _("privat nøkkel"), editable=False, null=True, bound_to=lambda row: row.public_jwk.get("n", "")
    )
    """Opens only beside its own public half."""
    is_held = models.BooleanField(_("i en nøkkeltjeneste"), default=False, db_default=False, editable=False)
    """A key service holds the private half: systemusers.services.keys.held."""
    is_imported = models.BooleanField(_("laget utenfor portalen"), default=False, db_default=False)
    status = models.CharField(_("tilstand"), max_length=10, choices=Status, default=Status.NEW)
    created_at = models.DateTimeField(_("opprettet"))
    registered_at = models.DateTimeField(_("lagt inn hos Digdir"), null=True, blank=True)
    expires_at = models.DateTimeField(_("utløper"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("sist brukt"), null=True, blank=True)

    objects = SealedManager["SigningKey"]()

    class Meta:
        verbose_name = _("signeringsnøkkel")
        verbose_name_plural = _("signeringsnøkler")
        constraints = [
            models.UniqueConstraint(fields=["client"], condition=Q(status="ACTIVE"), name="one_active_key_per_client"),
            models.UniqueConstraint(fields=["client", "kid"], name="one_key_per_kid"),
            models.CheckConstraint(
                condition=Q(status="RETIRED", private_pem__isnull=True)
                | Q(is_held=True, private_pem__isnull=True)
                | ~Q(status="RETIRED") & Q(is_held=False, private_pem__isnull=False),
                name="key_is_here_or_held_or_retired",
            ),
        ]

    def __str__(self) -> str:
        return self.kid

    @property
    def environment(self) -> str:
        return self.client.environment

    def move_to(self, status: str, *, by: str, at: datetime, **options: Any) -> None:
        """As StatusModel. A key that is retired loses its private half in the same UPDATE."""
        if status == self.Status.RETIRED:
            options["private_pem"] = None
        super().move_to(status, by=by, at=at, **options)


class KeyRotation(Leased, StatusModel):
    """One key replaced by another, with a time in which Digdir has both. Each step is done by a person, and may be repeated.

    `old_key` None: the client had no key in use. `is_manual`: the steps at Digdir are done by hand, not through the API.
    The lease keeps two processes from working on the same rotation; no worker takes these rows by itself.
    """

    class Status(models.TextChoices):
        STARTED = "STARTED", _("Ny nøkkel laget")
        POSTED = "POSTED", _("Lagt inn hos Digdir")
        USED = "USED", _("Tatt i bruk, den gamle ligger igjen hos Digdir")
        DONE = "DONE", _("Ferdig")
        ABANDONED = "ABANDONED", _("Avbrutt")

    OPEN = (Status.STARTED, Status.POSTED, Status.USED)
    TRANSITIONS: ClassVar[dict[str, set[str]]] = {
        Status.STARTED: {Status.POSTED, Status.ABANDONED},
        Status.POSTED: {Status.USED, Status.ABANDONED},
        Status.USED: {Status.DONE},
        Status.DONE: set(),
        Status.ABANDONED: set(),
    }
    client = models.ForeignKey(MaskinportenClient, models.CASCADE, related_name="rotations", verbose_name=_("klient"))
    old_key = models.ForeignKey(
        SigningKey, models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("gammel nøkkel")
    )
    new_key = models.ForeignKey(SigningKey, models.PROTECT, related_name="+", verbose_name=_("ny nøkkel"))
    is_manual = models.BooleanField(_("for hånd hos Digdir"))
    status = models.CharField(_("tilstand"), max_length=10, choices=Status, default=Status.STARTED)
    status_at = models.DateTimeField(_("tilstand siden"))
    posted_at = models.DateTimeField(_("lagt inn hos Digdir"), null=True, blank=True)
    created_at = models.DateTimeField(_("begynt"))

    class Meta:
        verbose_name = _("nøkkelbytte")
        verbose_name_plural = _("nøkkelbytter")
        constraints = [
            models.UniqueConstraint(
                fields=["client"], condition=Q(status__in=["STARTED", "POSTED", "USED"]), name="one_rotation_per_client"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["STARTED", "ABANDONED"]) | Q(posted_at__isnull=False),
                name="posted_rotation_has_time",
            ),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(next_attempt_at__isnull=False), name="rotation_due")
        ]

    def __str__(self) -> str:
        return f"{self.old_key_id} -> {self.new_key_id}"

    @property
    def environment(self) -> str:
        return self.client.environment

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN


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
