"""Access: Maskinporten clients and keys, the system in Altinn's register, profiles, and the access of each customer.

An `Access` is one access (customer x profile) for life: renewed, not replaced, so its link stays valid.
"""

from __future__ import annotations

import secrets
import uuid
from typing import ClassVar, TypedDict

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import ORGNR, Customer, OfCustomersQuerySet
from portal.core.crypto import EncryptedField, SealedManager
from portal.core.environments import Environment
from portal.core.lease import LASTING, Leased
from portal.core.states import StatusModel

DriftValue = str | bool | list[str] | None


class Difference(TypedDict):
    """One entry of `System.drift`. `field` is a field of System, or "system" when Altinn lacks it or has deleted it."""

    field: str
    ours: DriftValue
    theirs: DriftValue


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


class Kind(models.TextChoices):
    STANDARD = "STANDARD", _("Egen virksomhet")
    AGENT = "AGENT", _("For klienter")


class AccessProfile(models.Model):
    """A named sub-set of a system's rights and packages: what we ask a customer for, and why, in their words."""

    system = models.ForeignKey(System, models.PROTECT, related_name="profiles", verbose_name=_("system"))
    name = models.CharField(_("navn"), max_length=100)
    kind = models.CharField(_("type"), max_length=10, choices=Kind, default=Kind.STANDARD)
    rights = models.JSONField(_("enkeltrettigheter"), default=list, blank=True)
    packages = models.JSONField(_("tilgangspakker"), default=list, blank=True)
    purpose_nb = models.TextField(_("hva vi skal gjøre, bokmål"), help_text=_("Ett punkt på hver linje."))
    purpose_nn = models.TextField(_("hva vi skal gjøre, nynorsk"), help_text=_("Ett punkt på hver linje."))
    purpose_en = models.TextField(_("hva vi skal gjøre, engelsk"), help_text=_("Ett punkt på hver linje."))

    class Meta:
        verbose_name = _("tilgangsprofil")
        verbose_name_plural = _("tilgangsprofiler")
        constraints = [models.UniqueConstraint(fields=["system", "name"], name="one_profile_per_name")]

    def __str__(self) -> str:
        return self.name

    def purpose(self, language: str) -> list[str]:
        """The points of the purpose, in `language` (nb, nn or en)."""
        text: str = getattr(self, f"purpose_{language}", self.purpose_nb)
        return [line.strip() for line in text.splitlines() if line.strip()]


def new_link_token() -> str:
    return secrets.token_urlsafe(16)


HAS_PROBLEM = Q(problem_code__gt="")
REFUSED = HAS_PROBLEM & Q(status="DRAFT", next_attempt_at__isnull=True)
STUCK = HAS_PROBLEM & Q(next_attempt_at__isnull=False) & LASTING


class AccessQuerySet(OfCustomersQuerySet["Access"]):
    def loaded(self) -> AccessQuerySet:
        """With all that a call to Altinn needs."""
        return self.select_related("customer", "profile__system__client")

    def to_send(self) -> AccessQuerySet:
        return self.loaded().filter(status=Access.Status.DRAFT)

    def to_poll(self) -> AccessQuerySet:
        return self.loaded().filter(status__in=Access.OPEN)

    def to_check(self) -> AccessQuerySet:
        """Those that Altinn should have a system user for. They are due while there is a sign that it is gone."""
        return self.loaded().filter(status__in={*Access.USABLE, Access.Status.UNKNOWN})

    def refused(self) -> AccessQuerySet:
        """Drafts that Altinn refused: a person must mend them and send again."""
        return self.filter(REFUSED)

    def stuck(self) -> AccessQuerySet:
        """Those that failed so often in a row that a person must look; they are still tried again."""
        return self.filter(STUCK)


class Access(StatusModel, Leased):
    """Our question to one customer for one profile. Altinn's own status is `remote_status`.

    `reference` is our own UUID; `external_ref` is what Altinn and Maskinporten know the access by, for ever.
    """

    class Status(models.TextChoices):
        DRAFT = "DRAFT", _("Kladd")
        SENT = "SENT", _("Sendt")
        OPENED = "OPENED", _("Åpnet")
        FORWARDED = "FORWARDED", _("Videresendt i virksomheten")
        APPROVED = "APPROVED", _("Godkjent")
        IN_USE = "IN_USE", _("I bruk")
        REJECTED = "REJECTED", _("Avvist")
        EXPIRED = "EXPIRED", _("Utløpt")
        WITHDRAWN = "WITHDRAWN", _("Trukket tilbake")
        REMOVED = "REMOVED", _("Fjernet av kunden")
        NEEDS_UPDATE = "NEEDS_UPDATE", _("Må oppdateres")
        UNKNOWN = "UNKNOWN", _("Ukjent (sjekkes)")

    _ANSWERS: ClassVar[set[str]] = {Status.APPROVED, Status.REJECTED, Status.EXPIRED, Status.WITHDRAWN, Status.UNKNOWN}
    TRANSITIONS: ClassVar[dict[str, set[str]]] = {
        Status.DRAFT: {Status.SENT, Status.APPROVED, Status.REJECTED, Status.EXPIRED, Status.WITHDRAWN},
        Status.SENT: {Status.OPENED, Status.FORWARDED, *_ANSWERS},
        Status.OPENED: {Status.FORWARDED, *_ANSWERS},
        Status.FORWARDED: {*_ANSWERS},
        Status.APPROVED: {Status.IN_USE, Status.NEEDS_UPDATE, Status.UNKNOWN},
        Status.IN_USE: {Status.NEEDS_UPDATE, Status.UNKNOWN},
        Status.NEEDS_UPDATE: {Status.APPROVED, Status.IN_USE, Status.UNKNOWN},
        Status.UNKNOWN: {
            Status.SENT,
            Status.FORWARDED,
            Status.APPROVED,
            Status.IN_USE,
            Status.REJECTED,
            Status.EXPIRED,
            Status.REMOVED,
        },
        Status.REJECTED: {Status.DRAFT},
        Status.EXPIRED: {Status.DRAFT},
        Status.WITHDRAWN: {Status.DRAFT},
        Status.REMOVED: {Status.DRAFT},
    }
    OPEN: ClassVar[set[str]] = {Status.SENT, Status.OPENED, Status.FORWARDED}
    USABLE: ClassVar[set[str]] = {Status.APPROVED, Status.IN_USE, Status.NEEDS_UPDATE}

    environment = models.CharField(_("miljø"), max_length=10, choices=Environment)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="accesses", verbose_name=_("kunde"))
    profile = models.ForeignKey(
        AccessProfile, models.PROTECT, related_name="accesses", verbose_name=_("tilgangsprofil")
    )
    reference = models.UUIDField(_("vår referanse"), default=uuid.uuid4, unique=True, editable=False)
    external_ref = models.CharField(_("ekstern referanse"), max_length=100)
    rights = models.JSONField(_("enkeltrettigheter"), default=list)
    packages = models.JSONField(_("tilgangspakker"), default=list)
    link_token = models.CharField(max_length=40, unique=True, default=new_link_token, editable=False)
    link_revoked_at = models.DateTimeField(_("lenken er stengt"), null=True, blank=True)
    status = models.CharField(_("tilstand"), max_length=12, choices=Status, default=Status.DRAFT)
    status_at = models.DateTimeField(_("tilstand siden"))
    altinn_id = models.CharField(_("id i Altinn"), max_length=40, blank=True)
    confirm_url = models.URLField(_("godkjenningsside"), max_length=500, blank=True)
    remote_status = models.CharField(_("status i Altinn"), max_length=20, blank=True)
    requested_by = models.CharField(_("bedt om av"), max_length=200)
    sent_at = models.DateTimeField(_("sendt"), null=True, blank=True)
    opened_at = models.DateTimeField(_("lenken åpnet"), null=True, blank=True)
    answered_at = models.DateTimeField(_("besvart"), null=True, blank=True)
    polled_at = models.DateTimeField(_("sist spurt"), null=True, blank=True)
    missing_since = models.DateTimeField(_("første tegn på at tilgangen er borte"), null=True, blank=True)
    created_at = models.DateTimeField(_("opprettet"), auto_now_add=True)

    objects = AccessQuerySet.as_manager()

    class Meta:
        verbose_name = _("systemtilgang")
        verbose_name_plural = _("systemtilganger")
        ordering = ["-status_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "profile"], name="one_access_per_customer_and_profile"),
            models.CheckConstraint(
                condition=~Q(status__in=["SENT", "OPENED", "FORWARDED"]) | Q(altinn_id__gt=""),
                name="sent_has_altinn_id",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["SENT", "OPENED", "FORWARDED", "UNKNOWN"]) | Q(next_attempt_at__isnull=False),
                name="waiting_access_has_next_attempt",
            ),
            models.CheckConstraint(
                condition=~Q(status="DRAFT") | Q(next_attempt_at__isnull=False) | HAS_PROBLEM,
                name="draft_is_due_or_refused",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["APPROVED", "IN_USE", "NEEDS_UPDATE"])
                | Q(missing_since__isnull=True)
                | Q(next_attempt_at__isnull=False),
                name="missing_access_is_checked",
            ),
        ]
        indexes = [
            models.Index(fields=["environment", "status", "-status_at"], name="access_by_status"),
            models.Index(fields=["environment", "-status_at", "-id"], name="access_changed"),
            models.Index(fields=["next_attempt_at"], condition=Q(next_attempt_at__isnull=False), name="access_due"),
            models.Index(fields=["environment", "failures"], condition=HAS_PROBLEM, name="access_problem"),
        ]

    def __str__(self) -> str:
        return f"{self.customer}: {self.profile}"

    @property
    def is_final(self) -> bool:
        """The state changes only when a person acts."""
        return self.status in {self.Status.REJECTED, self.Status.EXPIRED, self.Status.WITHDRAWN, self.Status.REMOVED}


class SystemUser(models.Model):
    """What stands in Altinn once an access is approved. Altinn tells nobody when it goes: see `Access.missing_since`."""

    access = models.OneToOneField(Access, models.PROTECT, related_name="system_user", verbose_name=_("tilgang"))
    altinn_id = models.UUIDField(_("id i Altinn"), unique=True)
    kind = models.CharField(_("type"), max_length=10, choices=Kind)
    created_at = models.DateTimeField(_("opprettet i Altinn"), null=True, blank=True)
    seen_at = models.DateTimeField(_("sist sett"), null=True, blank=True)
    first_token_at = models.DateTimeField(_("tatt i bruk"), null=True, blank=True)
    removed_at = models.DateTimeField(_("fjernet"), null=True, blank=True)

    class Meta:
        verbose_name = _("systembruker")
        verbose_name_plural = _("systembrukere")

    def __str__(self) -> str:
        return str(self.altinn_id)
