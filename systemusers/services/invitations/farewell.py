"""The letter to a customer that has left, on how to remove the access in Altinn: by mail to those who get it, once for each end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import ContactMail, Customer, Vendor
from accounts.services.contacts import reach
from systemusers.models import Access, AccessQuerySet, CustomerMail, CustomerMailQuerySet, MailKind, System
from systemusers.services.invitations.order import CannotMail, Why
from systemusers.services.invitations.putting import ToMail, put_mails
from systemusers.services.invitations.settings import mail_plan

NOT_ENDED, NOTHING_GIVEN, SENT_BEFORE, NO_VENDOR = "NOT_ENDED", "NOTHING_GIVEN", "SENT_BEFORE", "NO_VENDOR"
"""Reasons of `CannotMail`, beside NO_ADDRESS and BY_CUSTOMER of the plan."""


@dataclass(frozen=True)
class Farewell:
    """`systems`: those whose access the customer can remove. `sent_at`: when the mail was put into the outbox, None before.

    `obstacle`: why no mail can be sent, a reason as of `CannotMail`; "".
    """

    systems: list[System]
    sent_at: datetime | None
    obstacle: str


def given(customer: Customer) -> AccessQuerySet:
    """Accesses that the customer has given and not removed, as far as we know."""
    rows = Access.objects.filter(customer=customer, status__in={*Access.USABLE, Access.Status.UNKNOWN})
    return rows.select_related("customer", "profile__system").order_by("pk")


def farewell(customer: Customer) -> Farewell:
    """Four queries at most."""
    accesses = list(given(customer))
    systems = {access.profile.system_id: access.profile.system for access in accesses}
    sent_at = _mails(customer).values_list("put_at", flat=True).first() if customer.is_ended else None
    return Farewell(list(systems.values()), sent_at, _obstacle(customer, accesses, sent_at))


def _mails(customer: Customer) -> CustomerMailQuerySet:
    """Those of this end of the relation."""
    rows = CustomerMail.objects.filter(access__customer=customer, kind=MailKind.FAREWELL)
    return rows.filter(put_at__gte=customer.end_asked_at).order_by("put_at")


def _obstacle(customer: Customer, accesses: list[Access], sent_at: datetime | None) -> str:
    if not customer.is_ended:
        return NOT_ENDED
    if sent_at is not None:
        return SENT_BEFORE
    if not accesses:
        return NOTHING_GIVEN
    its = reach(customer, mail=ContactMail.END)
    if its.receivers:
        return ""
    return str(Why.BY_CUSTOMER if its.has_address else Why.NO_ADDRESS)


def send_farewell(*, customer: Customer, by: str, at: datetime) -> int:
    """Put the mails into the outbox, within the hours of the plan. Returns how many. Raises CannotMail, also to the slower of two."""
    with transaction.atomic():
        [row] = Customer.objects.held(customer.pk)
        now = farewell(row)
        vendor = Vendor.objects.first()
        if now.obstacle or vendor is None:
            raise CannotMail(now.obstacle or NO_VENDOR)
        mail = ToMail(given(row)[0], str(MailKind.FAREWELL))
        return put_mails(mails=[mail], vendor=vendor, plan=mail_plan(), by=by, at=at, systems=now.systems)
