"""An address of the vendor's own that is told what happens in one environment."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.core.crypto import EncryptedField, SealedManager
from portal.core.environments import Environment
from portal.core.feed.event import Type

SAID_AFTER = timedelta(hours=1)
"""So long a receiver may accept nothing before the overview says so."""


class WebhookQuerySet(models.QuerySet["Webhook"]):
    def running(self) -> WebhookQuerySet:
        """Those that messages are sent to."""
        return self.filter(paused_at=None, stopped_at=None)

    def resting(self) -> WebhookQuerySet:
        """Those that a machine has paused, or a person stopped."""
        return self.exclude(paused_at=None, stopped_at=None)

    def failing(self, *, at: datetime) -> WebhookQuerySet:
        """Those that a person must look at: paused by a machine, or nothing was accepted for SAID_AFTER."""
        return self.filter(stopped_at=None, failing_since__lte=at - SAID_AFTER)


class Webhook(models.Model):
    """`types`: what it is told; empty for everything. `position`: the last event of the feed that was put into the outbox for it.

    `failing_since`: since when nothing was accepted. After GIVE_UP_AFTER of that it is paused by a machine (`paused_at`); a person stops
    it with `stopped_at`. Nothing is put meanwhile, and it goes on where it was. `old_secret` is valid beside `secret` until
    `old_secret_until`, and the one before it until `older_secret_until`: the receiver may know that one alone when two were made in
    a row. `pause_told_at`: when administrators were told that it was paused; None once they know that it goes on.
    """

    reference = models.UUIDField(default=uuid4, unique=True, editable=False)
    environment = models.CharField(_("miljø"), max_length=10, choices=Environment)
    url = models.CharField(_("adresse"), max_length=500)
    types = ArrayField(
        models.CharField(max_length=40, choices=Type), verbose_name=_("får vite om"), default=list, blank=True
    )
    secret = EncryptedField(editable=False, bound_to=lambda row: str(row.reference))
    old_secret = EncryptedField(null=True, editable=False, bound_to=lambda row: str(row.reference))
    old_secret_until = models.DateTimeField(_("gammel hemmelighet til"), null=True, editable=False)
    older_secret = EncryptedField(null=True, editable=False, bound_to=lambda row: str(row.reference))
    older_secret_until = models.DateTimeField(_("enda eldre hemmelighet til"), null=True, editable=False)
    position = models.BigIntegerField(_("plass"), default=0, editable=False)
    failing_since = models.DateTimeField(_("uten svar siden"), null=True, editable=False)
    problem_code = models.CharField(_("feilkode"), max_length=50, blank=True, editable=False)
    paused_at = models.DateTimeField(_("satt på pause"), null=True, editable=False)
    pause_told_at = models.DateTimeField(_("sagt fra om pausen"), null=True, editable=False)
    stopped_at = models.DateTimeField(_("stoppet"), null=True, editable=False)
    accepted_at = models.DateTimeField(_("tok sist imot"), null=True, editable=False)
    made_by = models.CharField(_("laget av"), max_length=200, editable=False)
    made_at = models.DateTimeField(_("laget"), editable=False)

    objects = SealedManager.from_queryset(WebhookQuerySet)()

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.host

    @property
    def host(self) -> str:
        """What pages and logs name it by: the path of an address may be a secret."""
        return self.url.partition("://")[2].partition("/")[0].rpartition("@")[2]

    @property
    def prefix(self) -> str:
        """The beginning of the keys of its messages in the outbox."""
        return f"webhook:{self.pk}:"

    def secrets_at(self, at: datetime) -> list[str]:
        """The newest first. What is sent is signed with each. Raises CannotDecrypt."""
        before = [(self.old_secret, self.old_secret_until), (self.older_secret, self.older_secret_until)]
        valid = [secret for secret, until in before if secret is not None and until and until > at]
        return [bytes(secret).decode() for secret in [self.secret, *valid]]
