"""The audit trail: one row per act or change of state, append-only by a database trigger.

`record` writes a row; `portal.core.audit_chain` seals the rows into a hash chain and verifies it. The tables belong to the
Django app `portal`, which imports the models in `portal.models`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.core import origin
from portal.core.audit_events import FROM_WHERE, AuditType, check_event
from portal.core.bulk import insert_rows
from portal.core.environments import Environment
from portal.core.masking import scrubbed


class AuditEvent(models.Model):
    """One act or change of state: who, on what, when, for whom. `detail` holds no secrets and no personal numbers."""

    at = models.DateTimeField(_("tidspunkt"))
    by = models.CharField(
        _("av"), max_length=200, help_text="user:<e-mail>, task:<name>, customer:link or remote:<service>"
    )
    environment = models.CharField(_("miljø"), max_length=10, choices=Environment, blank=True)
    target = models.CharField(_("gjelder"), max_length=100)
    customer_id_ref = models.BigIntegerField(
        _("kunde"), null=True
    )  # no foreign key: the trail is kept when the customer is deleted
    what = models.CharField(_("hva"), max_length=200)
    detail = models.JSONField(_("detaljer"), default=dict)

    class Meta:
        verbose_name = _("hendelse i revisjonsloggen")
        verbose_name_plural = _("hendelser i revisjonsloggen")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["target", "-id"], name="audit_by_target"),
            models.Index(fields=["customer_id_ref", "-id"], name="audit_by_customer"),
            models.Index(fields=["environment", "-at", "-id"], name="audit_by_time"),
            models.Index(fields=["environment", "by", "-at", "-id"], name="audit_by_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.by} {self.target} {self.what}"


class AuditSeal(models.Model):
    """A batch of events sealed into the hash chain. `row_hashes` is one SHA-256 (32 bytes) for each event, in id order.

    `previous_hash` is the `chain_hash` of the seal before it. It is unique: a seal has one successor at most. `number` counts the
    seals and `events` the events up to here, without gaps; `key` names the key of `chain_hash`. Seals of releases without keys
    have none of the three.
    """

    sealed_at = models.DateTimeField(_("forseglet"))
    first_event = models.BigIntegerField(_("første hendelse"))
    last_event = models.BigIntegerField(_("siste hendelse"), unique=True)
    row_hashes = models.BinaryField(_("hash av hver hendelse"))
    previous_hash = models.CharField(_("hash av forseglingen før"), max_length=64, unique=True)
    chain_hash = models.CharField(_("hash av forseglingen"), max_length=64)
    number = models.BigIntegerField(_("nummer"), null=True)
    events = models.BigIntegerField(_("hendelser i alt"), null=True)
    key = models.CharField(_("nøkkel"), max_length=16, blank=True, default="", db_default="")

    class Meta:
        verbose_name = _("forsegling")
        verbose_name_plural = _("forseglinger")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(key="") & models.Q(number__isnull=False, events__isnull=False),
                name="seal_has_key_and_number",
            )
        ]

    def __str__(self) -> str:
        return f"{self.first_event}-{self.last_event}"


def record(
    *,
    by: str,
    at: datetime,
    target: models.Model,
    what: AuditType | str,
    environment: str = "",
    customer_id: int | None = None,
    **detail: Any,
) -> AuditEvent:
    """Write one event about `target`. Call it in the transaction of the change, and before any call outside.

    `what` is an AuditType, or `before->after` for a change of state; `detail` has the keys that the type allows. Identity
    numbers in it are hidden. Raises UnknownEvent and UnknownDetail: nothing is written then.
    """
    made = event(by=by, at=at, target=target, what=what, environment=environment, customer_id=customer_id, **detail)
    made.save(force_insert=True)
    return made


def record_all(events: Iterable[AuditEvent]) -> None:
    """`record` for many, made by `event`, in one statement."""
    insert_rows(list(events), "at", "by", "environment", "target", "customer_id_ref", "what", "detail")


def event(
    *,
    by: str,
    at: datetime,
    target: models.Model,
    what: AuditType | str,
    environment: str = "",
    customer_id: int | None = None,
    **detail: Any,
) -> AuditEvent:
    """What `record` writes, not written yet. Raises as `record`."""
    keys = origin.KEYS | {origin.WAY} if what in FROM_WHERE else {origin.WAY}
    detail = {**{name: text for name, text in origin.current().items() if name in keys}, **detail}
    check_event(target=target, what=what, keys=detail)
    return AuditEvent(
        by=by,
        at=at,
        target=target_of(target),
        what=str(what),
        environment=environment or getattr(target, "environment", ""),
        customer_id_ref=customer_id or getattr(target, "customer_id", None),
        detail=scrubbed(detail),
    )


def target_of(row: models.Model) -> str:
    """How the trail names a row: `app.Model:id`."""
    return f"{row._meta.label}:{row.pk}"
