"""That a person has opened a transmission here, and whether its sender has been told."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.core.lease import Leased
from portal.core.states import StatusModel
from submissions.models.inbox import Transmission


class Opening(StatusModel, Leased):
    """One row for each transmission that a person opened while the vendor wanted Skatteetaten to be told.

    `opened_by` is the person. `next_attempt_at` is set while it is to be told; `problem_code` says why it was not.
    """

    class Status(models.TextChoices):
        WAITING = "WAITING", _("Meldes")
        TOLD = "TOLD", _("Meldt")
        NOT_TOLD = "NOT_TOLD", _("Ikke meldt")

    TRANSITIONS: ClassVar[dict[str, set[str]]] = {
        Status.WAITING: {Status.TOLD, Status.NOT_TOLD},
        Status.TOLD: set(),
        Status.NOT_TOLD: set(),
    }
    transmission = models.OneToOneField(
        Transmission, models.CASCADE, related_name="opening", verbose_name=_("forsendelse")
    )
    opened_by = models.CharField(_("åpnet av"), max_length=200)
    opened_at = models.DateTimeField(_("åpnet"))
    status = models.CharField(_("tilstand"), max_length=10, choices=Status, default=Status.WAITING)
    status_at = models.DateTimeField(_("tilstand siden"))

    class Meta:
        verbose_name = _("åpning")
        verbose_name_plural = _("åpninger")
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="WAITING") | Q(next_attempt_at__isnull=False),
                name="waiting_opening_has_next_attempt",
            ),
            models.CheckConstraint(condition=Q(opened_by__gt=""), name="opening_has_a_person"),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(next_attempt_at__isnull=False), name="opening_due"),
        ]

    def __str__(self) -> str:
        return f"{self.transmission_id} {self.status}"
