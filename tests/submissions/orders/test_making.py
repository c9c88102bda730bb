"""Orders: made for a customer with the rights of an access, and due at once."""

from __future__ import annotations

import pytest

from accounts.models import Customer
from portal.core import lease
from portal.core.audit import AuditEvent
from portal.core.environments import Environment
from submissions.models import Order
from submissions.period import Period
from submissions.services import catalogue, local
from submissions.services.orders.making import NotAllowed, create_order, order_again
from systemusers.models import Access
from tests.fixtures import AT

BY = "user:ida@vendor.example"
SERVICE = "skattekorttilarbeidsgiver"


@pytest.fixture(autouse=True)
def allowed(access: Access) -> None:
    """The access and its client may use the service."""
    access.rights = ["urn:altinn:resource:ske-skattekort-til-arbeidsgiver"]
    local.switch(service=catalogue.service(SERVICE), environment="SANDBOX", on=True, by=BY, at=AT)
    client = access.profile.system.client
    client.scopes = [*client.scopes, "skatteetaten:skattekorttilarbeidsgiver"]


def order(access: Access, customer: Customer) -> Order:
    period = Period.year(2025)
    return create_order(access=access, customer=customer, service=SERVICE, period=period, by=BY, at=AT)


def test_an_order_is_due_and_recorded(access: Access) -> None:
    made = order(access, access.customer)

    assert (made.status, str(made.period), made.environment) == (Order.Status.QUEUED, "2025", access.environment)
    assert [hold.row for hold in lease.claim(Order.objects.all(), at=AT)] == [made]
    event = AuditEvent.objects.get(target=f"submissions.Order:{made.pk}")
    assert (event.what, event.by, event.customer_id_ref) == ("created", BY, access.customer_id)


def test_the_customer_need_not_be_the_one_who_gave_the_access(access: Access) -> None:
    client = Customer.objects.create(environment=Environment.SANDBOX, orgnr="310203335", name="Klient AS")

    made = order(access, client)

    assert (made.customer, made.access.customer) == (client, access.customer)


def test_an_access_without_the_right_gives_no_order(access: Access) -> None:
    access.rights = []

    with pytest.raises(NotAllowed, match="mangler rettigheten"):
        order(access, access.customer)

    assert not Order.objects.exists()


def test_an_order_that_races_with_the_end_of_the_relation_is_not_made(access: Access) -> None:
    assert not access.customer.is_ended  # as the page loaded it
    Customer.objects.filter(pk=access.customer_id).update(end_asked_at=AT)

    with pytest.raises(NotAllowed, match="avsluttet"):
        order(access, access.customer)

    assert not Order.objects.exists()


def test_a_refused_order_is_not_made_again_after_the_end_of_the_relation(access: Access) -> None:
    made = order(access, access.customer)
    made.move_to("FAILED", by=BY, at=AT, next_attempt_at=None)
    Customer.objects.filter(pk=access.customer_id).update(end_asked_at=AT)

    with pytest.raises(NotAllowed, match="avsluttet"):
        order_again(order=made, by=BY, at=AT)

    assert Order.objects.get().status == "FAILED"
