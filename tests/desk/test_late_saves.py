"""Two people have the same form open: nobody writes over what a colleague has saved without being told what it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Contact, Customer, Integration, Portfolio, User, Vendor
from accounts.services.contacts import ContactDetails, save_contact
from accounts.services.integrations.keeping import save_integration
from portal.core.audit import AuditEvent
from portal.core.webhooks import keeping
from portal.core.webhooks.row import Webhook

pytestmark = pytest.mark.django_db
BY = "user:ida@vendor.example"
ADDRESS = "https://127.0.0.1/hooks"


@dataclass
class Edited:
    """A form of a stored row: what a colleague changes meanwhile, and what one has typed oneself."""

    path: str
    sent: dict[str, Any]
    row: Any
    field: str
    theirs: Any
    mine: Any
    told: str


def of_customer(customer: Customer, user: User) -> Edited:
    sent = {"name": customer.name, "language": "nb", "portfolio": customer.portfolio_id}
    return Edited(f"customers/{customer.pk}/edit/", sent, customer, "reference", "K-100", "K-200", "K-100")


def of_its_language(customer: Customer, user: User) -> Edited:
    sent = {"name": customer.name, "portfolio": customer.portfolio_id}
    return Edited(f"customers/{customer.pk}/edit/", sent, customer, "language", "en", "nn", "åpent: English")


def of_contact(customer: Customer, user: User) -> Edited:
    details = ContactDetails(name="Kari", email="kari@nordlys.example")
    row = save_contact(customer=customer, details=details, by=BY, at=timezone.now())
    sent = {"name": row.name, "email": row.email, "mails": row.mails}
    return Edited(f"customers/{customer.pk}/contacts/{row.pk}/", sent, row, "phone", "22334455", "99887766", "22334455")


def of_vendor(customer: Customer, user: User) -> Edited:
    row = Vendor.objects.get()
    sent = {"name": row.name, "orgnr": row.orgnr}
    return Edited("settings/vendor/", sent, row, "support_email", "ny@x.example", "min@x.example", "ny@x.example")


def of_person(customer: Customer, user: User) -> Edited:
    row = User.objects.create(email="kari@vendor.example", name="Kari")
    sent = {"email": row.email, "language": "nb"}
    return Edited(f"people/{row.pk}/edit/", sent, row, "name", "Kari Vik", "Kari Nes", "Kari Vik")


def of_portfolio(customer: Customer, user: User) -> Edited:
    row = Portfolio.objects.get()
    return Edited(f"people/portfolios/{row.pk}/", {}, row, "name", "Vestland", "Vestre", "Vestland")


def of_integration(customer: Customer, user: User) -> Edited:
    row = Integration(environment="SANDBOX", name="erp", scopes=["customers:read", "customers:write"])
    portfolios = [Portfolio.objects.get()]
    save_integration(integration=row, portfolios=portfolios, user=user.within(row.environment), at=timezone.now())
    sent = {"sight": "own", "portfolios": [portfolios[0].pk], "calls_a_minute": row.calls_a_minute}
    theirs, mine = ["customers:read"], ["customers:read", "customers:write", "submissions:read"]
    return Edited(f"integrations/{row.pk}/edit/", sent, row, "scopes", theirs, mine, "åpent: Se kunder")


def of_webhook(customer: Customer, user: User) -> Edited:
    row, _secret = keeping.make(environment="SANDBOX", url=ADDRESS, types=[], by=BY, at=timezone.now())
    sent = {"url": ADDRESS}
    return Edited(
        f"webhooks/{row.pk}/edit/", sent, row, "types", ["access.approved"], ["access.lost"], "Tilgang godkjent"
    )


FORMS = [of_customer, of_its_language, of_contact, of_vendor, of_person, of_portfolio, of_integration, of_webhook]


@pytest.fixture(params=FORMS, ids=[each.__name__ for each in FORMS])
def edited(request: Any, customer: Customer, vendor: Vendor, administrator: User, settings: Any) -> Edited:
    settings.WEBHOOK_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    of: Callable[..., Edited] = request.param
    return of(customer, administrator)


@pytest.fixture
def staff(client: Client, administrator: User) -> Client:
    client.force_login(administrator)
    return client


def version_in(page: bytes) -> str:
    found = re.search(r'name="version" value="([^"]+)"', page.decode())
    return found[1] if found else ""


def stored(edited: Edited) -> Any:
    return getattr(type(edited.row).objects.get(pk=edited.row.pk), edited.field)


def test_a_late_save_is_refused_with_what_a_colleague_saved_and_a_second_one_is_taken(
    staff: Client, edited: Edited
) -> None:
    address = f"/sandbox/{edited.path}"
    sent = {**edited.sent, edited.field: edited.mine, "version": version_in(staff.get(address).content)}
    type(edited.row).objects.filter(pk=edited.row.pk).update(**{edited.field: edited.theirs})

    refused = staff.post(address, sent)
    kept, events = stored(edited), AuditEvent.objects.count()
    taken = staff.post(address, {**sent, "version": version_in(refused.content)})

    assert (refused.status_code, kept) == (422, edited.theirs)
    assert "En annen har lagret dette mens skjemaet var åpent" in refused.content.decode()
    assert edited.told in refused.content.decode()
    assert (taken.status_code, stored(edited)) == (302, edited.mine)
    assert AuditEvent.objects.count() == events + 1


def test_a_form_that_nobody_else_has_used_is_saved(staff: Client, edited: Edited) -> None:
    address = f"/sandbox/{edited.path}"
    version = version_in(staff.get(address).content)

    reply = staff.post(address, {**edited.sent, edited.field: edited.mine, "version": version})

    assert version
    assert (reply.status_code, stored(edited)) == (302, edited.mine)


def test_portfolios_that_a_colleague_took_from_an_integration_do_not_come_back_unseen(
    staff: Client, customer: Customer, administrator: User
) -> None:
    edited = of_integration(customer, administrator)
    address, other = f"/sandbox/{edited.path}", Portfolio.objects.create(name="Nord")
    sent = {**edited.sent, "scopes": edited.row.scopes, "version": version_in(staff.get(address).content)}
    edited.row.portfolios.set([other])

    refused = staff.post(address, sent)

    assert refused.status_code == 422
    assert "En annen har lagret dette mens skjemaet var åpent: Nord" in refused.content.decode()
    assert list(edited.row.portfolios.all()) == [other]


def test_a_closed_account_is_not_opened_by_an_edit_of_its_name(staff: Client, customer: Customer) -> None:
    row = User.objects.create(email="kari@vendor.example", name="Kari")
    version = version_in(staff.get(f"/sandbox/people/{row.pk}/edit/").content)
    User.objects.filter(pk=row.pk).update(is_active=False)

    staff.post(
        f"/sandbox/people/{row.pk}/edit/", {"email": row.email, "name": "K", "language": "nb", "version": version}
    )

    assert not User.objects.get(pk=row.pk).is_active


def test_a_contact_that_is_removed_meanwhile_is_told(staff: Client, customer: Customer, administrator: User) -> None:
    edited = of_contact(customer, administrator)
    version = version_in(staff.get(f"/sandbox/{edited.path}").content)
    Contact.objects.all().delete()

    assert staff.post(f"/sandbox/{edited.path}", {**edited.sent, "version": version}).status_code == 404
    assert not Webhook.objects.exists()
