"""Rows with a state: one table of transitions on the model, and `move_to` as the only way through it.

`save()` of a stored row never writes its status: an instance that was loaded long ago cannot put an old state back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Self, TypeVar

from django.db import models, transaction
from django.db.models import QuerySet

from portal.core.audit import event, record, record_all
from portal.core.feed.event import FeedEvent, Type
from portal.core.feed.tell import tell, told


class IllegalTransition(Exception):
    """The transition table does not have this step: a programming error."""


class StatusNotSaved(IllegalTransition):
    """`save()` was asked to write a changed status. Use `move_to`; a programming error. Nothing was written."""


class LostRace(Exception):
    """Another process changed the row first. Nothing was written; reload before the next step."""


class StatusModel(models.Model):
    """A row with a state. `TRANSITIONS` is the whole workflow; `move_to` the only way through it.

    `TELLS`: what is told to the vendor's own systems of a step, by (before, after), and by ("", after) for all others to that state.
    Several types are told in their order.
    """

    TRANSITIONS: ClassVar[dict[str, set[str]]] = {}
    TELLS: ClassVar[Mapping[tuple[str, str], Type | tuple[Type, ...]]] = {}

    class Meta:
        abstract = True

    status: Any
    _stored_status: str | None = None
    """The status as loaded or written last; None when this instance does not know it."""

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        """Insert a new row whole; of a stored one, write every loaded column but the status.

        Raises StatusNotSaved when `status` was changed and would be written, or is named in `update_fields`.
        """
        if self._state.adding:
            super().save(*args, update_fields=update_fields, **options)
            self._remember_status()
            return
        names = None if update_fields is None else set(update_fields)
        if (names is None and self._status_changed()) or "status" in (names or ()):
            raise StatusNotSaved(f"{self._meta.label} {self.pk}: {self._stored_status} -> {self.status}")
        super().save(*args, update_fields=self._columns_but_status() if names is None else names, **options)

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any], **options: Any) -> Self:
        row = super().from_db(db, field_names, values, **options)
        row._remember_status()
        return row

    def refresh_from_db(
        self,
        using: str | None = None,
        fields: Iterable[str] | None = None,
        from_queryset: QuerySet[Self] | None = None,
    ) -> None:
        names = None if fields is None else list(fields)
        super().refresh_from_db(using=using, fields=names, from_queryset=from_queryset)
        if names is None or "status" in names:
            self._remember_status()

    def move_to(
        self,
        status: str,
        *,
        by: str,
        at: datetime,
        what: dict[str, Any] | None = None,
        is_recorded: bool = True,
        **fields: Any,
    ) -> None:
        """Change state and `fields` in one conditional UPDATE, with an audit event (`what` goes into its detail).

        Only a worker that repeats a step for the same reason as before passes `is_recorded=False`.
        Raises IllegalTransition when the table lacks the step, LostRace when the row is no longer in our state.
        """
        before = self.status
        changes = self._changes(status, at, fields)
        with transaction.atomic():
            mine: Any = type(self)._base_manager.filter(pk=self.pk)
            if not mine.filter(status=before).update(**changes):
                raise LostRace(f"{self._meta.label} {self.pk} is no longer {before}")
            if is_recorded:
                record(by=by, at=at, target=self, what=f"{before}->{status}", **(what or {}))
                tell(self._told(before, status, at))
        self._take(changes)

    def _told(self, before: str, status: str, at: datetime) -> list[FeedEvent]:
        """What `TELLS` has for the step."""
        kinds = self.TELLS.get((before, status), self.TELLS.get(("", status), ()))
        return [told(kind, self, at=at, status=status) for kind in (kinds if isinstance(kinds, tuple) else (kinds,))]

    def _changes(self, status: str, at: datetime, fields: dict[str, Any]) -> dict[str, Any]:
        """The columns of the step. Raises IllegalTransition."""
        if not self.can_move_to(status):
            raise IllegalTransition(f"{self._meta.label} {self.pk}: {self.status} -> {status}")
        return {"status": status, **({"status_at": at} if self._has("status_at") else {}), **fields}

    def _take(self, changes: dict[str, Any]) -> None:
        for name, value in changes.items():
            if not hasattr(value, "resolve_expression"):
                setattr(self, name, value)
        self._remember_status()

    def can_move_to(self, status: str) -> bool:
        return status in self.TRANSITIONS.get(self.status, set())

    def _has(self, field: str) -> bool:
        return any(f.name == field for f in self._meta.concrete_fields)

    def _remember_status(self) -> None:
        self._stored_status = self.__dict__.get("status")  # not there when the column is deferred

    def _status_changed(self) -> bool:
        if "status" in self.get_deferred_fields():
            return False
        if self._stored_status is None:  # made by bulk_create, or assigned while deferred
            rows: Any = type(self)._base_manager  # the column is the subclass's
            self._stored_status = rows.values_list("status", flat=True).get(pk=self.pk)
        return bool(self.status != self._stored_status)

    def _columns_but_status(self) -> set[str]:
        skipped = {"status", *self.get_deferred_fields()}
        return {f.name for f in self._meta.concrete_fields if not f.primary_key and f.attname not in skipped}


Row = TypeVar("Row", bound=StatusModel)


def move_all(
    rows: Sequence[Row],
    status: str,
    *,
    by: str,
    at: datetime,
    what: Callable[[Row], dict[str, Any]] = lambda _row: {},
    is_recorded: Callable[[Row], bool] = lambda _row: True,
    **fields: Any,
) -> None:
    """`move_to` for rows of one model that are locked and in one state: one UPDATE and one INSERT, all or nothing. Raises as `move_to`."""
    if not rows:
        return
    before, changes = rows[0].status, {}
    for row in rows:
        changes = row._changes(status, at, fields)
    with transaction.atomic():
        mine: Any = type(rows[0])._base_manager.filter(pk__in=[row.pk for row in rows], status=before)
        if mine.update(**changes) != len(rows):
            raise LostRace(f"of {len(rows)} rows of {rows[0]._meta.label} one is no longer {before}")
        recorded = [row for row in rows if is_recorded(row)]
        record_all([event(by=by, at=at, target=row, what=f"{before}->{status}", **what(row)) for row in recorded])
        tell([one for row in recorded for one in row._told(before, status, at)])
    for row in rows:
        row._take(changes)
