"""What lies behind a transmission: one row for each attachment, with the state of our copy. Workers claim rows when due."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User, followed, of_ended
from portal.core.environments import Environment
from portal.core.lease import Leased
from portal.core.states import StatusModel
from submissions.models.inbox import Dialog, DialogQuerySet, Transmission

SETTLING = timedelta(minutes=10)
"""So long a new attachment may wait before the overview counts it."""


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def visible_to(self, user: User, *, environment: Environment) -> Self:
        dialogs = Dialog.objects.visible_to(user).filter(environment=environment)
        return self.filter(transmission__dialog__in=dialogs)

    def current(self) -> Self:
        """Without those in dialogs that lists leave out."""
        owed = Exists(Dialog.objects.filter(DialogQuerySet.owed(), pk=OuterRef("transmission__dialog")))
        return self.filter(~of_ended("transmission__dialog__customer") | owed)

    def to_fetch(self) -> Self:
        """Those of customers that are followed, and those that belong to a report of ours."""
        return self.filter(followed("transmission__dialog__customer") | Q(transmission__submission__isnull=False))

    def unfinished(self, at: datetime) -> Self:
        """Not here yet: refused, failed at least once, or waiting for longer than usual."""
        late = Q(status=Attachment.Status.WAITING) & (~Q(problem_code="") | Q(status_at__lte=at - SETTLING))
        return self.filter(late | Q(status=Attachment.Status.REFUSED))


class Attachment(StatusModel, Leased):
    """One attachment of a transmission. `api_url` is for machines and `gui_url` for people; each may be "".

    `next_attempt_at` is set while it is to be fetched. A refusal is tried again at least daily; only GONE is final at the
    remote. `problem_code` says why it is not here.
    """

    class Status(models.TextChoices):
        WAITING = "WAITING", _("Hentes")
        FETCHED = "FETCHED", _("Hentet")
        SENT = "SENT", _("Fra kundens side")
        LINKED = "LINKED", _("Bare hos avsenderen")
        CLOSED = "CLOSED", _("Ikke åpent for oss")
        REFUSED = "REFUSED", _("Avslått")
        GONE = "GONE", _("Borte hos avsenderen")

    _OTHERS: ClassVar[set[str]] = {Status.LINKED, Status.CLOSED, Status.GONE, Status.SENT}
    TRANSITIONS: ClassVar[dict[str, set[str]]] = {
        Status.WAITING: {Status.FETCHED, Status.REFUSED, *_OTHERS},
        Status.REFUSED: {Status.WAITING, Status.FETCHED, Status.REFUSED, *_OTHERS},
        Status.LINKED: {Status.WAITING, *_OTHERS},
        Status.CLOSED: {Status.WAITING, *_OTHERS},
        Status.GONE: {Status.WAITING, *_OTHERS},
        Status.SENT: {Status.WAITING, *_OTHERS},
        Status.FETCHED: set(),
    }
    TO_FETCH: ClassVar[set[str]] = {Status.WAITING, Status.REFUSED}

    transmission = models.ForeignKey(
        Transmission, models.CASCADE, related_name="attachments", verbose_name=_("forsendelse")
    )
    attachment_id = models.CharField(_("vedlegg-id"), max_length=40)
    name = models.TextField(_("navn"), blank=True)
    media_type = models.CharField(_("type"), max_length=100, blank=True)
    api_url = models.TextField(_("adresse for maskiner"), blank=True)
    gui_url = models.TextField(_("adresse for mennesker"), blank=True)
    expires_at = models.DateTimeField(_("utløper"), null=True, blank=True)
    status = models.CharField(_("tilstand"), max_length=10, choices=Status, default=Status.WAITING)
    status_at = models.DateTimeField(_("tilstand siden"))

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("vedlegg")
        verbose_name_plural = _("vedlegg")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["transmission", "attachment_id"], name="one_row_per_attachment"),
            models.CheckConstraint(
                condition=~Q(status__in=["WAITING", "REFUSED"]) | Q(next_attempt_at__isnull=False),
                name="unfetched_attachment_has_next_attempt",
            ),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(next_attempt_at__isnull=False), name="attachment_due"),
            models.Index(
                fields=["status", "status_at"],
                condition=Q(status__in=["WAITING", "REFUSED"]),
                name="attachment_unfinished",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.attachment_id
