"""What a member of staff is told by mail, and which mails have told it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.capabilities import Capability
from accounts.models.people import User
from portal.core.lease import Leased
from portal.core.outbox.message import OutboxMessage

S = OutboxMessage.Status


class Notice(models.TextChoices):
    """What can be told at once."""

    REJECTED = "REJECTED", _("En rapport er avvist eller ble ikke tatt imot")
    LOST = "LOST", _("En kunde har fjernet tilgangen")
    LETTER = "LETTER", _("Et brev fra Skatteetaten har en frist")
    KEY = "KEY", _("En Maskinporten-nøkkel utløper snart")
    CAMPAIGN = "CAMPAIGN", _("En kampanje jeg har laget eller startet, er ferdig")
    PROPOSAL = "PROPOSAL", _("Noe venter på at jeg godkjenner det, eller det jeg har foreslått, er besvart")


def notices_for(user: User) -> list[Notice]:
    """Those that this person may choose: keys for those who keep them, campaigns for those who ask customers. Proposals are for all:
    a charge is no role."""
    needs = {Notice.KEY: Capability.CONFIGURE, Notice.CAMPAIGN: Capability.WORK}
    anywhere = user.within_any()
    return [
        notice for notice in Notice if notice == Notice.PROPOSAL or anywhere.where(needs.get(notice, Capability.SEE))
    ]


class NotificationPlan(Leased):
    """What one person has chosen, and how far they are told. Without a row: `usual_at_once`, and no summary.

    `at_once` has values of Notice. `digest_at`: when the next summary is due. `told_to` and `digest_to`: until when all is
    told that is told at once, and all that the summary tells. `gathering_since`: something waits since then to be told at
    once. `mails`: the number of the last mail. `refused_at`: the mail server refuses the address, and nothing more is sent.
    `next_attempt_at` None: nothing is chosen that a worker looks for, or the address is refused.
    """

    class Digest(models.TextChoices):
        NEVER = "NEVER", _("Aldri")
        DAILY = "DAILY", _("Hver arbeidsdag kl. 07")
        WEEKLY = "WEEKLY", _("Hver mandag kl. 07")

    user = models.OneToOneField(User, models.CASCADE, related_name="notification_plan", verbose_name=_("ansatt"))
    digest = models.CharField(_("oppsummering på e-post"), max_length=6, choices=Digest, default=Digest.NEVER)
    at_once: models.JSONField[list[str], list[str]] = models.JSONField(
        _("e-post med en gang"), default=list, blank=True
    )
    digest_at = models.DateTimeField(_("neste oppsummering"), null=True, blank=True)
    told_to = models.DateTimeField(_("fortalt til og med"), null=True, blank=True)
    digest_to = models.DateTimeField(_("oppsummert til og med"), null=True, blank=True)
    gathering_since = models.DateTimeField(_("samler siden"), null=True, blank=True)
    mails = models.PositiveIntegerField(_("e-poster"), default=0)
    last_mail_at = models.DateTimeField(_("siste e-post"), null=True, blank=True)
    refused_at = models.DateTimeField(_("adressen er avvist"), null=True, blank=True)

    class Meta:
        verbose_name = _("varsler til en ansatt")
        verbose_name_plural = _("varsler til ansatte")
        constraints = [
            models.CheckConstraint(
                condition=Q(digest="NEVER", digest_at__isnull=True) | ~Q(digest="NEVER") & Q(digest_at__isnull=False),
                name="digest_has_next_time",
            ),
            models.CheckConstraint(
                condition=Q(refused_at__isnull=True) | Q(next_attempt_at__isnull=True), name="refused_plan_rests"
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"], condition=Q(next_attempt_at__isnull=False), name="notification_plan_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id}"

    @property
    def is_wanted(self) -> bool:
        """Whether a worker has something to look for. Keys are warned of by themselves, and proposals told by those who make them."""
        return self.digest != self.Digest.NEVER or bool(set(self.at_once) - {Notice.KEY, Notice.PROPOSAL})


def usual_at_once(user: User) -> list[str]:
    """What is told at once to those who have not chosen."""
    keys = [Notice.KEY.value] if user.within_any().where(Capability.ADMINISTER) else []
    return [*keys, Notice.PROPOSAL.value]


class NoticeMail(models.Model):
    """One mail to a member of staff: what happened after `looked_from`. `status` is a copy of the outbox's."""

    class Kind(models.TextChoices):
        DIGEST = "DIGEST", _("Oppsummering")
        AT_ONCE = "AT_ONCE", _("Varsel")

    class Status(models.TextChoices):
        WAITING = S.WAITING.value, _("Venter")
        SENDING = S.SENDING.value, _("Sendes")
        SENT = S.SENT.value, _("Sendt")
        UNCERTAIN = S.UNCERTAIN.value, _("Kanskje sendt")
        DEAD = S.DEAD.value, _("Ikke tatt imot")
        CLOSED = S.CLOSED.value, _("Ikke sendt")

    OPEN = Q(status__in=[S.WAITING, S.SENDING, S.UNCERTAIN, S.DEAD])

    user = models.ForeignKey(User, models.CASCADE, related_name="notice_mails", verbose_name=_("ansatt"))
    kind = models.CharField(_("type"), max_length=8, choices=Kind)
    number = models.PositiveIntegerField(_("nummer"))
    key = models.CharField(_("nøkkel"), max_length=100, unique=True)
    put_at = models.DateTimeField(_("lagt ut"))
    looked_from = models.DateTimeField(_("fra og med"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.WAITING)
    status_at = models.DateTimeField(_("status siden"))
    problem_code = models.CharField(_("feilkode"), max_length=50, blank=True)

    class Meta:
        verbose_name = _("e-post til en ansatt")
        verbose_name_plural = _("e-poster til ansatte")
        ordering = ["-put_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["user", "number"], name="one_notice_mail_per_number")]
        indexes = [
            models.Index(fields=["id"], condition=Q(status__in=["WAITING", "SENDING", "UNCERTAIN", "DEAD"]),
                         name="notice_mail_open"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.key


class NoticeTold(models.Model):
    """One event that a person has been told of: the row it happened to, by its model, and when it happened."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+", verbose_name=_("ansatt"))
    model = models.CharField(_("gjelder"), max_length=20)
    row_id = models.BigIntegerField(_("rad"))
    happened_at = models.DateTimeField(_("skjedde"))
    told_at = models.DateTimeField(_("fortalt"))

    class Meta:
        verbose_name = _("fortalt hendelse")
        verbose_name_plural = _("fortalte hendelser")
        constraints = [models.UniqueConstraint(fields=["user", "model", "row_id", "happened_at"], name="told_once")]
        indexes = [models.Index(fields=["told_at"], name="notice_told_old")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.model} {self.row_id}"
