"""What stops a report before its first call: a delivery that is at Skatteetaten already, or a restored database."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.core.environments import Environment
from submissions.models.submission import Submission


class EarlierDelivery(models.Model):
    """A transmission at Skatteetaten that no row of ours has, found before the first call of `submission`.

    `is_same`: its forms equal ours. `answered_at` is set when a person decided that ours is sent nevertheless.
    """

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="earlier", verbose_name=_("innsending"))
    dialog_id = models.UUIDField(_("dialog"))
    transmission_id = models.UUIDField(_("forsendelse"))
    created_at = models.DateTimeField(_("levert"))
    is_same = models.BooleanField(_("samme innhold"), default=False)
    found_at = models.DateTimeField(_("funnet"))
    answered_at = models.DateTimeField(_("besvart"), null=True, blank=True)

    class Meta:
        verbose_name = _("tidligere levering")
        verbose_name_plural = _("tidligere leveringer")
        ordering = ["created_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["submission", "transmission_id"], name="one_row_per_earlier_delivery")
        ]

    def __str__(self) -> str:
        return str(self.transmission_id)


class SendingHold(models.Model):
    """Nothing is sent in this environment: the database was restored at `since`, and not all dialogs are read again."""

    environment = models.CharField(_("miljø"), max_length=10, choices=Environment, unique=True)
    since = models.DateTimeField(_("siden"))
    by = models.CharField(_("av"), max_length=200)

    class Meta:
        verbose_name = _("stans i sendingen")
        verbose_name_plural = _("stans i sendingen")

    def __str__(self) -> str:
        return self.environment
