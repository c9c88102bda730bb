"""How we follow the inbox: poll cursors, dialogs that are looked for, and what Altinn Events tells. Workers claim what is `Leased`."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from portal.core.environments import Environment
from portal.core.lease import Leased
from systemusers.models import Access


class PollCursor(Leased):
    """How far we have read one system user's dialogs. `tokens` are Dialogporten's continuation tokens, one for each search;
    `asked` tells which searches those were. `window`: everything since `window_from` is read in parts of this length, as
    Dialogporten was too slow; None when all is read at once. With `window_from` searches have a lower bound beside the tokens.

    A second reading goes on beside it, from `overlap_from` (None: none is under way) with tokens of its own: of the last
    days, and weekly of everything (`overlap_is_full`, `full_at`, `full_began_at`). `next_attempt_at` is the time of the next
    round; never None. `rights_at` is the last change of rights that everything was, or is to be, read for.
    """

    class Tier(models.TextChoices):
        LOOKING = "LOOKING", _("Noen ser på")
        HOT = "HOT", _("Ofte")
        NORMAL = "NORMAL", _("Vanlig")
        QUIET = "QUIET", _("Sjelden")

    access = models.OneToOneField(Access, models.CASCADE, related_name="cursor", verbose_name=_("tilgang"))
    tokens: models.JSONField[list[str], list[str]] = models.JSONField(_("posisjoner"), default=list, blank=True)
    asked: models.JSONField[list[str], list[str]] = models.JSONField(_("søk"), default=list, blank=True)
    since = models.DateTimeField(_("fra og med"))
    window = models.DurationField(_("leses i deler av"), null=True, blank=True)
    window_from = models.DateTimeField(_("del fra og med"), null=True, blank=True)
    tier = models.CharField(_("hvor ofte"), max_length=8, choices=Tier, default=Tier.NORMAL)
    looked_at = models.DateTimeField(_("noen så på kunden"), null=True, blank=True)
    rights_at = models.DateTimeField(_("rettigheter endret"), null=True, blank=True)
    polled_at = models.DateTimeField(_("sist spurt"), null=True, blank=True)
    changed_at = models.DateTimeField(_("sist endring"), null=True, blank=True)
    overlap_at = models.DateTimeField(_("neste overlapp"), null=True, blank=True)
    overlap_from = models.DateTimeField(_("overlapp fra og med"), null=True, blank=True)
    overlap_tokens: models.JSONField[list[str], list[str]] = models.JSONField(
        _("posisjoner i overlappen"), default=list, blank=True
    )
    overlap_window = models.DurationField(_("overlappen leses i deler av"), null=True, blank=True)
    overlap_is_full = models.BooleanField(_("overlappen er en hel gjennomlesing"), default=False)
    full_at = models.DateTimeField(_("neste hele gjennomlesing"), null=True, blank=True)
    full_began_at = models.DateTimeField(_("siste hele gjennomlesing begynte"), null=True, blank=True)

    class Meta:
        verbose_name = _("leseposisjon i Dialogporten")
        verbose_name_plural = _("leseposisjoner i Dialogporten")
        constraints = [models.CheckConstraint(condition=Q(next_attempt_at__isnull=False), name="cursor_has_next_round")]
        indexes = [
            models.Index(fields=["next_attempt_at"], name="cursor_due"),
            models.Index(fields=["tier", "next_attempt_at"], name="cursor_by_tier"),
            models.Index(fields=["problem_code"], condition=~Q(problem_code=""), name="cursor_with_problem"),
        ]

    def __str__(self) -> str:
        return str(self.access_id)


class MissedDialog(Leased):
    """A dialog that an event told of at `told_at` and that no search has shown. `looks`: how often we have looked since."""

    access = models.ForeignKey(Access, models.CASCADE, related_name="+", verbose_name=_("tilgang"))
    dialog_id = models.UUIDField(_("dialog-id"))
    told_at = models.DateTimeField(_("varslet"))
    looks = models.PositiveSmallIntegerField(_("ganger vi har sett etter den"), default=0)

    class Meta:
        verbose_name = _("dialog vi er varslet om og ikke har funnet")
        verbose_name_plural = _("dialoger vi er varslet om og ikke har funnet")
        constraints = [
            models.UniqueConstraint(fields=["access", "dialog_id"], name="one_row_per_missed_dialog"),
            models.CheckConstraint(condition=Q(next_attempt_at__isnull=False), name="missed_dialog_is_due"),
        ]
        indexes = [models.Index(fields=["next_attempt_at"], name="missed_dialog_due")]

    def __str__(self) -> str:
        return str(self.dialog_id)


class EventSubscription(Leased):
    """A subscription at Altinn Events for one access and one resource. `secret_hash` guards its webhook address.

    `client` is the accountant's client that it is about; None for the customer of the access itself. `next_attempt_at` is the next
    time we ask Altinn for it; None once Altinn has confirmed it (`validated_at`). `ending_at`: it is to be removed.
    """

    access = models.ForeignKey(Access, models.CASCADE, related_name="subscriptions", verbose_name=_("tilgang"))
    client = models.ForeignKey(
        Customer, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("klient")
    )
    resource = models.CharField(_("ressurs"), max_length=255)
    secret_hash = models.CharField(max_length=64, unique=True)
    altinn_id = models.BigIntegerField(_("id i Altinn"), null=True, blank=True)
    validated_at = models.DateTimeField(_("bekreftet"), null=True, blank=True)
    ending_at = models.DateTimeField(_("fjernes siden"), null=True, blank=True)
    created_at = models.DateTimeField(_("opprettet"))

    class Meta:
        verbose_name = _("abonnement på hendelser")
        verbose_name_plural = _("abonnementer på hendelser")
        constraints = [
            models.UniqueConstraint(
                fields=["access", "client", "resource"], nulls_distinct=False, name="one_subscription_per_resource"
            ),
            models.CheckConstraint(
                condition=Q(next_attempt_at__isnull=False) | Q(validated_at__isnull=False, ending_at__isnull=True),
                name="subscription_is_confirmed_or_due",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"], condition=Q(next_attempt_at__isnull=False), name="subscription_due"
            ),
            models.Index(fields=["problem_code"], condition=~Q(problem_code=""), name="subscription_with_problem"),
        ]

    def __str__(self) -> str:
        return self.resource

    @property
    def customer(self) -> Customer:
        """Whom it is about."""
        return self.client or self.access.customer


class RefusedResource(models.Model):
    """A resource that Altinn lets nobody subscribe to, as far as we have seen, in one environment. No row: nothing speaks against it.

    `refused` are the customers, by id, whose accesses were refused since somebody was last let through. `closed_at`: they are so many
    that others are not asked for; `asked_at` is when one was asked for last, to find out whether the policy has changed.
    """

    environment = models.CharField(_("miljø"), max_length=10, choices=Environment)
    resource = models.CharField(_("ressurs"), max_length=255)
    refused = ArrayField(models.BigIntegerField(), verbose_name=_("kunder som ble avvist"), default=list)
    closed_at = models.DateTimeField(_("spørres ikke siden"), null=True, blank=True)
    asked_at = models.DateTimeField(_("sist spurt"))

    class Meta:
        verbose_name = _("ressurs uten hendelser")
        verbose_name_plural = _("ressurser uten hendelser")
        constraints = [
            models.UniqueConstraint(fields=["environment", "resource"], name="one_refused_resource_per_environment")
        ]

    def __str__(self) -> str:
        return self.resource


class SubscriptionRound(Leased):
    """When the subscriptions of one access are compared next with what Altinn has.

    `compared_at`: the last time; at first when they were ordered.
    """

    access = models.OneToOneField(Access, models.CASCADE, related_name="+", verbose_name=_("tilgang"))
    compared_at = models.DateTimeField(_("sist sammenlignet"), null=True, blank=True)

    class Meta:
        verbose_name = _("sammenligning av abonnementer")
        verbose_name_plural = _("sammenligninger av abonnementer")
        constraints = [
            models.CheckConstraint(condition=Q(next_attempt_at__isnull=False), name="subscription_round_is_due")
        ]
        indexes = [models.Index(fields=["next_attempt_at"], name="subscription_round_due")]

    def __str__(self) -> str:
        return str(self.access_id)


class ReceivedEvent(models.Model):
    """An event received by the webhook. It only triggers a poll; stored to drop duplicates.

    Altinn sends one event to each subscription that matches it.
    """

    subscription = models.ForeignKey(EventSubscription, models.CASCADE, verbose_name=_("abonnement"))
    source = models.CharField(_("kilde"), max_length=500)
    event_id = models.CharField(_("hendelse-id"), max_length=100)
    type = models.CharField(_("type"), max_length=200)
    received_at = models.DateTimeField(_("mottatt"))

    class Meta:
        verbose_name = _("mottatt hendelse")
        verbose_name_plural = _("mottatte hendelser")
        constraints = [models.UniqueConstraint(fields=["subscription", "source", "event_id"], name="one_row_per_event")]

    def __str__(self) -> str:
        return self.type
