"""Rows with a state: one table of transitions on the model, and `move_to` as the only way through it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.db import models, transaction

from portal.core.audit import record


class IllegalTransition(Exception):
    """The transition table does not have this step: a programming error."""


class LostRace(Exception):
    """Another process changed the row first. Nothing was written; reload before the next step."""


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
