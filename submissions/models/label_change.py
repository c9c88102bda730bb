"""What a person has asked for with a dialog's labels in Altinn, until it is done."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.core.lease import Leased
from submissions.models.inbox import Dialog


class LabelChange(Leased):
    """A dialog is to be archived in the customer's inbox, or taken out of the archive. One at a time for a dialog.

    `revision` is that of the labels that the person saw. The row is gone when it is done; without `next_attempt_at` it was not
    done, `problem_code` says why, and a person may ask again.
    """

    dialog = models.OneToOneField(Dialog, models.CASCADE, related_name="label_change", verbose_name=_("dialog"))
    is_archived = models.BooleanField(_("skal være arkivert"))
    revision = models.CharField(_("versjon av merkene"), max_length=40)
    asked_by = models.CharField(_("bedt om av"), max_length=200)
    asked_at = models.DateTimeField(_("bedt om"))

    class Meta:
        verbose_name = _("endring av merker")
        verbose_name_plural = _("endringer av merker")
        constraints = [
            models.CheckConstraint(
                condition=Q(next_attempt_at__isnull=False) | Q(problem_code__gt=""),
                name="label_change_is_due_or_failed",
            )
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"], condition=Q(next_attempt_at__isnull=False), name="label_change_due"
            )
        ]

    def __str__(self) -> str:
        return str(self.dialog_id)
