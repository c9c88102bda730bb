"""What every app stands on: states that move by one table, and the audit trail that nobody can edit.

Rows of `AuditEvent` and `AuditSeal` are append-only by a database trigger; `portal.audit` seals and verifies them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from portal.environments import Environment

__all__ = ["AuditEvent", "AuditSeal", "Environment", "IllegalTransition", "LostRace", "StatusModel", "record"]


class IllegalTransition(Exception):
    """The table of transitions does not know this step; a programming error."""


class LostRace(Exception):
    """Somebody else changed the row first. Nothing was written; look again before acting."""


class AuditEvent(models.Model):
    """One act or change of state: who, on what, when, for whom. `detail` holds no secrets and no personal numbers."""

    at = models.DateTimeField(_("tidspunkt"))
    by = models.CharField(
        _("av"), max_length=200, help_text="user:<e-mail>, task:<name>, customer:link or remote:<service>"
    )
    environment = models.CharField(_("miljø"), max_length=10, choices=Environment, blank=True)
    target = models.CharField(_("gjelder"), max_length=100)
    customer_id_ref = models.BigIntegerField(_("kunde"), null=True)  # no foreign key: the trail outlives the customer
    what = models.CharField(_("hva"), max_length=200)
    detail = models.JSONField(_("detaljer"), default=dict)

    class Meta:
        verbose_name = _("hendelse i revisjonsloggen")
        verbose_name_plural = _("revisjonslogg")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["target", "-id"], name="audit_by_target"),
            models.Index(fields=["customer_id_ref", "-id"], name="audit_by_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.by} {self.target} {self.what}"


class AuditSeal(models.Model):
    """A batch of events sealed into the hash chain. `row_hashes` is one SHA-256 (32 bytes) for each event, in id order."""

    sealed_at = models.DateTimeField(_("forseglet"))
    first_event = models.BigIntegerField()
    last_event = models.BigIntegerField(unique=True)
    row_hashes = models.BinaryField()
    chain_hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("forsegling")
        verbose_name_plural = _("forseglinger")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.first_event}-{self.last_event}"


def record(
    *,
    by: str,
    at: datetime,
    target: models.Model,
    what: str,
    environment: str = "",
    customer_id: int | None = None,
    **detail: Any,
) -> AuditEvent:
    """Write one event about `target`. Call it before the act goes out of the house."""
    return AuditEvent.objects.create(
        by=by,
        at=at,
        target=f"{target._meta.label}:{target.pk}",
        what=what,
        environment=environment or getattr(target, "environment", ""),
        customer_id_ref=customer_id or getattr(target, "customer_id", None),
        detail=detail,
    )


class StatusModel(models.Model):
    """A row with a state. `TRANSITIONS` is the whole workflow; `move_to` the only way through it."""

    TRANSITIONS: ClassVar[dict[str, set[str]]] = {}

    class Meta:
        abstract = True

    status: Any

    def move_to(self, status: str, *, by: str, at: datetime, what: dict[str, Any] | None = None, **fields: Any) -> None:
        """Change state and `fields` in one conditional UPDATE, with an audit event (`what` goes into its detail).

        Raises IllegalTransition when the table lacks the step, LostRace when the row is no longer in our state.
        """
        before = self.status
        if status not in self.TRANSITIONS.get(before, set()):
            raise IllegalTransition(f"{self._meta.label} {self.pk}: {before} -> {status}")
        changes = {"status": status, **({"status_at": at} if self._has("status_at") else {}), **fields}
        with transaction.atomic():
            mine: Any = type(self)._base_manager.filter(pk=self.pk)
            if not mine.filter(status=before).update(**changes):
                raise LostRace(f"{self._meta.label} {self.pk} is no longer {before}")
            record(by=by, at=at, target=self, what=f"{before}->{status}", **(what or {}))
        for name, value in changes.items():
            setattr(self, name, value)

    def can_move_to(self, status: str) -> bool:
        return status in self.TRANSITIONS.get(self.status, set())

    def _has(self, field: str) -> bool:
        return any(f.name == field for f in self._meta.concrete_fields)
