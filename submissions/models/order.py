"""Orders: what we ask an authority for and fetch, as a submission is what we deliver."""

from __future__ import annotations

import uuid
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, OfCustomersQuerySet
from portal.core.crypto import EncryptedJSONField, SealedManager
from portal.core.environments import Environment
from portal.core.feed.event import Type
from portal.core.lease import LASTING, Leased
from portal.core.states import StatusModel
from submissions.models.of_period import OfPeriod
from systemusers.models import Access

NOT_READY = "ORDER_NOT_READY"
"""The problem code of an order whose answer did not come in time."""
NEEDS_PERSON = (
    Q(status__in=["UNCERTAIN", "FAILED"])
    | Q(status="ORDERED", problem_code=NOT_READY)
    | Q(status__in=["QUEUED", "ORDERED"]) & LASTING
)


class OrderQuerySet(OfCustomersQuerySet["Order"]):
    @classmethod
    def owed(cls) -> Q:
        """Without an answer yet."""
        return Q(status__in=Order.UNDER_WAY)

    def needing_a_person(self) -> Self:
        """Refused, without an answer to the order, given up, or failing for long."""
        return self.filter(NEEDS_PERSON)


OrderManager = SealedManager.from_queryset(OrderQuerySet)


class Order(OfPeriod, Leased, StatusModel):
    """One retrieval for one customer and one period. `service` is a key of the service catalogue.

    `question` and `facts` have the adapter's own shapes: what is asked for, and what the lists show of the answer. `remote_id`
    is the authority's id of the order while it works on it; `give_up_at` is when a person is asked instead of it. UNCERTAIN:
    the answer to the order was lost, and only a person may have it ordered again.
    """

    class Status(models.TextChoices):
        QUEUED = "QUEUED", _("I kø")
        ORDERING = "ORDERING", _("Bestilles")
        ORDERED = "ORDERED", _("Bestilt")
        UNCERTAIN = "UNCERTAIN", _("Uavklart")
        FETCHED = "FETCHED", _("Hentet")
        FAILED = "FAILED", _("Feilet")
        CANCELLED = "CANCELLED", _("Avbrutt")

    TELLS: ClassVar[dict[tuple[str, str], Type | tuple[Type, ...]]] = {
        ("", Status.ORDERED): Type.ORDER_PLACED,
        ("", Status.FETCHED): (Type.DOCUMENT_STORED, Type.ORDER_FETCHED),
        ("", Status.UNCERTAIN): Type.ORDER_NEEDS_PERSON,
        ("", Status.FAILED): Type.ORDER_FAILED,
    }
    TRANSITIONS: ClassVar[dict[str, set[str]]] = {
        Status.QUEUED: {Status.ORDERING, Status.UNCERTAIN, Status.FETCHED, Status.FAILED, Status.CANCELLED},
        Status.ORDERING: {Status.QUEUED, Status.ORDERED, Status.UNCERTAIN, Status.FAILED},
        Status.ORDERED: {Status.FETCHED, Status.FAILED, Status.CANCELLED},
        Status.UNCERTAIN: {Status.QUEUED, Status.CANCELLED},
        Status.FETCHED: set(),
        Status.FAILED: {Status.QUEUED, Status.CANCELLED},
        Status.CANCELLED: set(),
    }
    OPEN: ClassVar[set[str]] = {Status.QUEUED, Status.ORDERING, Status.ORDERED}
    UNDER_WAY: ClassVar[set[str]] = {*OPEN, Status.UNCERTAIN}
    environment = models.CharField(_("miljø"), max_length=10, choices=Environment)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="orders", verbose_name=_("kunde"))
    access = models.ForeignKey(Access, models.PROTECT, related_name="orders", verbose_name=_("tilgang"))
    service = models.CharField(_("tjeneste"), max_length=100)
    reference = models.UUIDField(_("vår referanse"), default=uuid.uuid4, unique=True, editable=False)
    status = models.CharField(_("tilstand"), max_length=12, choices=Status, default=Status.QUEUED)
    status_at = models.DateTimeField(_("tilstand siden"))
    created_by = models.CharField(_("opprettet av"), max_length=200)
    created_at = models.DateTimeField(_("opprettet"))
    remote_id = models.CharField(_("id hos etaten"), max_length=100, blank=True)
    question = EncryptedJSONField(_("spørsmål"), null=True, editable=False)
    facts = EncryptedJSONField(_("opplysninger"), null=True, editable=False)
    give_up_at = models.DateTimeField(_("gir opp"), null=True, blank=True)
    fetched_at = models.DateTimeField(_("hentet"), null=True, blank=True)
    problem_detail = models.TextField(_("feiltekst"), blank=True)
    correlation_id = models.CharField(_("korrelasjons-id"), max_length=100, blank=True)

    objects = OrderManager()

    class Meta:
        verbose_name = _("bestilling")
        verbose_name_plural = _("bestillinger")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["environment", "-created_at", "-id"], name="order_newest"),
            models.Index(fields=["customer", "-created_at"], name="order_by_customer"),
            models.Index(fields=["remote_id"], condition=~Q(remote_id=""), name="order_by_remote_id"),
            models.Index(fields=["correlation_id"], condition=~Q(correlation_id=""), name="order_by_correlation"),
            models.Index(fields=["customer", "service", "-fetched_at"], name="order_newest_answer"),
            models.Index(fields=["next_attempt_at"], condition=Q(next_attempt_at__isnull=False), name="order_due"),
            models.Index(fields=["environment"], condition=NEEDS_PERSON, name="order_needs_person"),
        ]

    @property
    def is_moving(self) -> bool:
        """The state will change without user action: the page keeps polling."""
        return self.status in self.OPEN and self.next_attempt_at is not None

    def __str__(self) -> str:
        return f"{self.service} {self.period} {self.customer}"
