"""The check of a draft's files: which worker has it, and what was refused."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.core.bulk import write_columns
from portal.core.crypto import EncryptedListField, SealedManager
from portal.core.lease import Leased
from submissions.models.submission import Document, Submission


class PackageCheck(Leased):
    """One for each draft that has had files. Due while a file, or the package as a whole, is to be checked.

    How far it is, is counted on the documents: those with a report are checked. `uploads` numbers the uploads, so that a
    file replaces those of earlier uploads only. `refused` are files that were not taken in, until a person hides them.
    """

    submission = models.OneToOneField(Submission, models.CASCADE, related_name="package_check")
    requested_by = models.CharField(_("bestilt av"), max_length=200)
    uploads = models.PositiveIntegerField(_("opplastinger"), default=0)
    refused = EncryptedListField(_("filer som ikke ble tatt med"), editable=False)  # stored.Refused
    refused_more = models.PositiveIntegerField(_("flere som ikke ble tatt med"), default=0)

    objects = SealedManager["PackageCheck"]()

    class Meta:
        verbose_name = _("kontroll")
        verbose_name_plural = _("kontroller")
        indexes = [
            models.Index(
                fields=["next_attempt_at"], condition=models.Q(next_attempt_at__isnull=False), name="package_check_due"
            ),
            models.Index(fields=["problem_code"], condition=~models.Q(problem_code=""), name="package_check_problem"),
        ]

    def __str__(self) -> str:
        return str(self.submission)


def write_reports(documents: list[Document]) -> None:
    """Write `role` and `report` of rows that exist."""
    write_columns(documents, "role", "report")
