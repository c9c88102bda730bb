"""What a person removed a moment ago: the content of rows that are gone, kept encrypted for a while so that they can be put back.

For what is text. A discarded draft has a state of its own, and a file taken out of one a row that keeps its bytes from the sweep.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.core.audit import target_of
from portal.core.crypto import EncryptedJSONField, SealedManager
from portal.core.undo import UNDO_FOR


class TooLate(Exception):
    """It was put back before, or removed longer ago than UNDO_FOR, or by somebody else."""


class Removed(models.Model):
    """`about` names the row that it belonged to, as the audit trail does; `content` is what its service makes it of again."""

    class Kind(models.TextChoices):
        NOTE = "NOTE", _("Notat")
        CONTACT = "CONTACT", _("Kontakt")

    reference = models.UUIDField(_("nøkkel"), unique=True, default=uuid4, editable=False)
    kind = models.CharField(_("type"), max_length=10, choices=Kind)
    about = models.CharField(_("gjelder"), max_length=100)
    by = models.CharField(_("fjernet av"), max_length=200)
    removed_at = models.DateTimeField(_("fjernet"), db_index=True)
    content = EncryptedJSONField(_("innhold"), editable=False)

    objects = SealedManager["Removed"]()

    class Meta:
        verbose_name = _("fjernet rad")
        verbose_name_plural = _("fjernede rader")

    def __str__(self) -> str:
        return f"{self.kind} {self.about}"


def keep(*, kind: Removed.Kind, about: models.Model, content: dict[str, Any], by: str, at: datetime) -> str:
    """The reference by which it is put back. Call it in the transaction that removes the row."""
    row = Removed.objects.create(kind=kind, about=target_of(about), by=by, removed_at=at, content=content)
    return str(row.reference)


def take(*, kind: Removed.Kind, about: models.Model, reference: str, by: str, at: datetime) -> dict[str, Any]:
    """The content, once. Call it in the transaction that makes the row again. Raises TooLate."""
    row = _find(kind, about, reference, by, at)
    content: dict[str, Any] = row.content
    if not Removed.objects.filter(pk=row.pk).delete()[0]:
        raise TooLate(reference)
    return content


def _find(kind: Removed.Kind, about: models.Model, reference: str, by: str, at: datetime) -> Removed:
    try:
        key = UUID(reference)
    except ValueError as error:
        raise TooLate(reference) from error
    mine = Removed.objects.filter(kind=kind, about=target_of(about), by=by, removed_at__gt=at - UNDO_FOR)
    row = mine.filter(reference=key).first()
    if row is None:
        raise TooLate(reference)
    return row


def forget_old(*, at: datetime) -> int:
    """Delete what can no longer be put back. Returns how many."""
    return Removed.objects.filter(removed_at__lte=at - UNDO_FOR).delete()[0]
