"""Mails to customers as rows of the outbox: one for each receiver, in the transaction of what they are about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max

from accounts.models import ContactMail, MailAddress, Vendor
from accounts.services.contacts import Reach, Receiver, addresses_of, reach_all
from portal.core.audit import event, record_all
from portal.core.audit_events import AuditType
from portal.core.masking import masked
from portal.core.outbox.message import OutboxMessage
from portal.core.outbox.put import ToPut, put_many
from systemusers.models import Access, ChangeRequest, CustomerMail, MailKind, MailPlan, System
from systemusers.services.invitations.changed import in_words
from systemusers.services.invitations.compose import compose
from systemusers.services.invitations.hours import hours_of
from systemusers.services.invitations.order import TELLING
from systemusers.services.invitations.texts import all_texts

ABOUT = {MailKind.RECEIPT: ContactMail.RECEIPTS, MailKind.FAREWELL: ContactMail.END}
"""What contacts choose, by the kind of a mail; other kinds ask."""


@dataclass(frozen=True)
class ToMail:
    """`change`: what the customer is asked for; None when that is the access itself, and for mails that ask for nothing."""

    access: Access
    kind: str
    change: ChangeRequest | None = None


def put_mails(
    *, mails: Sequence[ToMail], vendor: Vendor, plan: MailPlan, by: str, at: datetime, systems: Sequence[System] = ()
) -> int:
    """Each of these mails to everybody at the customer who gets that kind. Returns how many there are.

    Never two of a kind, number and address; the caller holds what keeps another from the same number. `systems`: those that
    the mail is about, by default that of the access.
    """
    texts, numbers, quiet = all_texts(), _numbers(mails), hours_of(plan).quiet
    found = _receivers(mails)
    addresses = addresses_of((mail.access.customer_id, one.email) for mail, ones in found for one in ones)
    more = in_words((mail.change, one.language) for mail, ones in found if mail.change for one in ones)
    rows, messages = [], []
    for mail, receivers in found:
        access, kind = mail.access, mail.kind
        number = numbers.get((access.pk, kind), 0) + 1
        for at_place, one in enumerate(receivers):
            address = addresses[access.customer_id, one.email.lower()]
            key = f"customer-mail:{access.pk}:{kind}:{number}" + (f":{address.pk}" if at_place else "")
            rows.append(CustomerMail(access=access, kind=kind, number=number, key=key, put_at=at, **_to(address, at)))
            payload = compose(
                access=access, kind=kind, text=texts[kind, one.language], vendor=vendor, language=one.language,
                systems=[system.names[one.language] or system.name_nb for system in systems or [access.profile.system]],
                address=address.pk if len(receivers) > 1 else 0,
                more=more[mail.change.pk, one.language] if mail.change else {},
            )  # fmt: skip
            messages.append(ToPut(OutboxMessage.Kind.MAIL, key, one.email, payload, quiet if kind in TELLING else None))
    CustomerMail.objects.bulk_create(rows)
    put_many(messages, at=at)
    put = [mail for mail, receivers in found if receivers]
    record_all(event(by=by, at=at, target=mail.access, what=AuditType.MAIL_PUT, mail=mail.kind) for mail in put)
    return len(rows)


def _receivers(mails: Sequence[ToMail]) -> list[tuple[ToMail, tuple[Receiver, ...]]]:
    about = [ABOUT.get(MailKind(mail.kind), ContactMail.ASKS) for mail in mails]
    reaches: dict[str, dict[int, Reach]] = {
        each: reach_all([mail.access.customer for mail in mails], mail=each) for each in set(about)
    }
    return [(mail, reaches[each][mail.access.customer_id].receivers) for mail, each in zip(mails, about, strict=True)]


def _to(address: MailAddress, at: datetime) -> dict[str, Any]:
    return {"address": address, "receiver": masked(address.email)[:300], "status_at": at}


def _numbers(mails: Sequence[ToMail]) -> dict[tuple[int, str], int]:
    """The highest number of each access and kind that there is."""
    rows = CustomerMail.objects.filter(access__in=[mail.access for mail in mails]).values_list("access", "kind")
    return {(access, kind): highest for access, kind, highest in rows.annotate(highest=Max("number")).order_by()}
