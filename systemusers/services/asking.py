"""One act that asks a customer and orders the mail with the link: neither is done without the other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import Customer
from systemusers.models import Access, AccessProfile
from systemusers.services import invitations
from systemusers.services.access.ask import ask_access


@dataclass(frozen=True)
class Asked:
    """`not_mailed`: why no mail was ordered, a reason of `invitations.Ordered.excluded`. "": it was; None: none was wanted."""

    access: Access
    not_mailed: str | None


def ask_customer(*, customer: Customer, profile: AccessProfile, mails: bool, by: str, at: datetime) -> Asked:
    """With `mails`, the mail leaves when Altinn has the question. Raises as `ask_access`."""
    with transaction.atomic():
        access = ask_access(customer=customer, profile=profile, by=by, at=at)
        if not mails:
            return Asked(access, None)
        ordered = invitations.order(accesses=[access.pk], by=by, at=at)
    return Asked(access, next(iter(ordered.excluded), ""))
