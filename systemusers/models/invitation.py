"""Whether the customer of an access has been told of what is asked for, by what, and what is sent next.

`Access.status` SENT says that Altinn has our question. `Invitation.told_at` says that the customer knows of it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext_lazy as _

from accounts.models import MailAddress, OfCustomersQuerySet
from portal.core.lease import LASTING, Leased
from portal.core.outbox.message import OutboxMessage
from systemusers.models.access import Access
from systemusers.models.change_request import ChangeRequest
from systemusers.models.mail_settings import MailKind

SETTLED = {*Access.USABLE, *Access.ENDED}
"""States of an access in which its customer is asked for it no more."""
NOT_ASKING = (
    Q(change__isnull=True, access__status__in=SETTLED)
    | Q(change__isnull=False) & (Q(access__status__in=Access.ENDED) | ~Q(change__status__in=ChangeRequest.OPEN))
    | Q(access__link_revoked_at__isnull=False)
)
AT_ALTINN = Q(change__isnull=True, access__status__in=Access.OPEN) | Q(change__status=ChangeRequest.Status.SENT)


FREED: dict[str, Any] = {"lease_until": None, "attempts": F("attempts") + 1, "failures": 0, "problem_code": ""}
"""What every change by another than the worker writes too: a worker that has the row loses it, and changes nothing."""


_ANSWERED = Q(stopped_why__in=["APPROVED", "ENDED"])
TOLD_OR_COMING = (Q(told_at__isnull=False) | Q(stopped_at__isnull=True, next_attempt_at__isnull=False)) & ~_ANSWERED
"""Plans whose customer has been told, or is going to be, and that did not end with an answer: those of nearly all that wait."""
TOLD_BEFORE = Q(told_at__isnull=False) & _ANSWERED
"""The others whose customer has been told."""
NOT_REACHED = Q(stopped_why__in=["NO_ADDRESS", "REFUSED", "RETURNED"]) | LASTING
"""Plans whose mails do not reach the customer."""


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def running(self) -> InvitationQuerySet:
        return self.filter(stopped_at__isnull=True)

    def to_work(self) -> InvitationQuerySet:
        """With all that a mail needs. One whose question is not at Altinn yet waits for that, and is not looked at."""
        rows = self.running().filter(NOT_ASKING | AT_ALTINN)
        return rows.select_related("access__customer", "access__profile__system", "change")

    def to_settle(self) -> InvitationQuerySet:
        """Those that the state of their access has ended since a worker looked."""
        return self.running().filter(NOT_ASKING)

    def ask_again(self, *, at: datetime) -> None:
        """Staff ask anew, or the link has another address: the customers are to be told again. Plans that run begin anew."""
        self.filter(access__status__in=Access.ENDED).update(change=None)
        self.update(told_at=None, told_how="")
        first = Case(When(change__isnull=True, then=Value(MailKind.RENEWAL)), default=Value(MailKind.CHANGE))
        self.running().update(began_at=None, reminders=0, opens_with=first, next_attempt_at=at, **FREED)


class Invitation(Leased):
    """The plan of mails for one access. `change`: what is asked for, None for the access itself.

    `began_at`: when the first mail of the present question was put into the outbox. `stopped_at` None: the plan runs; with
    `next_attempt_at` None too, it only waits for the customer's answer. `is_at_once`: the next mail does not wait for the hours
    of the plan, as a person pressed for it. `muted_at`: the customer wants no mail.
    """

    class Told(models.TextChoices):
        MAIL = "MAIL", _("E-post fra portalen")
        OTHER_WAY = "OTHER_WAY", _("På en annen måte")

    class Why(models.TextChoices):
        APPROVED = "APPROVED", _("Kunden har godkjent")
        ENDED = "ENDED", _("Forespørselen er avsluttet")
        LINK_CLOSED = "LINK_CLOSED", _("Lenken er stengt")
        BY_CUSTOMER = "BY_CUSTOMER", _("Kunden har bedt om å slippe e-post")
        BY_STAFF = "BY_STAFF", _("Stoppet av dere")
        OTHER_WAY = "OTHER_WAY", _("Varslet på en annen måte")
        NO_ADDRESS = "NO_ADDRESS", _("Kunden har ingen e-postadresse her")
        REFUSED = "REFUSED", _("E-posten ble ikke tatt imot")
        RETURNED = "RETURNED", _("E-posten kom i retur")

    FAILED = (Why.NO_ADDRESS, Why.REFUSED, Why.RETURNED)

    access = models.OneToOneField(Access, models.CASCADE, related_name="invitation", verbose_name=_("tilgang"))
    change = models.ForeignKey(
        ChangeRequest, models.CASCADE, null=True, blank=True, related_name="invitations", verbose_name=_("endring")
    )
    told_at = models.DateTimeField(_("varslet"), null=True, blank=True)
    told_how = models.CharField(_("varslet med"), max_length=10, choices=Told, blank=True)
    opens_with = models.CharField(_("første e-post"), max_length=12, choices=MailKind, default=MailKind.INVITATION)
    began_at = models.DateTimeField(_("første e-post lagt ut"), null=True, blank=True)
    reminders = models.PositiveSmallIntegerField(_("påminnelser"), default=0)
    is_at_once = models.BooleanField(_("uten å vente på tidspunkt"), default=False)
    stopped_at = models.DateTimeField(_("stoppet"), null=True, blank=True)
    stopped_why = models.CharField(_("hvorfor"), max_length=12, choices=Why, blank=True)
    muted_at = models.DateTimeField(_("kunden vil ikke ha e-post"), null=True, blank=True)
    ordered_by = models.CharField(_("bestilt av"), max_length=200)
    ordered_at = models.DateTimeField(_("bestilt"))

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("varsling av en kunde")
        verbose_name_plural = _("varsling av kunder")
        constraints = [
            models.CheckConstraint(
                condition=Q(told_at__isnull=True, told_how="") | Q(told_at__isnull=False) & ~Q(told_how=""),
                name="told_has_time_and_way",
            ),
            models.CheckConstraint(
                condition=Q(stopped_at__isnull=True, stopped_why="")
                | Q(stopped_at__isnull=False, next_attempt_at__isnull=True) & ~Q(stopped_why=""),
                name="stopped_has_reason_and_no_next",
            ),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(next_attempt_at__isnull=False), name="invitation_due"),
            models.Index(fields=["access"], condition=Q(stopped_at__isnull=True), name="invitation_running"),
            models.Index(fields=["access"], condition=NOT_REACHED, name="invitation_not_reached"),
            models.Index(fields=["access"], condition=TOLD_OR_COMING, name="invitation_told"),
        ]

    def __str__(self) -> str:
        return f"{self.access_id}"

    @property
    def environment(self) -> str:
        return str(self.access.environment)

    @property
    def customer_id(self) -> int:
        return int(self.access.customer_id)


class CustomerMailQuerySet(OfCustomersQuerySet["CustomerMail"]):
    def unsettled(self) -> CustomerMailQuerySet:
        """Those of which the outbox may tell something new."""
        return self.filter(OPEN_MAIL)


S = OutboxMessage.Status
OPEN_MAIL = Q(status__in=[S.WAITING, S.SENDING, S.UNCERTAIN, S.DEAD])


class CustomerMail(models.Model):
    """One mail to one address of a customer about one access: never two of a kind and number. `status` is a copy of the outbox's.

    `address` None: a mail from the time before addresses had rows.
    """

    class Status(models.TextChoices):
        WAITING = S.WAITING.value, _("Venter")
        SENDING = S.SENDING.value, _("Sendes")
        SENT = S.SENT.value, _("Sendt")
        UNCERTAIN = S.UNCERTAIN.value, _("Kanskje sendt")
        DEAD = S.DEAD.value, _("Ikke tatt imot")
        CLOSED = S.CLOSED.value, _("Ikke sendt")
        RETURNED = "RETURNED", _("Kom i retur")

    access = models.ForeignKey(Access, models.CASCADE, related_name="mails", verbose_name=_("tilgang"))
    kind = models.CharField(_("type"), max_length=12, choices=MailKind)
    number = models.PositiveSmallIntegerField(_("nummer"))
    key = models.CharField(_("nøkkel"), max_length=100, unique=True)
    address = models.ForeignKey(
        MailAddress, models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("adresse")
    )
    receiver = models.CharField(_("mottaker"), max_length=300, help_text="masked, see `masked`")
    put_at = models.DateTimeField(_("lagt ut"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.WAITING)
    status_at = models.DateTimeField(_("status siden"))
    problem_code = models.CharField(_("feilkode"), max_length=50, blank=True)

    objects = CustomerMailQuerySet.as_manager()

    class Meta:
        verbose_name = _("e-post til en kunde")
        verbose_name_plural = _("e-poster til kunder")
        ordering = ["-put_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["access", "kind", "number", "address"],
                name="one_mail_per_kind_and_address",
                nulls_distinct=False,
            )
        ]
        indexes = [models.Index(fields=["id"], condition=OPEN_MAIL, name="customer_mail_open")]

    def __str__(self) -> str:
        return self.key
