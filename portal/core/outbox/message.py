"""The table of the outbox. Address and content are encrypted, and removed once the message has been sent.

Both are bound to the key of their row: exchanged between two rows they do not open, so no mail goes to another's address.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, NotRequired, TypedDict

from django.db import models
from django.db.models import Q
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from portal.core import lease
from portal.core.crypto import EncryptedField, SealedManager
from portal.core.outbox.quiet_hours import QuietHours


class InlinePicture(TypedDict):
    """A picture inside the HTML of a mail: `<img src="cid:…">`. `file` is its name in the default storage."""

    cid: str
    file: str


class MailPayload(TypedDict):
    """The content of a mail. `html`, `reply_to` and `language` (a language code) may be empty."""

    subject: str
    text: str
    html: str
    reply_to: str
    language: str
    headers: NotRequired[dict[str, str]]
    pictures: NotRequired[list[InlinePicture]]


class OutboxMessageQuerySet(models.QuerySet["OutboxMessage"]):
    def waiting(self) -> OutboxMessageQuerySet:
        return self.filter(status=OutboxMessage.Status.WAITING)

    def in_turn(self) -> OutboxMessageQuerySet:
        """Without those that wait for an earlier one of their lane."""
        before = OutboxMessage.objects.filter(lane=models.OuterRef("lane"), pk__lt=models.OuterRef("pk"))
        before = before.filter(status__in=[OutboxMessage.Status.WAITING, OutboxMessage.Status.SENDING])
        return self.filter(Q(lane="") | ~models.Exists(before))

    def unsettled(self) -> OutboxMessageQuerySet:
        """Not sent, and not going to be unless a person decides so."""
        return self.filter(status__in=OutboxMessage.UNSETTLED)

    def needing_a_person(self) -> OutboxMessageQuerySet:
        """The unsettled, and those that wait and have failed several times in a row. Webhooks have a line of their own."""
        failing = Q(status=OutboxMessage.Status.WAITING, failures__gte=lease.ROUNDS_BEFORE_A_PERSON)
        found = self.filter(Q(status__in=OutboxMessage.UNSETTLED) | failing & ~Q(problem_code=""))
        return found.exclude(kind=OutboxMessage.Kind.WEBHOOK)


class OutboxMessage(lease.Leased):
    """One message to one address. `key` names the event it tells of, once for all; it holds nothing personal or secret.

    Messages of one `lane` leave one after the other, as they were put; "" for those that wait for no other. `give_up_at`: None until it
    has failed, unless whoever put it said when it means nothing any more.
    """

    class Kind(models.TextChoices):
        MAIL = "MAIL", _("E-post")
        WEBHOOK = "WEBHOOK", _("Webhook")

    class Status(models.TextChoices):
        WAITING = "WAITING", _("Venter")
        SENDING = "SENDING", _("Sendes")
        SENT = "SENT", _("Sendt")
        UNCERTAIN = "UNCERTAIN", _("Kanskje sendt")
        DEAD = "DEAD", _("Oppgitt")
        CLOSED = "CLOSED", _("Avsluttet usendt")

    UNSETTLED = (Status.UNCERTAIN, Status.DEAD)

    kind = models.CharField(_("type"), max_length=10, choices=Kind)
    key = models.CharField(_("nøkkel"), max_length=200, unique=True)
    lane = models.CharField(_("rekke"), max_length=100, blank=True, default="", db_default="")
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.WAITING)
    status_at = models.DateTimeField(_("status siden"))
    sealed_address = EncryptedField(null=True, editable=False, bound_to=lambda row: row.key)
    address_hash = models.CharField(max_length=64, editable=False)
    receiver = models.CharField(_("mottaker"), max_length=300, help_text="masked, see `masked`")
    sealed_payload = EncryptedField(null=True, editable=False, bound_to=lambda row: row.key)
    quiet_from = models.TimeField(_("stille fra"), null=True, blank=True)
    quiet_to = models.TimeField(_("stille til"), null=True, blank=True)
    give_up_at = models.DateTimeField(_("gis opp"), null=True, blank=True)
    created_at = models.DateTimeField(_("lagt inn"))
    sent_at = models.DateTimeField(_("sendt"), null=True, blank=True)

    objects = SealedManager.from_queryset(OutboxMessageQuerySet)()

    class Meta:
        verbose_name = _("utgående melding")
        verbose_name_plural = _("utgående meldinger")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="WAITING") | Q(next_attempt_at__isnull=False),
                name="waiting_message_has_next_attempt",
            ),
            models.CheckConstraint(
                condition=~Q(status="SENT") | Q(sent_at__isnull=False, sealed_payload__isnull=True),
                name="sent_message_has_time_and_no_payload",
            ),
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_to__isnull=True)
                | Q(quiet_from__isnull=False, quiet_to__isnull=False),
                name="quiet_hours_have_both_ends",
            ),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at", "id"], condition=Q(status="WAITING"), name="outbox_waiting"),
            models.Index(fields=["status", "status_at"], name="outbox_by_status"),
            models.Index(
                fields=["lane", "id"],
                condition=Q(status__in=["WAITING", "SENDING"]) & ~Q(lane=""),
                name="outbox_by_lane",
            ),
            models.Index(fields=["address_hash"], name="outbox_by_address"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"

    @property
    def quiet_hours(self) -> QuietHours | None:
        if self.quiet_from is None or self.quiet_to is None:
            return None
        return QuietHours(self.quiet_from, self.quiet_to)

    @property
    def address(self) -> str:
        """Empty once it is removed. Raises CannotDecrypt."""
        return bytes(self.sealed_address or b"").decode()

    @property
    def payload(self) -> dict[str, Any]:
        """What `put` was given; empty once it is removed. Raises CannotDecrypt."""
        content: dict[str, Any] = json.loads(bytes(self.sealed_payload or b"{}"))
        return content


def hash_of(address: str) -> str:
    """By this a message is found again when its address has been removed. Keyed with SECRET_KEY; 64 hex digits."""
    return salted_hmac("portal.outbox.address", address.strip().lower(), algorithm="sha256").hexdigest()


def seal(payload: object) -> bytes:
    """The stored form of a payload before it is encrypted."""
    return json.dumps(payload, ensure_ascii=False).encode()


def erased(*, at: datetime) -> dict[str, Any]:
    """The columns of a message that nobody will send any more."""
    return {
        "status_at": at,
        "next_attempt_at": None,
        "lease_until": None,
        "sealed_address": None,
        "sealed_payload": None,
    }
