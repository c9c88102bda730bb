"""Django admin: every page that can change something leaves an audit row with old and new values, or does not exist."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.management import call_command
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.models import Charge, Customer, Given, Portfolio, User, Vendor
from portal.core.audit import AuditEvent, target_of
from portal.core.lease import Leased
from submissions.models import ServiceSetting
from tests.fixtures import VENDOR_ORGNR, make_operator

MEND = {"try_now", "release"}
ACTIONS = {
    "portal.outboxmessage": {"send_again", "close", *MEND},
    "submissions.dialog": {"assign", *MEND},
    "submissions.submission": {"send_again", *MEND},
    "systemusers.access": {"send_again", *MEND},
    "systemusers.changerequest": {"send_again", *MEND},
}
"""Admin actions that have tests of their own (tests/desk/test_admin_actions.py, tests/core/outbox/test_settle.py); MEND is there for
every other model whose rows workers take."""
ADD, CHANGE, DELETE = "add", "change", "delete"
PASSWORD = "a long enough password"


@pytest.fixture
def operator(administrator: User) -> User:
    make_operator(administrator)
    return administrator


@pytest.fixture
def page(client: Client, operator: User) -> Client:
    client.force_login(operator)
    return client


def permitted() -> Iterator[tuple[str, str]]:
    """(model, act) of everything that anybody may do in Django admin."""
    request: HttpRequest = RequestFactory().get("/admin/")
    request.user = User(is_active=True)
    request.user.given = Given(charges=frozenset(Charge.values))  # type: ignore[misc] # cached
    for model, pages in admin.site._registry.items():
        for act in (ADD, CHANGE, DELETE):
            if getattr(pages, f"has_{act}_permission")(request):
                yield model._meta.label_lower, act


def post(page: Client, url: str, data: dict[str, Any]) -> None:
    reply = page.post(url, data)
    assert reply.status_code == 302, reply.context["errors"] if reply.context else reply.content


def url_of(row: Any, act: str) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{act}", args=[row.pk] if row.pk else [])


class TestEveryChange:
    """One test for each (model, act) that is permitted; `TESTED` names them."""

    TESTED = {
        ("accounts.vendor", ADD), ("accounts.vendor", CHANGE),
        ("accounts.portfolio", ADD), ("accounts.portfolio", CHANGE), ("accounts.portfolio", DELETE),
        ("accounts.customer", CHANGE), ("submissions.servicesetting", ADD), ("submissions.servicesetting", CHANGE),
    }  # fmt: skip

    def test_nothing_else_is_permitted(self, db: None) -> None:
        assert set(permitted()) == self.TESTED

    def test_no_list_is_edited_and_no_row_has_others_in_its_form(self) -> None:
        for pages in admin.site._registry.values():
            assert not pages.list_editable
            assert all(not inline.can_delete and inline.extra == 0 for inline in pages.inlines)

    def test_no_action_is_unknown(self, page: Client, operator: User) -> None:
        request: HttpRequest = RequestFactory().get("/admin/")
        request.user = operator
        for model, pages in admin.site._registry.items():
            names = set(pages.get_actions(request))
            usual = MEND if issubclass(model, Leased) else set()
            assert names - {"delete_selected"} == ACTIONS.get(model._meta.label_lower, usual)

    @pytest.mark.parametrize("act", [ADD, CHANGE, DELETE])
    def test_an_account_is_only_looked_at(self, page: Client, reader: User, act: str) -> None:
        url = url_of(User() if act == ADD else reader, act)

        assert page.post(url, {"email": "new@vendor.example", "name": "New", "is_active": ""}).status_code == 403

        reader.refresh_from_db()
        assert (reader.is_active, AuditEvent.objects.count()) == (True, 0)

    def test_nobody_sets_the_password_of_another(self, page: Client, reader: User) -> None:
        assert page.get(f"/admin/accounts/user/{reader.pk}/change/").status_code == 200
        page.post(f"/admin/accounts/user/{reader.pk}/password/", {"password1": PASSWORD * 2, "password2": PASSWORD * 2})

        assert User.objects.get(pk=reader.pk).check_password(PASSWORD)

    def test_the_vendor(self, page: Client, db: None) -> None:
        form = {
            "name": "Fjordtall",
            "orgnr": VENDOR_ORGNR,
            "support_email": "hjelp@vendor.example",
            "support_phone": "",
        }
        post(page, reverse("admin:accounts_vendor_add"), form)
        post(page, url_of(Vendor.objects.get(), CHANGE), {**form, "name": "Fjordtall Pluss", "support_email": ""})

        added, edited = AuditEvent.objects.order_by("pk")
        assert added.detail["changes"]["support_email"] == ["", "h…@vendor.example"]
        assert edited.detail["changes"] == {
            "name": ["Fjordtall", "Fjordtall Pluss"], "support_email": ["h…@vendor.example", ""],
        }  # fmt: skip

    def test_what_is_known_of_a_service(self, page: Client, db: None) -> None:
        form = {"is_on": "on", "openness": "open", "note": "Telefon"}
        place = {"environment": "PRODUCTION", "service": "innrapportering-bsu"}
        post(page, reverse("admin:submissions_servicesetting_add"), {**place, **form})
        post(page, url_of(ServiceSetting.objects.get(), CHANGE), {**form, "openness": "closed"})

        added, edited = AuditEvent.objects.order_by("pk")
        assert (added.what, added.detail["changes"]["openness"]) == ("added", ["", "open"])
        assert edited.detail["changes"] == {"openness": ["open", "closed"]}

    def test_a_portfolio(self, page: Client, case_worker: User, portfolio: Portfolio) -> None:
        post(page, reverse("admin:accounts_portfolio_add"), {"name": "Øst"})
        post(page, url_of(portfolio, CHANGE), {"name": "Sørvest"})
        post(page, url_of(portfolio, DELETE), {"post": "yes"})

        east = Portfolio.objects.get()
        rows = [(row.what, row.target, row.detail["changes"]) for row in AuditEvent.objects.order_by("pk")]
        assert rows == [
            ("added", target_of(east), {"name": ["", "Øst"]}),
            ("edited", target_of(portfolio), {"name": ["Vest", "Sørvest"]}),
            ("deleted", target_of(portfolio), {"name": ["Sørvest", ""]}),
            ("edited", target_of(case_worker), {"portfolios": [["Sørvest"], []]}),
        ]

    def test_portfolios_deleted_in_the_list(self, page: Client, portfolio: Portfolio) -> None:
        marked = {"action": "delete_selected", "_selected_action": [portfolio.pk], "post": "yes"}
        post(page, reverse("admin:accounts_portfolio_changelist"), marked)

        assert AuditEvent.objects.get().what == "deleted"
        assert not Portfolio.objects.exists()

    def test_a_customer(self, page: Client, customer: Customer) -> None:
        east = Portfolio.objects.create(name="Øst")
        form = {"name": customer.name, "portfolio": east.pk, "language": "nb", "contact_name": "Kari Nordmann"}
        post(page, url_of(customer, CHANGE), {**form, "contact_phone": "22 12 34 56"})

        event = AuditEvent.objects.get()
        assert (event.what, event.customer_id_ref) == ("edited", customer.pk)
        assert event.detail["changes"] == {
            "portfolio": ["Vest", "Øst"], "contact_name": ["", "K…"], "contact_phone": ["", "…56"],
        }  # fmt: skip
        customer.refresh_from_db()
        assert (customer.portfolio, customer.contact_phone) == (east, "22 12 34 56")


def test_models_that_grant_something_and_are_not_ours_have_no_pages() -> None:
    for label in ("auth.Group", "account.EmailAddress"):
        assert apps.get_model(label) not in admin.site._registry


@pytest.mark.django_db
class TestCommands:
    def test_a_new_superuser_is_recorded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)

        call_command("createsuperuser", email="op@vendor.example", name="Op", interactive=False, verbosity=0)

        event = AuditEvent.objects.get()
        assert (event.what, event.by) == ("added", "task:createsuperuser")
        assert event.detail["changes"]["charges"] == ["", sorted(Charge.values)]
        made = User.objects.get()
        assert (made.is_staff, made.keeps_people, made.within("PRODUCTION").is_administrator) == (True, True, True)

    def test_a_new_password_is_recorded(self, reader: User) -> None:
        with mock.patch("getpass.getpass", return_value="another long password"):  # stands for the terminal
            call_command("changepassword", reader.email, verbosity=0)

        event = AuditEvent.objects.get()
        assert (event.what, event.by, event.target) == ("password-set", "task:changepassword", target_of(reader))
