"""Many customers asked at once, for one profile: the campaign, and the verdict on each of its rows."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, User, sight_of
from portal.core.environments import Environment
from portal.core.feed.event import Type
from portal.core.lease import Leased
from portal.core.states import StatusModel
from systemusers.models.access import Access
from systemusers.models.change_request import ChangeRequest
from systemusers.models.profile import AccessProfile


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def visible_to(self, user: Any) -> Self:
        """One's own; who sees every customer sees all of them."""
        sight = sight_of(user)
        if sight.is_everything:
            return self
        own = Q(owner=user, environment__in=sight.own_in)
        return self.filter(Q(environment__in=sight.all_in) | own) if sight.anywhere else self.none()


class Campaign(StatusModel, Leased):
    """Due while its rows are to be judged (DRAFT) or asked (RUNNING).

    `extra` are the remarks (CampaignRow.OPTIONAL) that do not keep a row out. `per_hour`: at most so many customers an hour.
    `ordered_by`: rows are asked with that person's rights and name.
    """

    class Status(models.TextChoices):
        DRAFT = "DRAFT", _("Kontrolleres")
        READY = "READY", _("Klar til å ses over")
        RUNNING = "RUNNING", _("Pågår")
        PAUSED = "PAUSED", _("På pause")
        DONE = "DONE", _("Ferdig")
        STOPPED = "STOPPED", _("Stoppet")

    class Purpose(models.TextChoices):
        ASK = "ASK", _("Be om tilgang")
        CHANGE = "CHANGE", _("Be om endring av tilgang som er i bruk")

    TELLS: ClassVar[dict[tuple[str, str], Type]] = {("", "DONE"): Type.CAMPAIGN_FINISHED}
    TRANSITIONS: ClassVar[dict[str, set[str]]] = {
        "DRAFT": {"READY"},
        "READY": {"DRAFT", "RUNNING"},
        "RUNNING": {"PAUSED", "STOPPED", "DONE"},
        "PAUSED": {"RUNNING", "STOPPED"},
        "STOPPED": set(),
        "DONE": set(),
    }
    MOVING = ("DRAFT", "RUNNING")
    NOT_BEGUN = ("DRAFT", "READY")

    environment = models.CharField(_("miljø"), max_length=10, choices=Environment)
    name = models.CharField(_("navn"), max_length=100)
    purpose = models.CharField(_("hva"), max_length=6, choices=Purpose, default=Purpose.ASK)
    profile = models.ForeignKey(
        AccessProfile, models.PROTECT, related_name="campaigns", verbose_name=_("tilgangsprofil")
    )
    owner = models.ForeignKey(User, models.PROTECT, related_name="campaigns", verbose_name=_("laget av"))
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.DRAFT)
    status_at = models.DateTimeField(_("status siden"))
    created_at = models.DateTimeField(_("opprettet"))
    deadline = models.DateField(_("frist for kundene"), null=True, blank=True)
    per_hour = models.PositiveIntegerField(_("høyst i timen"), null=True, blank=True)
    mails = models.BooleanField(_("portalen sender lenken på e-post"), default=True)
    extra = models.JSONField(_("tas med likevel"), default=list)
    total = models.PositiveIntegerField(_("valgt"), default=0)
    ordered_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("startet av")
    )
    started_at = models.DateTimeField(_("startet"), null=True, blank=True)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = _("kampanje")
        verbose_name_plural = _("kampanjer")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["DRAFT", "READY"]) | Q(started_at__isnull=False, ordered_by__isnull=False),
                name="begun_campaign_has_person",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["DRAFT", "RUNNING"]) | Q(next_attempt_at__isnull=False),
                name="moving_campaign_is_due",
            ),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(next_attempt_at__isnull=False), name="campaign_due"),
            models.Index(fields=["environment", "-created_at", "-id"], name="campaign_newest"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_moving(self) -> bool:
        return self.status in self.MOVING

    @property
    def is_begun(self) -> bool:
        return self.status not in self.NOT_BEGUN

    @property
    def is_change(self) -> bool:
        return self.purpose == self.Purpose.CHANGE


class CampaignRowQuerySet(models.QuerySet["CampaignRow"]):
    def visible_to(self, user: Any) -> Self:
        """Those of customers that the user sees, and those that are no customer."""
        if sight_of(user).is_everything:
            return self
        return self.filter(Q(customer__isnull=True) | Q(customer__in=Customer.objects.visible_to(user)))

    def taken(self, campaign: Campaign) -> Self:
        """Those of the campaign that are asked when it runs as it is, and those that were."""
        return self.filter(taken_of(campaign), campaign=campaign)


def taken_of(campaign: Campaign) -> Q:
    """The condition of `taken` on rows of the campaign."""
    wanted = [CampaignRow.Verdict.READY, *CampaignRow.OPTIONAL]
    return Q(verdict__in=wanted, remarks__contained_by=campaign.extra) & ~Q(state=CampaignRow.State.LEFT)


class CampaignRow(models.Model):
    """One customer of a campaign, or a number in a list that is none.

    `remarks`: all verdicts of OPTIONAL that apply; the row is taken when each of them is in `Campaign.extra`. `orgnr` "" when
    the number cannot be used; then `shown` is what stands in the list, without identity numbers. `state`: what a worker did.
    """

    class Verdict(models.TextChoices):
        WAITING = "WAITING", _("Kontrolleres")
        READY = "READY", _("Spørres")
        HAS_ACCESS = "HAS_ACCESS", _("Har tilgangen fra før")
        UNDERWAY = "UNDERWAY", _("Er spurt fra før")
        APPROVED = "APPROVED", _("Har godkjent i Altinn")
        UNCLEAR = "UNCLEAR", _("Ukjente rettigheter")
        NO_ACCESS = "NO_ACCESS", _("Har ikke tilgangen")
        ENDED = "ENDED", _("Svarte nei, eller utløpt")
        NO_ADDRESS = "NO_ADDRESS", _("Uten e-postadresse")
        MUTED = "MUTED", _("Vil ikke ha e-post")
        SUB_UNIT = "SUB_UNIT", _("Underenhet")
        BANKRUPT = "BANKRUPT", _("Konkurs")
        DELETED = "DELETED", _("Slettet")
        CLOSED = "CLOSED", _("Kundeforholdet er avsluttet")
        NOT_YOURS = "NOT_YOURS", _("Ikke din portefølje")
        UNKNOWN = "UNKNOWN", _("Ikke kunde")
        SYNTHETIC = "SYNTHETIC", _("Syntetisk nummer")
        REAL = "REAL", _("Ekte nummer")
        TWICE = "TWICE", _("Dobbel")
        INVALID = "INVALID", _("Ugyldig nummer")
        IDENTITY = "IDENTITY", _("Fødselsnummer")

    class State(models.TextChoices):
        ASKED = "ASKED", _("Spurt")
        LEFT = "LEFT", _("Ikke spurt")

    OPTIONAL = ("ENDED", "SUB_UNIT", "BANKRUPT", "NO_ADDRESS", "MUTED")
    """Taken only when a person says so. The first that applies is the verdict."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="rows", verbose_name=_("kampanje"))
    number = models.PositiveIntegerField(_("rad"))
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, related_name="campaign_rows", verbose_name=_("kunde")
    )
    shown = models.CharField(_("nummer i listen"), max_length=40, blank=True)
    verdict = models.CharField(_("dom"), max_length=10, choices=Verdict, default=Verdict.WAITING)
    remarks = models.JSONField(_("merknader"), default=list)
    state = models.CharField(_("resultat"), max_length=5, choices=State, blank=True)
    access = models.ForeignKey(
        Access, models.PROTECT, null=True, related_name="campaign_rows", verbose_name=_("tilgang")
    )
    change = models.ForeignKey(
        ChangeRequest, models.PROTECT, null=True, related_name="campaign_rows", verbose_name=_("endringsforespørsel")
    )

    objects = CampaignRowQuerySet.as_manager()

    class Meta:
        verbose_name = _("rad i kampanje")
        verbose_name_plural = _("rader i kampanjer")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "number"], name="one_row_per_number_of_a_campaign"),
            models.UniqueConstraint(
                fields=["campaign", "customer"], condition=Q(customer__isnull=False), name="one_row_per_customer"
            ),
            models.CheckConstraint(condition=~Q(state="ASKED") | Q(access__isnull=False), name="asked_has_access"),
        ]
        indexes = [
            models.Index(fields=["campaign", "verdict", "number"], name="campaign_row_by_verdict"),
            models.Index(fields=["campaign", "number"], condition=Q(state=""), name="campaign_row_to_do"),
        ]

    def __str__(self) -> str:
        return f"{self.number}"
