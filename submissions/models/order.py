"""Orders: what we ask an authority for and fetch, as a submission is what we deliver."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, OfCustomersQuerySet
from portal.core.environments import Environment
from portal.core.lease import Leased
from portal.core.states import StatusModel
from submissions.models.of_period import OfPeriod
from systemusers.models import Access


class Order(OfPeriod, Leased, StatusModel):
    """One retrieval for one customer and one period. `service` is a key of the service catalogue.

    `remote_id` is the authority's id of the order while it works on it.
    """

    class Status(models.TextChoices):
        QUEUED = "QUEUED", _("I kø")
        ORDERED = "ORDERED", _("Bestilt")
        FETCHED = "FETCHED", _("Hentet")
        FAILED = "FAILED", _("Feilet")
        CANCELLED = "CANCELLED", _("Avbrutt")

    TRANSITIONS: ClassVar[dict[str, set[str]]] = {
        Status.QUEUED: {Status.ORDERED, Status.FETCHED, Status.FAILED, Status.CANCELLED},
        Status.ORDERED: {Status.FETCHED, Status.FAILED},
        Status.FETCHED: set(),
        Status.FAILED: set(),
        Status.CANCELLED: set(),
    }
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

    objects = OfCustomersQuerySet["Order"].as_manager()

    class Meta:
        verbose_name = _("bestilling")
        verbose_name_plural = _("bestillinger")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["environment", "-created_at", "-id"], name="order_newest"),
            models.Index(fields=["customer", "-created_at"], name="order_by_customer"),
            models.Index(fields=["next_attempt_at"], condition=Q(next_attempt_at__isnull=False), name="order_due"),
        ]

    def __str__(self) -> str:
        return f"{self.service} {self.period} {self.customer}"
