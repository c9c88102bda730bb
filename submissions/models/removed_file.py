"""Files that a person took out of a draft, kept for a while so that they can be put back."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.core.crypto import EncryptedTextField, SealedManager
from submissions.models.submission import Submission


class RemovedFile(models.Model):
    """A former row of `Document`, with its id. It names the stored bytes, so they stay as long as it does."""

    submission = models.ForeignKey(
        Submission, models.CASCADE, related_name="removed_files", verbose_name=_("innsending")
    )
    document_id = models.PositiveBigIntegerField(_("dokument"), unique=True)
    role = models.CharField(_("rolle"), max_length=20, blank=True)
    filename = EncryptedTextField(_("filnavn"), editable=False)
    media_type = models.CharField(_("type"), max_length=100)
    size = models.PositiveBigIntegerField(_("størrelse"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    stored_at = models.DateTimeField(_("lagret"))
    upload = models.PositiveIntegerField(_("opplasting"))
    removed_at = models.DateTimeField(_("fjernet"))

    objects = SealedManager["RemovedFile"]()

    class Meta:
        verbose_name = _("fjernet fil")
        verbose_name_plural = _("fjernede filer")
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["sha256"], name="removed_file_by_hash"),
            models.Index(fields=["removed_at"], name="removed_file_old"),
        ]

    def __str__(self) -> str:
        return str(self.document_id)
