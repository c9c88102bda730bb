"""What the business register says stands wherever one asks for access or sends, and on the overview."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import Customer, RegisterRound
from systemusers.models import Access
from tests.fixtures import AT
from tests.submissions.rows import make_draft

pytestmark = pytest.mark.django_db
SAID = (
    "Virksomheten er slettet i Enhetsregisteret. Kunngjøringene på brreg.no sier om den er slått sammen med en annen."
)
LINE = "Kunde har fått en merknad i Enhetsregisteret"


def say(customer: Customer, **facts: Any) -> None:
    stored = {"orgnr": customer.orgnr, "name": customer.name, "form": "AS", "main_unit": "", **facts}
    Customer.objects.filter(pk=customer.pk).update(business_register=stored, business_register_at=AT)


def pages(access: Access) -> list[str]:
    draft = make_draft(access, status="READY")
    return [
        f"/sandbox/customers/{access.customer_id}/",
        f"/sandbox/access/new/?customer={access.customer_id}",
        f"/sandbox/submissions/new/?customer={access.customer_id}",
        f"/sandbox/submissions/{draft.pk}/",
    ]


def read(client: Client, address: str) -> str:
    reply = client.get(address)
    assert reply.status_code == 200, address
    return reply.content.decode()


def test_a_deleted_customer_is_named_on_each_page_where_one_acts(
    client: Client, access: Access, case_worker: Any
) -> None:
    client.force_login(case_worker)
    say(access.customer, is_deleted=True)

    assert [SAID in read(client, address) for address in pages(access)] == [True] * 4
    assert LINE in read(client, "/sandbox/")
    assert access.customer.name in read(client, "/sandbox/customers/?group=register")


def test_an_organisation_without_remarks_is_named_nowhere(client: Client, access: Access, case_worker: Any) -> None:
    client.force_login(case_worker)
    say(access.customer)

    assert [SAID in read(client, address) for address in pages(access)] == [False] * 4
    assert LINE not in read(client, "/sandbox/")
    assert access.customer.name not in read(client, "/sandbox/customers/?group=register")


def test_a_customer_that_was_never_looked_up_has_no_remark(client: Client, access: Access, case_worker: Any) -> None:
    client.force_login(case_worker)

    assert LINE not in read(client, "/sandbox/")
    assert access.customer.name not in read(client, "/sandbox/customers/?group=register")


def test_a_sub_unit_is_told_the_number_of_its_main_unit(client: Client, access: Access, case_worker: Any) -> None:
    client.force_login(case_worker)
    say(access.customer, main_unit="310200009")

    assert "som har nummer 310200009" in read(client, f"/sandbox/access/new/?customer={access.customer_id}")
    assert LINE in read(client, "/sandbox/")


def test_a_register_that_gives_no_answers_is_a_line_of_the_overview(
    client: Client, access: Access, case_worker: Any
) -> None:
    client.force_login(case_worker)
    row = RegisterRound.objects.create(environment="SANDBOX", failures=2, problem_code="UNAVAILABLE")
    line = "Vi får ikke alle svar fra Enhetsregisteret"
    twice = read(client, "/sandbox/")
    RegisterRound.objects.filter(pk=row.pk).update(failures=3)

    assert line not in twice
    assert line in read(client, "/sandbox/")
