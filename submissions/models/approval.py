"""A question whether a checked report may be sent, put to a second person."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.core.crypto import EncryptedTextField, SealedManager
from submissions.models.submission import Submission


class ApprovalQuerySet(models.QuerySet["Approval"]):
    def unanswered(self) -> ApprovalQuerySet:
        return self.filter(approved_at__isnull=True, refused_at__isnull=True)


class Approval(models.Model):
    """At most one for each submission. `token` is the `preflight.token` of what the asker was shown; with another token the
    question is void, and must be asked again. A change of files deletes the row.

    `confirmed` are the codes of the questions that the asker answered yes.
    """

    UNANSWERED: ClassVar[Q] = Q(
        status=Submission.Status.READY,
        approval__asked_at__isnull=False,
        approval__approved_at__isnull=True,
        approval__refused_at__isnull=True,
    )
    """Of submissions: those that wait for a second person."""

    submission = models.OneToOneField(Submission, models.CASCADE, related_name="approval")
    token = models.CharField(_("bundet til"), max_length=64, editable=False)
    confirmed = models.JSONField(_("bekreftet"), default=list)  # list[str]
    asked_by = models.CharField(_("bedt om av"), max_length=200)
    asked_at = models.DateTimeField(_("bedt om"))
    approved_by = models.CharField(_("godkjent av"), max_length=200, blank=True)
    approved_at = models.DateTimeField(_("godkjent"), null=True, blank=True)
    refused_by = models.CharField(_("avslått av"), max_length=200, blank=True)
    refused_at = models.DateTimeField(_("avslått"), null=True, blank=True)
    reason = EncryptedTextField(_("begrunnelse"), null=True, editable=False)  # only of a refusal

    objects = SealedManager.from_queryset(ApprovalQuerySet)()

    class Meta:
        verbose_name = _("godkjenning")
        verbose_name_plural = _("godkjenninger")
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_at__isnull=True) | Q(refused_at__isnull=True), name="approval_has_one_answer"
            ),
            models.CheckConstraint(condition=~Q(approved_by=models.F("asked_by")), name="approval_by_a_second_person"),
        ]

    def __str__(self) -> str:
        return str(self.submission)
