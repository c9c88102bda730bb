"""Customers with an access in use, in our tables and in a sandbox with a process of its own, who report and are followed."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.utils import timezone

from accounts.models import Customer, Portfolio, Vendor
from portal.core.environments import Environment
from submissions.services.inbox import cursors
from systemusers.models import Access, System, SystemUser
from systemusers.services.remote import system_user_requests
from systemusers.services.system_register.push import register_system
from systemusers.services.tokens import vendor_token
from tests.benchmarks.process import Remote
from tests.submissions.world import SCOPES as OF_REPORTS
from tests.submissions.world import make_key
from tests.world import RESOURCE, make_client, make_profile, make_system

TOKEN_SCOPES = ("altinn:authentication/systemregister.write", "altinn:authentication/systemuser.request.read")
SCOPES = sorted({*OF_REPORTS, *TOKEN_SCOPES})


def followed(remote: Remote, vendor: Vendor, portfolio: Portfolio, *, customers: int, dialogs: int = 0) -> list[Access]:
    """With cursors that are due; nothing was asked yet."""
    now = timezone.now()
    system = make_system(make_client(scopes=SCOPES), packages=[])
    jwk = make_key(system.client, now)
    client = {"client_id": system.client.client_id, "orgnr": vendor.orgnr, "scopes": SCOPES, "jwks": {"keys": [jwk]}}
    remote.control("POST", "organisations", {"orgnr": vendor.orgnr, "name": vendor.name})
    remote.control("POST", "clients", client)
    register_system(system=system, by="task:bench", at=now)
    order = {
        "organisations": customers, "system_id": system.system_id, "dialogs_per_organisation": dialogs,
        "resource": RESOURCE,
    }  # fmt: skip
    remote.control("POST", "bulk", order)
    return _stored(system, portfolio, now)


def _stored(system: System, portfolio: Portfolio, now: datetime) -> list[Access]:
    profile, token = make_profile(system), vendor_token(client=system.client, scopes=TOKEN_SCOPES, at=now)
    users = list(system_user_requests(Environment.SANDBOX).system_users(system.system_id, token=token))
    customers = Customer.objects.bulk_create(
        Customer(environment=Environment.SANDBOX, orgnr=user.orgnr, name=user.orgnr, portfolio=portfolio)
        for user in users
    )
    made = Access.objects.bulk_create(
        Access(
            environment=Environment.SANDBOX, customer=customer, profile=profile, external_ref=customer.orgnr,
            rights=[RESOURCE], status="IN_USE", status_at=now, altinn_id=str(uuid.uuid4()), requested_by="task:bench",
        )
        for customer in customers
    )  # fmt: skip
    SystemUser.objects.bulk_create(
        SystemUser(access=access, altinn_id=user.id, kind="STANDARD", first_token_at=now)
        for access, user in zip(made, users, strict=True)
    )
    cursors.make_cursors(at=now)
    return made
