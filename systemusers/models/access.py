"""The access of each customer, and the system user that stands in Altinn for it.

An `Access` is one access (customer x profile x external reference) for life: renewed, not replaced, so its link stays valid.
"""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, OfCustomersQuerySet, followed
from portal.core.crypto import SealedTextField
from portal.core.environments import Environment
from portal.core.feed.event import Type
from portal.core.lease import LASTING, Leased
from portal.core.states import StatusModel
from systemusers.models.link_token import LinkHashField, new_link
from systemusers.models.profile import AccessProfile, Kind
from systemusers.models.withdrawal import Withdrawal

HAS_PROBLEM = Q(problem_code__gt="")
REFUSED = HAS_PROBLEM & Q(status="DRAFT", next_attempt_at__isnull=True)
NOT_TAKEN_BACK = Q(customer__end_asked_at__isnull=True, withdrawal__isnull=True)
STUCK = HAS_PROBLEM & Q(next_attempt_at__isnull=False) & LASTING


class AccessQuerySet(OfCustomersQuerySet["Access"]):
    @classmethod
    def owed(cls) -> Q:
        """Questions that are not taken back yet."""
        return Q(status__in={Access.Status.DRAFT, *Access.OPEN})

    def loaded(self) -> AccessQuerySet:
        """With all that a call to Altinn needs."""
        return self.select_related("customer", "profile__system__client", "profile__system__admin_client")

    def to_send(self) -> AccessQuerySet:
        return self.loaded().filter(NOT_TAKEN_BACK, status=Access.Status.DRAFT)

    def to_poll(self) -> AccessQuerySet:
        return self.loaded().filter(NOT_TAKEN_BACK, status__in=Access.OPEN)

    def to_withdraw(self) -> AccessQuerySet:
        """Questions to customers whose relation ends, and those that a person takes back with many others."""
        status = {Access.Status.DRAFT, *Access.OPEN}
        rows = self.loaded().select_related("withdrawal__asked_by")
        return rows.filter(~NOT_TAKEN_BACK, status__in=status)

    def to_check(self) -> AccessQuerySet:
        """Those that Altinn should have a system user for. They are due while there is a sign that it is gone."""
        return self.loaded().filter(followed(), status__in={*Access.USABLE, Access.Status.UNKNOWN})

    def refused(self) -> AccessQuerySet:
        """Drafts that Altinn refused: a person must mend them and send again."""
        return self.filter(REFUSED)

    def stuck(self) -> AccessQuerySet:
        """Those that failed so often in a row that a person must look; they are still tried again."""
        return self.filter(STUCK)


class Access(StatusModel, Leased):
    """Our question to one customer for one profile. Altinn's own status is `remote_status`.

    `reference` is our own UUID; `external_ref` is what Altinn and Maskinporten know the access by, for ever. `rights` and
    `packages` are what the customer was asked for, or what Altinn says that the system user has. An approved access without
    `rights_known_at` was made elsewhere, and what it may do is not known yet: both lists are empty then.
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

    def get_status_display(self) -> str:  # type: ignore[no-redef]  # Django keeps ours, the plugin adds its own
        """In words. What is stored as DRAFT is on its way to Altinn, or did not arrive there."""
        if self.status == self.Status.DRAFT and self.next_attempt_at is not None:
            return gettext("Sendes")
        if self.status == self.Status.DRAFT and self.problem_code:
            return gettext("Kom ikke fram")
        return str(self.Status(self.status).label)

    _ANSWERS: ClassVar[set[str]] = {Status.APPROVED, Status.REJECTED, Status.EXPIRED, Status.WITHDRAWN, Status.UNKNOWN}
    TELLS: ClassVar[dict[tuple[str, str], Type]] = {
        (Status.NEEDS_UPDATE, Status.APPROVED): Type.ACCESS_CHANGED,
        (Status.NEEDS_UPDATE, Status.IN_USE): Type.ACCESS_CHANGED,
        (Status.UNKNOWN, Status.IN_USE): Type.ACCESS_CHANGED,
        ("", Status.NEEDS_UPDATE): Type.ACCESS_CHANGED,
        ("", Status.APPROVED): Type.ACCESS_APPROVED,
        ("", Status.REJECTED): Type.ACCESS_REJECTED,
        ("", Status.EXPIRED): Type.ACCESS_EXPIRED,
        ("", Status.REMOVED): Type.ACCESS_LOST,
    }
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
        Status.REJECTED: {Status.DRAFT, Status.APPROVED},
        Status.EXPIRED: {Status.DRAFT, Status.APPROVED},
        Status.WITHDRAWN: {Status.DRAFT, Status.APPROVED},
        Status.REMOVED: {Status.DRAFT, Status.APPROVED},
    }
    OPEN: ClassVar[set[str]] = {Status.SENT, Status.OPENED, Status.FORWARDED}
    USABLE: ClassVar[set[str]] = {Status.APPROVED, Status.IN_USE, Status.NEEDS_UPDATE}
    ENDED: ClassVar[set[str]] = {Status.REJECTED, Status.EXPIRED, Status.WITHDRAWN, Status.REMOVED}

    environment = models.CharField(_("miljø"), max_length=10, choices=Environment)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="accesses", verbose_name=_("kunde"))
    profile = models.ForeignKey(
        AccessProfile, models.PROTECT, related_name="accesses", verbose_name=_("tilgangsprofil")
    )
    reference = models.UUIDField(_("vår referanse"), default=uuid.uuid4, unique=True, editable=False)
    external_ref = models.CharField(_("ekstern referanse"), max_length=500)
    rights = models.JSONField(_("enkeltrettigheter"), default=list)
    packages = models.JSONField(_("tilgangspakker"), default=list)
    rights_known_at = models.DateTimeField(_("rettighetene er kjent siden"), null=True, blank=True)
    sealed_link = SealedTextField(default=new_link, editable=False)
    link_hash = LinkHashField(_("hash av lenken"))
    link_revoked_at = models.DateTimeField(_("lenken er stengt"), null=True, blank=True)
    status = models.CharField(_("tilstand"), max_length=12, choices=Status, default=Status.DRAFT)
    status_at = models.DateTimeField(_("tilstand siden"))
    altinn_id = models.CharField(_("id i Altinn"), max_length=40, blank=True)
    confirm_url = models.URLField(_("godkjenningsside"), max_length=500, blank=True)
    remote_status = models.CharField(_("status i Altinn"), max_length=20, blank=True)
    replaces = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="replaced_by", verbose_name=_("kommer i stedet for")
    )
    withdrawal = models.ForeignKey(
        Withdrawal, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("trekkes tilbake med")
    )
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
            models.UniqueConstraint(fields=["customer", "profile", "external_ref"], name="one_access_per_reference"),
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
            models.Index(
                fields=["environment", "status", "-status_at"],
                include=["id", "customer", "sent_at"],
                name="access_by_state",
            ),
            models.Index(fields=["environment", "-status_at", "-id"], name="access_changed"),
            models.Index(fields=["next_attempt_at"], condition=Q(next_attempt_at__isnull=False), name="access_due"),
            models.Index(fields=["environment", "failures"], condition=HAS_PROBLEM, name="access_problem"),
            models.Index(
                fields=["rights_known_at"], condition=Q(rights_known_at__isnull=False), name="access_rights_known"
            ),
            models.Index(fields=["altinn_id"], condition=~Q(altinn_id=""), name="access_by_altinn_id"),
            models.Index(fields=["external_ref"], name="access_by_external_ref"),
            models.Index(
                fields=["environment"],
                include=["customer"],
                condition=Q(status__in=["DRAFT", "FORWARDED", "OPENED", "SENT"], link_revoked_at__isnull=True),
                name="access_asking",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer}: {self.profile}"

    @property
    def link_token(self) -> str:
        """The secret of the customer's link. Raises CannotDecrypt."""
        return str(self.sealed_link.text)

    @property
    def has_unknown_rights(self) -> bool:
        """It stands in Altinn, and nobody has told what it may do."""
        return self.rights_known_at is None and self.status in {*self.USABLE, self.Status.UNKNOWN}

    @property
    def is_final(self) -> bool:
        """The state changes only when a person acts."""
        return self.status in self.ENDED


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
