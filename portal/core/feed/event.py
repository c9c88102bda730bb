"""The table of what happened."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.core.environments import Environment


class FeedEvent(models.Model):
    """`subject` names a row as the API does: `submissions/42`. `data` is what a receiver decides by: ids and states.

    `position` is given after the transaction, by one worker at a time: see `portal.core.feed.publish`.
    """

    class Type(models.TextChoices):
        ACCESS_APPROVED = "access.approved", _("Tilgang godkjent")
        ACCESS_REJECTED = "access.rejected", _("Tilgang avvist")
        ACCESS_EXPIRED = "access.expired", _("Forespørsel utløpt")
        ACCESS_LOST = "access.lost", _("Tilgang fjernet av kunden")
        ACCESS_CHANGED = "access.changed", _("Tilgang endret")
        SUBMISSION_DELIVERED = "submission.delivered", _("Innsending levert")
        SUBMISSION_ACCEPTED = "submission.accepted", _("Innsending godkjent")
        SUBMISSION_REJECTED = "submission.rejected", _("Innsending avvist")
        SUBMISSION_NEEDS_PERSON = "submission.needs_person", _("Innsending der noen må gjøre noe")
        SUBMISSION_FAILED = "submission.failed", _("Innsending feilet")
        ORDER_PLACED = "order.placed", _("Bestilling mottatt av etaten")
        ORDER_FETCHED = "order.fetched", _("Svar på bestilling hentet")
        ORDER_NEEDS_PERSON = "order.needs_person", _("Bestilling der noen må gjøre noe")
        ORDER_FAILED = "order.failed", _("Bestilling feilet")
        DIALOG_RECEIVED = "dialog.received", _("Ny dialog")
        DIALOG_UPDATED = "dialog.updated", _("Dialog oppdatert")
        DOCUMENT_STORED = "document.stored", _("Dokument hentet")
        KEY_EXPIRING = "key.expiring", _("Nøkkel utløper snart")
        CAMPAIGN_FINISHED = "campaign.finished", _("Kampanje ferdig")

    uid = models.UUIDField(_("id"), default=uuid4, unique=True, editable=False)
    position = models.BigIntegerField(_("plass"), null=True, unique=True, editable=False)
    environment = models.CharField(_("miljø"), max_length=10, choices=Environment)
    type = models.CharField(_("hendelse"), max_length=40, choices=Type)
    subject = models.CharField(_("gjelder"), max_length=60)
    customer_id_ref = models.BigIntegerField(_("kunde"), null=True)
    data = models.JSONField(_("opplysninger"), default=dict)
    at = models.DateTimeField(_("tid"))

    class Meta:
        verbose_name = _("hendelse for fagsystemer")
        verbose_name_plural = _("hendelser for fagsystemer")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["id"], condition=Q(position__isnull=True), name="feed_event_without_position"),
            models.Index(fields=["environment", "position"], name="feed_event_by_position"),
            models.Index(fields=["at"], name="feed_event_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.subject}"


Type = FeedEvent.Type
