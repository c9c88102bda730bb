"""What the vendor decides about the mails to its customers: when they are sent, and what they say. The same in all environments."""

from __future__ import annotations

from datetime import time
from typing import TypedDict

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Language


class MailKind(models.TextChoices):
    INVITATION = "INVITATION", _("Invitasjon")
    REMINDER = "REMINDER", _("Påminnelse")
    RENEWAL = "RENEWAL", _("Lenken på nytt")
    RECEIPT = "RECEIPT", _("Kvittering")
    FAREWELL = "FAREWELL", _("Brev om å fjerne tilgangen")
    CHANGE = "CHANGE", _("Endring av tilgang")
    CHANGE_AGAIN = "CHANGE_AGAIN", _("Påminnelse om endring")


def usual_days() -> list[int]:
    return [3, 7, 14]


class MailPlan(models.Model):
    """When mails to customers are sent. One row.

    `reminder_days`: days after the first mail, ascending. `most_mails`: of one question, the first one and reminders.
    """

    reminder_days = ArrayField(
        models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(90)]),
        verbose_name=_("påminnelser etter så mange dager"),
        default=usual_days,
        blank=True,
    )
    most_mails = models.PositiveSmallIntegerField(
        _("høyst så mange e-poster for én forespørsel"),
        default=4,
        validators=[MinValueValidator(1), MaxValueValidator(10)],
    )
    quiet_from = models.TimeField(_("stille fra"), default=time(18))
    quiet_to = models.TimeField(_("stille til"), default=time(7))
    skips_weekends = models.BooleanField(_("ikke i helger"), default=True)
    skips_holidays = models.BooleanField(_("ikke på norske helligdager"), default=True)
    sends_receipts = models.BooleanField(_("kvittering når kunden har godkjent"), default=True)
    dkim_selectors = models.CharField(_("DKIM-selektorer"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("plan for e-post til kunder")
        verbose_name_plural = _("plan for e-post til kunder")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_mail_plan")]

    def __str__(self) -> str:
        return ", ".join(map(str, self.reminder_days))


class MailTemplate(models.Model):
    """The text of one kind in one language, where it is not the usual one of `services.invitations.texts`."""

    kind = models.CharField(_("type"), max_length=12, choices=MailKind)
    language = models.CharField(_("språk"), max_length=2, choices=Language)
    subject = models.CharField(_("emne"), max_length=150)
    body = models.TextField(_("tekst"), max_length=5000)

    class Meta:
        verbose_name = _("tekst i e-post")
        verbose_name_plural = _("tekster i e-post")
        constraints = [models.UniqueConstraint(fields=["kind", "language"], name="one_text_per_kind_and_language")]

    def __str__(self) -> str:
        return f"{self.kind} {self.language}"


class Verdict(TypedDict):
    """What was found of one kind of record. `code` is explained in `services.invitations.domain`; `value` is the record."""

    code: str
    value: str


class MailDomainCheck(models.Model):
    """What the DNS said of the domain that mails are sent from, when somebody asked last. One row for each domain."""

    domain = models.CharField(_("domene"), max_length=253, unique=True)
    checked_at = models.DateTimeField(_("undersøkt"))
    verdicts: models.JSONField[dict[str, Verdict], dict[str, Verdict]] = models.JSONField(_("svar"), default=dict)

    class Meta:
        verbose_name = _("kontroll av avsenderdomene")
        verbose_name_plural = _("kontroller av avsenderdomene")
        constraints = [models.CheckConstraint(condition=~Q(domain=""), name="checked_domain")]

    def __str__(self) -> str:
        return self.domain
