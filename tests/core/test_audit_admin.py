"""Django admin's list of events leads from an event to what it is about."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import Customer, User
from portal.core.audit import record
from portal.core.audit_events import AuditType
from tests.fixtures import AT, make_operator

pytestmark = pytest.mark.django_db


def test_an_event_leads_to_its_row(client: Client, administrator: User) -> None:
    make_operator(administrator)
    client.force_login(User.objects.get(pk=administrator.pk))
    customer = Customer.objects.create(environment="SANDBOX", orgnr="310987654", name="Nordlys AS")
    record(by="user:x", at=AT, target=customer, what=AuditType.ADDED)

    page = client.get("/admin/portal/auditevent/").text

    assert f'<a href="/admin/accounts/customer/{customer.pk}/change/">Kunde {customer.pk}</a>' in page
