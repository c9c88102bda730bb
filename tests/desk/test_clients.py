"""The page of an accountant's clients, and what a client's own pages say of its accountants."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Customer, Portfolio, User
from portal.core.audit import AuditEvent
from submissions.models import Submission
from systemusers.models import Access, ClientRelation
from systemusers.services import authorised_parties, offered
from tests.submissions.accountant import SALARY, Firm, firm
from tests.submissions.world import fresh

__all__ = ["firm"]
LOOKS = ["clients", "clients-export"]
ACTS = ["clients-refresh", "clients-take-in"]


@pytest.fixture(autouse=True)
def now(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: firm.world.at)


def logged_in(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def url(name: str, access: Access, environment: str = "sandbox") -> str:
    return reverse(name, kwargs={"environment": environment, "pk": access.pk})


def ask(client: Client, name: str, address: str) -> int:
    return (client.post(address) if name in ACTS else client.get(address)).status_code


def text(client: Client, address: str, **query: str) -> str:
    response = client.get(address, query)
    assert response.status_code == 200
    return str(response.content.decode())


@pytest.mark.parametrize("name", [*LOOKS, *ACTS])
def test_who_may_open_it(firm: Firm, client: Client, reader: User, case_worker: User, name: str) -> None:
    address = url(name, firm.access)
    stranger = ask(client, name, address)
    client.force_login(reader)
    as_reader, elsewhere = ask(client, name, address), ask(client, name, url(name, firm.access, "test"))
    client.force_login(case_worker)
    Customer.objects.filter(pk=firm.access.customer_id).update(portfolio=None)

    other_portfolio = ask(client, name, address)

    assert stranger == 302
    assert as_reader == (403 if name in ACTS else 200)
    assert elsewhere == (403 if name in ACTS else 404)
    assert other_portfolio == 404


def test_an_access_of_the_other_kind_has_no_clients(firm: Firm, client: Client, administrator: User) -> None:
    own = firm.world.another_access()

    assert logged_in(client, administrator).get(url("clients", own)).status_code == 404


def test_no_clients_is_an_unfinished_state(firm: Firm, client: Client, administrator: User) -> None:
    firm.read()
    logged_in(client, administrator)

    pages = [text(client, url(name, firm.access)) for name in ("clients", "access")]
    overview = text(client, reverse("dashboard", kwargs={"environment": "sandbox"}))

    assert all("0 klienter" in page for page in pages)
    assert "klientadministrator" in pages[0]
    assert "mailto:" in pages[0]
    assert "Klar til bruk" not in pages[1]
    assert "Regnskapsfører har ingen klienter" in overview


def test_a_lacking_scope_is_told_with_who_mends_it(firm: Firm, client: Client, administrator: User) -> None:
    firm.attach(1)
    scopes = firm.world.app.state.clients[firm.client.client_id].scopes
    scopes.remove(authorised_parties.SCOPE)
    firm.read()

    page = text(logged_in(client, administrator), url("clients", firm.access))

    assert "Klientene kan ikke leses fra Altinn" in page
    assert "MP-200" in page
    assert authorised_parties.SCOPE in page


def test_each_client_has_its_state_and_what_can_be_sent(firm: Firm, client: Client, administrator: User) -> None:
    ready, half, gone = firm.attach(3)
    firm.attach([half], packages=[SALARY])
    firm.read()
    firm.detach([gone])
    for _ in range(2):
        firm.read()
        firm.world.let_pass(hours=2)
    logged_in(client, administrator)

    page = text(client, url("clients", firm.access))
    lacking = text(client, url("clients", firm.access), state="lacking")
    searched = text(client, url("clients", firm.access), q=ready)

    assert "1 av 2 klienter er klare" in page
    assert "Aksjonærregisteroppgaven" in page
    assert "regnskapsforer-med-signeringsrettighet" in lacking
    assert spaced(half) in lacking
    assert spaced(ready) not in lacking
    assert spaced(ready) in searched
    assert spaced(half) not in searched
    assert "Ring og spør hvorfor" in page


def spaced(orgnr: str) -> str:
    return f"{orgnr[:3]}\N{NO-BREAK SPACE}{orgnr[3:6]}\N{NO-BREAK SPACE}{orgnr[6:]}"


def test_a_case_worker_sees_clients_by_their_own_portfolio(
    firm: Firm, client: Client, case_worker: User, portfolio: Portfolio
) -> None:
    mine, theirs, nobodys = firm.attach(3)
    firm.world.new_customer(mine, "Min AS", portfolio=portfolio)
    firm.world.new_customer(theirs, "Deres AS")
    firm.read()
    logged_in(client, case_worker)

    page = text(client, url("clients", firm.access))
    export = client.get(url("clients-export", firm.access)).content.decode("utf-8-sig")

    assert ("Min AS" in page, "Deres AS" in page, spaced(nobodys) in page) == (True, False, True)
    assert ("Min AS" in export, "Deres AS" in export, nobodys in export) == (True, False, True)
    assert "1 klient er i en portefølje du ikke har" in page


def test_the_list_and_its_file_are_filtered_by_portfolio(
    firm: Firm, client: Client, administrator: User, portfolio: Portfolio
) -> None:
    mine, free, nobodys = firm.attach(3)
    firm.world.new_customer(mine, "Min AS", portfolio=portfolio)
    firm.world.new_customer(free, "Fri AS")
    firm.read()
    logged_in(client, administrator)

    seen = {}
    for chosen in (str(portfolio.pk), "none", "rubbish"):
        page = text(client, url("clients", firm.access), portfolio=chosen)
        file = client.get(url("clients-export", firm.access), {"portfolio": chosen}).content.decode("utf-8-sig")
        seen[chosen] = [
            ["Min AS" in content, "Fri AS" in content, number in content]
            for content, number in ((page, spaced(nobodys)), (file, nobodys))
        ]

    assert seen == {
        str(portfolio.pk): [[True, False, False]] * 2,
        "none": [[False, True, False]] * 2,
        "rubbish": [[True, True, True]] * 2,
    }


def test_a_case_worker_of_one_portfolio_has_nothing_to_filter_by(
    firm: Firm, client: Client, administrator: User, case_worker: User
) -> None:
    firm.attach(1)
    firm.read()

    shown = ['id="portfolio"' in text(logged_in(client, user), url("clients", firm.access))
             for user in (administrator, case_worker)]  # fmt: skip

    assert shown == [True, False]


def test_a_package_that_lacks_is_called_by_its_name(firm: Firm, client: Client, administrator: User) -> None:
    (number,) = firm.attach(1)
    firm.attach([number], packages=[SALARY])
    firm.read()
    offered.read_soon(environment="SANDBOX", by="user:a@b.no", at=firm.world.at)
    offered.read_due(environments=["SANDBOX"], at=firm.world.at)

    page = text(logged_in(client, administrator), url("clients", firm.access), state="lacking")

    assert "Legg til Regnskapsfører med signeringsrettighet" in page


def test_a_clients_page_says_through_whom_also_to_one_who_does_not_see_the_accountant(
    firm: Firm, client: Client, case_worker: User, portfolio: Portfolio
) -> None:
    (number,) = firm.attach(1)
    own = firm.world.new_customer(number, "Min AS", portfolio=portfolio)
    Customer.objects.filter(pk=firm.access.customer_id).update(portfolio=None, name="Tall & Tine")
    other = firm.another("Annet Regnskap AS")
    firm.attach([number], access=other, packages=[SALARY])
    firm.read()
    logged_in(client, case_worker)

    page = text(client, reverse("customer", kwargs={"environment": "sandbox", "pk": own.pk}))
    listed = text(client, reverse("customers", kwargs={"environment": "sandbox"}))

    assert "Tall &amp; Tine" in page
    assert "Annet Regnskap AS" in page
    assert "Ny innsending" in page
    assert f"/access/{firm.access.pk}/" not in page
    assert "Leveres gjennom" in listed


def test_the_exported_list_runs_no_formula(firm: Firm, client: Client, administrator: User) -> None:
    (number,) = firm.attach(1)
    firm.world.introduce(number, "=1+1;cmd")
    firm.read()

    response = logged_in(client, administrator).get(url("clients-export", firm.access))

    raw = response.content
    assert raw.startswith(b"\xef\xbb\xbfOrganisasjonsnummer;Navn;")
    assert f'{number};"\'=1+1;cmd";Klar;'.encode() in raw
    assert response["Content-Disposition"] == f'attachment; filename="klienter-{firm.access.customer.orgnr}.csv"'
    assert AuditEvent.objects.get(what="clients-exported").detail["number"] == 1


def test_picked_clients_become_customers_in_the_chosen_portfolio(
    firm: Firm, client: Client, case_worker: User, portfolio: Portfolio
) -> None:
    first, second = firm.attach(2)
    firm.read()
    logged_in(client, case_worker)
    picked = ClientRelation.objects.get(orgnr=first)
    data: dict[str, Any] = {"client": picked.pk, "portfolio": portfolio.pk}

    answer = client.post(url("clients-take-in", firm.access), data, follow=True)
    waiting = fresh(picked).chosen_at
    firm.take_in()

    assert "1 klient legges til som kunde" in answer.content.decode()
    assert waiting is not None
    made = Customer.objects.get(orgnr=first)
    assert made.portfolio == portfolio
    assert fresh(picked).customer == made
    assert not Customer.objects.filter(orgnr=second).exists()
    assert AuditEvent.objects.get(what="clients-chosen").by == case_worker.actor


def test_a_case_worker_cannot_put_them_in_a_portfolio_of_others(firm: Firm, client: Client, case_worker: User) -> None:
    firm.attach(1)
    firm.read()
    other = Portfolio.objects.create(name="Øst")

    for portfolio in (str(other.pk), ""):
        logged_in(client, case_worker).post(url("clients-take-in", firm.access), {"all": "1", "portfolio": portfolio})

    assert not ClientRelation.objects.filter(chosen_at__isnull=False).exists()


def test_a_report_for_a_client_goes_from_the_form_to_its_page(
    firm: Firm, client: Client, case_worker: User, portfolio: Portfolio
) -> None:
    (number,) = firm.attach(1)
    own = firm.world.new_customer(number, "Klienten AS", portfolio=portfolio)
    firm.read()
    Customer.objects.filter(pk=firm.access.customer_id).update(portfolio=None)
    logged_in(client, case_worker)
    form = reverse("submission-new", kwargs={"environment": "sandbox"})

    pick = text(client, form)
    page = text(client, form, customer=str(own.pk))
    key = f"{firm.access.pk}:innrapportering-aksjonaerregisteroppgave"
    reply = client.post(f"{form}?customer={own.pk}", {"offer": key, "period": "2025", "examples": "right"}, follow=True)

    draft = Submission.objects.get()
    shown = reply.content.decode()
    assert "Klienten AS" in pick
    assert f"gjennom {firm.access.customer.name}" in page
    assert (draft.customer, draft.access, draft.status) == (own, firm.access, "READY")
    assert f"gjennom {firm.access.customer.name}" in shown
    assert f"/access/{firm.access.pk}/" not in shown
