"""Persons at a customer beside the main contact, who is a part of the customer, and what became of mails to each address."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Upper
from django.utils.translation import gettext_lazy as _

from accounts.models.customer import Customer, OfCustomersQuerySet
from accounts.models.vendor import Language


class ContactMail(models.TextChoices):
    """What a contact can get mails about. The main contact gets all."""

    ASKS = "ASKS", _("Forespørsler og påminnelser")
    RECEIPTS = "RECEIPTS", _("Kvitteringer")
    END = "END", _("Brev når kundeforholdet er avsluttet")


class Contact(models.Model):
    """One more person at the customer. `mails` has values of ContactMail; `language` "" is that of the customer."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="contacts", verbose_name=_("kunde"))
    name = models.CharField(_("navn"), max_length=100, blank=True)
    email = models.EmailField(_("e-post"), blank=True)
    phone = models.CharField(_("telefon"), max_length=30, blank=True)
    language = models.CharField(_("språk"), max_length=2, choices=Language, blank=True)
    mails = ArrayField(
        models.CharField(max_length=10, choices=ContactMail), verbose_name=_("får e-post om"), default=list, blank=True
    )

    objects = OfCustomersQuerySet["Contact"].as_manager()

    class Meta:
        verbose_name = _("kontakt")
        verbose_name_plural = _("kontakter")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint("customer", Lower("email"), condition=~Q(email=""), name="one_contact_per_address"),
            models.CheckConstraint(condition=~Q(name="", email="", phone=""), name="contact_says_something"),
        ]
        indexes = [models.Index(Upper("email"), name="contact_by_mail")]

    def __str__(self) -> str:
        return f"{self.pk}"


class MailAddress(models.Model):
    """What became of mails to one address of a customer: it refused them, or the person wants none. Stays when the contact goes.

    `email` is in lower case. `problem_code` is the mail server's, "" for a mail that staff saw come back.
    """

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="mail_addresses", verbose_name=_("kunde"))
    email = models.EmailField(_("e-post"))
    muted_at = models.DateTimeField(_("vil ikke ha e-post"), null=True, blank=True)
    refused_at = models.DateTimeField(_("kom ikke fram"), null=True, blank=True)
    problem_code = models.CharField(_("feilkode"), max_length=50, blank=True)

    class Meta:
        verbose_name = _("e-postadresse til en kunde")
        verbose_name_plural = _("e-postadresser til kunder")
        constraints = [
            models.UniqueConstraint(fields=["customer", "email"], name="one_row_per_address"),
            models.CheckConstraint(condition=Q(email=Lower("email")), name="address_in_lower_case"),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"
