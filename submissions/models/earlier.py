"""What is at Skatteetaten already: a delivery that stops a report before its first call, and the report of the period before.

Also what stops every report: a restored database.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.core.crypto import EncryptedJSONField, EncryptedListField, SealedManager
from portal.core.environments import Environment
from portal.core.lease import Leased
from submissions.models.submission import Submission
from systemusers.models import Access


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


class EarlierReport(Leased):
    """The report of the period before, asked for by a person while a draft is open. Due until it is fetched.

    `fetched_at` with `facts` None: the authority has none. `page` is the part that is asked for next. `differences` are
    findings: where the draft begins otherwise than the period before ended.
    """

    submission = models.OneToOneField(Submission, models.CASCADE, related_name="earlier_report")
    requested_by = models.CharField(_("bestilt av"), max_length=200)
    requested_at = models.DateTimeField(_("bestilt"))
    fetched_at = models.DateTimeField(_("hentet"), null=True, blank=True)
    remote_status = models.CharField(_("status hos etaten"), max_length=50, blank=True)
    page = models.PositiveIntegerField(_("neste side"), default=0)
    facts = EncryptedJSONField(_("opplysninger"), null=True, editable=False)  # the adapter's own shape
    differences = EncryptedListField(_("forskjeller"), editable=False)  # stored.Finding

    objects = SealedManager["EarlierReport"]()

    class Meta:
        verbose_name = _("oppgave for perioden før")
        verbose_name_plural = _("oppgaver for perioden før")
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=models.Q(next_attempt_at__isnull=False),
                name="earlier_report_due",
            )
        ]

    def __str__(self) -> str:
        return str(self.submission)


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


class ReleasedAccess(models.Model):
    """A person let the reports through this access go, although its dialogs cannot be read since the restore."""

    hold = models.ForeignKey(SendingHold, models.CASCADE, related_name="released")
    access = models.ForeignKey(Access, models.CASCADE, related_name="+", verbose_name=_("tilgang"))
    by = models.CharField(_("av"), max_length=200)
    at = models.DateTimeField(_("tidspunkt"))

    class Meta:
        verbose_name = _("tilgang sluppet løs")
        verbose_name_plural = _("tilganger sluppet løs")
        constraints = [models.UniqueConstraint(fields=["hold", "access"], name="access_is_released_once")]

    def __str__(self) -> str:
        return str(self.access)
