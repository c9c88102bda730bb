"""Questions to customers to change an access that they approved before. For standard system users only."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from portal.core.lease import LASTING, Leased
from portal.core.states import StatusModel
from systemusers.models.access import Access
from systemusers.models.withdrawal import Withdrawal

NOT_TAKEN_BACK = Q(access__customer__end_asked_at__isnull=True, withdrawal__isnull=True)


class ChangeRequestQuerySet(models.QuerySet["ChangeRequest"]):
    def loaded(self) -> ChangeRequestQuerySet:
        """With all that a call to Altinn needs."""
        return self.select_related(
            "access__customer",
            "access__system_user",
            "access__profile__system__client",
            "access__profile__system__admin_client",
        )

    def visible_to(self, user: User) -> ChangeRequestQuerySet:
        return self.filter(access__in=Access.objects.visible_to(user))

    def to_send(self) -> ChangeRequestQuerySet:
        return self.loaded().filter(NOT_TAKEN_BACK, status=ChangeRequest.Status.DRAFT)

    def to_poll(self) -> ChangeRequestQuerySet:
        return self.loaded().filter(NOT_TAKEN_BACK, status=ChangeRequest.Status.SENT)

    def to_withdraw(self) -> ChangeRequestQuerySet:
        """Questions to customers whose relation ends, and those that a person takes back with many others."""
        return self.loaded().select_related("withdrawal__asked_by").open().filter(~NOT_TAKEN_BACK)

    def open(self) -> ChangeRequestQuerySet:
        return self.filter(status__in=ChangeRequest.OPEN)

    def needing_a_person(self) -> ChangeRequestQuerySet:
        """Refused by Altinn, or failed so often in a row that a person must look."""
        return self.open().filter(Q(problem_code__gt="") & (Q(next_attempt_at__isnull=True) | LASTING))


class ChangeRequest(StatusModel, Leased):
    """What is asked for beyond what the customer has approved, and what is given back. One at a time for an access.

    `correlation_id` is our own; Altinn answers the same id with the stored request, so sending may be repeated.
    """

    class Status(models.TextChoices):
        DRAFT = "DRAFT", _("Skal sendes")
        SENT = "SENT", _("Venter på kunden")
        APPROVED = "APPROVED", _("Godkjent")
        REJECTED = "REJECTED", _("Avvist")
        EXPIRED = "EXPIRED", _("Utløpt")
        WITHDRAWN = "WITHDRAWN", _("Trukket tilbake")
        NOT_NEEDED = "NOT_NEEDED", _("Trengtes ikke")

    _ANSWERS: ClassVar[set[str]] = {Status.APPROVED, Status.REJECTED, Status.EXPIRED, Status.WITHDRAWN}
    TRANSITIONS: ClassVar[dict[str, set[str]]] = {
        Status.DRAFT: {Status.SENT, Status.NOT_NEEDED, *_ANSWERS},
        Status.SENT: {*_ANSWERS},
        Status.APPROVED: set(),
        Status.REJECTED: set(),
        Status.EXPIRED: set(),
        Status.WITHDRAWN: set(),
        Status.NOT_NEEDED: set(),
    }
    OPEN: ClassVar[set[str]] = {Status.DRAFT, Status.SENT}

    access = models.ForeignKey(Access, models.PROTECT, related_name="changes", verbose_name=_("tilgang"))
    correlation_id = models.UUIDField(_("id i Altinn"), default=uuid.uuid4, unique=True, editable=False)
    required_rights = models.JSONField(_("nye enkeltrettigheter"), default=list)
    required_packages = models.JSONField(_("nye tilgangspakker"), default=list)
    unwanted_rights = models.JSONField(_("enkeltrettigheter som tas bort"), default=list)
    unwanted_packages = models.JSONField(_("tilgangspakker som tas bort"), default=list)
    status = models.CharField(_("tilstand"), max_length=12, choices=Status, default=Status.DRAFT)
    status_at = models.DateTimeField(_("tilstand siden"))
    confirm_url = models.URLField(_("godkjenningsside"), max_length=500, blank=True)
    withdrawal = models.ForeignKey(
        Withdrawal, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("trekkes tilbake med")
    )
    requested_by = models.CharField(_("bedt om av"), max_length=200)
    sent_at = models.DateTimeField(_("sendt"), null=True, blank=True)
    polled_at = models.DateTimeField(_("sist spurt"), null=True, blank=True)
    created_at = models.DateTimeField(_("opprettet"), auto_now_add=True)

    objects = ChangeRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("endringsforespørsel")
        verbose_name_plural = _("endringsforespørsler")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["access"], condition=Q(status__in=["DRAFT", "SENT"]), name="one_open_change_per_access"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["DRAFT", "SENT"]) | Q(next_attempt_at__isnull=False) | Q(problem_code__gt=""),
                name="open_change_is_due_or_refused",
            ),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(next_attempt_at__isnull=False), name="change_due")
        ]

    def __str__(self) -> str:
        return f"{self.access}: {self.get_status_display()}"

    @property
    def environment(self) -> str:
        return self.access.environment

    @property
    def customer_id(self) -> int:
        """The audit trail files the event with the customer."""
        return self.access.customer_id

    @property
    def rights_after(self) -> list[str]:
        return sorted(({*self.access.rights} - {*self.unwanted_rights}) | {*self.required_rights})

    @property
    def packages_after(self) -> list[str]:
        return sorted(({*self.access.packages} - {*self.unwanted_packages}) | {*self.required_packages})
