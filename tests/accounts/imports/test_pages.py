"""The pages of an import: the form, what happens to each row, confirmation, the rest as a file, undo, and who may what."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from lxml import html

from accounts.models import Customer, CustomerImport, Grant, Portfolio, Role, User, Vendor
from accounts.services.customer_notes import add_note
from portal.core.audit import AuditEvent
from tests.accounts.imports.rig import BIRTH, FIRST, REAL, SECOND, SHORT, THIRD, work_to_the_end, xlsx
from tests.fixtures import AT, make_user

URL = "/test/customers/import/"
S = CustomerImport.Status


@pytest.fixture(autouse=True)
def environments(settings: Any, vendor: Vendor) -> None:
    settings.ENVIRONMENTS = ("SANDBOX", "TEST", "PRODUCTION")


@pytest.fixture
def staff(client: Client, administrator: User) -> Client:
    client.force_login(administrator)
    return client


def upload(staff: Client, content: bytes | str, *, url: str = URL, name: str = "kunder.csv", **fields: Any) -> str:
    """The address of the import, after a worker has judged its rows."""
    content = content if isinstance(content, bytes) else content.encode()
    reply = staff.post(url, {"upload": SimpleUploadedFile(name, content), **fields})
    assert reply.status_code == 302, reply.content.decode()
    work_now()
    return str(reply["Location"])


def work_now() -> None:
    from django.utils import timezone

    work_to_the_end(at=timezone.now())


def text(staff: Client, url: str) -> str:
    reply = staff.get(url)
    assert reply.status_code == 200
    return " ".join(reply.content.decode().replace("\N{NO-BREAK SPACE}", " ").split())


def confirm(staff: Client, address: str, **fields: str) -> Any:
    page = staff.get(f"{address}confirm/")
    reply = staff.post(f"{address}confirm/", {"shown": page.context["question"].shown, **fields}, follow=True)
    work_now()
    return reply


def test_a_file_is_shown_first_and_imported_when_confirmed(staff: Client) -> None:
    content = f"Orgnr;Navn;Godkjenner;Rolle\n{FIRST};Ærlig Fjell AS;Kari Ås;DAGL\n310200019;Feil AS;;\n{SECOND};;;\n"

    address = upload(staff, content.encode("cp1252"))
    page = text(staff, address)

    assert "Kontrollsifferet stemmer ikke" in page
    assert "2 kunder blir med." in page
    assert not Customer.objects.exists()
    confirm(staff, address)
    assert "Nye kunder: 2. Endrede kunder: 0." in text(staff, address)
    stored = Customer.objects.order_by("orgnr").values_list("environment", "orgnr", "name", "test_approver")
    assert list(stored) == [("TEST", FIRST, "Ærlig Fjell AS", "Kari Ås (DAGL)"), ("TEST", SECOND, SECOND, "")]


def test_the_page_that_shows_what_happens_has_the_button_that_does_it(staff: Client) -> None:
    address = upload(staff, f"Orgnr;Navn\n{FIRST};Ærlig Fjell AS\n")
    page = staff.get(address)
    form = html.fromstring(page.content).xpath(f"//form[@action='{address}confirm/']")[0]

    staff.post(form.action, dict(form.form_values()))
    work_now()

    assert page.content.index(b"Ingen blir spurt om tilgang") < page.content.index(b"Legges til.")
    assert Customer.objects.get().name == "Ærlig Fjell AS"


def test_a_workbook_is_taken_as_well(staff: Client) -> None:
    address = upload(staff, xlsx([["Org.nr.", "Firma"], [310200018, "Fjell AS"]]), name="kunder.xlsx")

    page = text(staff, address)

    assert "kunder.xlsx · ark «Kunder» · 1 rad" in page
    assert "Fjell AS" in page


def test_a_pasted_list_is_taken_as_well(staff: Client) -> None:
    reply = staff.post(URL, {"text": f"{FIRST}\tFjell AS"})

    assert reply.status_code == 302


def test_the_page_follows_the_work_and_ends_by_itself(staff: Client) -> None:
    reply = staff.post(URL, {"text": FIRST})
    address = reply["Location"]

    assert "hx-get" in staff.get(address).content.decode()
    work_now()
    assert "hx-get" not in staff.get(address).content.decode()


def test_production_asks_for_the_word(staff: Client) -> None:
    address = upload(staff, f"{REAL}\n{FIRST}", url="/production/customers/import/")
    assert "Nummeret er syntetisk" in text(staff, address)

    assert confirm(staff, address, typed="produksjon").status_code == 422
    assert not Customer.objects.exists()
    confirm(staff, address, typed="PRODUKSJON")

    assert Customer.objects.get().environment == "PRODUCTION"


def test_confirmed_twice_nothing_is_made_twice(staff: Client) -> None:
    address = upload(staff, FIRST)
    shown = staff.get(f"{address}confirm/").context["question"].shown
    staff.post(f"{address}confirm/", {"shown": shown})

    reply = staff.post(f"{address}confirm/", {"shown": shown}, follow=True)
    work_now()

    assert reply.status_code == 200
    assert AuditEvent.objects.filter(what="added", target__startswith="accounts.Customer:").count() == 1


def test_an_old_confirmation_is_not_used(staff: Client) -> None:
    address = upload(staff, FIRST)

    reply = staff.post(f"{address}confirm/", {"shown": "x"}, follow=True)

    assert "Noe er endret siden du leste siden." in reply.content.decode()
    assert CustomerImport.objects.get().status == S.PREVIEW


def test_columns_are_changed_and_the_rows_judged_again(staff: Client) -> None:
    address = upload(staff, f"Navn;A;B\nx1;{FIRST};{SECOND}\nx2;{THIRD};12")

    staff.post(f"{address}columns/", {"column-0": "reference", "column-1": "", "column-2": "orgnr"})
    work_now()

    page = text(staff, address)
    assert "1 kunde blir med." in page
    assert "x1" in page


def test_a_list_without_numbers_asks_for_the_column(staff: Client) -> None:
    address = upload(staff, "Nr;Firma\nK1;Fjell AS\n")

    assert "Velg kolonnen med organisasjonsnummer" in text(staff, address)
    reply = staff.post(f"{address}columns/", {"column-0": "", "column-1": "name"}, follow=True)
    assert "Velg én kolonne med organisasjonsnummer" in reply.content.decode()


def test_rows_are_filtered_by_their_verdict(staff: Client) -> None:
    address = upload(staff, f"{FIRST}\n12\n{SECOND}")

    assert [row.number for row in staff.get(f"{address}?state=left").context["page"]] == [2]
    assert [row.number for row in staff.get(f"{address}?state=NEW").context["page"]] == [1, 3]
    assert [row.number for row in staff.get(f"{address}?state=taken").context["page"]] == [1, 3]


def test_what_is_not_taken_in_is_a_file_with_its_columns_and_reasons(staff: Client, administrator: User) -> None:
    content = f"Orgnr;Navn;Fnr;Sum\n12;=HYPERLINK(1);{BIRTH};7\n{FIRST};Fjell AS;{BIRTH};8\n{SECOND};Kari {BIRTH};;9"
    address = upload(staff, content)

    reply = staff.get(f"{address}rest.csv")

    lines = reply.content.decode("utf-8-sig").splitlines()
    assert lines[0] == "Orgnr;Navn;Fnr;Sum;Rad;Vurdering;Grunn"
    assert lines[1].startswith("12;'=HYPERLINK(1);***********;7;2;Ugyldig nummer;Et organisasjonsnummer har ni sifre")
    assert lines[2].startswith(f"{SECOND};Kari ***********;;9;4;Fødselsnummer;")
    assert len(lines) == 3
    assert AuditEvent.objects.get(what="rest-fetched").by == administrator.actor


@pytest.mark.parametrize(
    "content",
    [
        f"{FIRST};Fjell AS;{BIRTH};Kari Ås",
        f"orgnr;navn\n{BIRTH};Fjell AS\n{SHORT};Li AS\n{THIRD};Ny AS",
        f"orgnr;Fnr {BIRTH}\n{FIRST};x",
    ],
)
def test_a_national_identity_number_is_neither_shown_nor_stored(staff: Client, content: str) -> None:
    address = upload(staff, content, name=f"{BIRTH}.csv")
    pages = text(staff, address) + text(staff, URL)
    confirm(staff, address)

    stored = (
        list(Customer.objects.values())
        + list(AuditEvent.objects.values())
        + list(CustomerImport.objects.values("headings"))
    )
    rows = CustomerImport.objects.get().rows.values()
    told = pages + text(staff, address) + str(stored) + str(list(rows))
    assert BIRTH not in told
    assert SHORT not in told


def test_the_page_says_that_a_column_is_not_read(staff: Client) -> None:
    assert "Leses ikke: fødselsnummer" in text(staff, upload(staff, f"{FIRST};Fjell AS;{BIRTH};Kari Ås"))


def test_an_import_is_taken_back_after_a_question(staff: Client) -> None:
    address = upload(staff, f"{FIRST}\n{SECOND}")
    confirm(staff, address)
    add_note(customer=Customer.objects.get(orgnr=FIRST), text="Ringte", by="user:x", at=AT)

    question = text(staff, f"{address}undo/")
    staff.post(f"{address}undo/")
    work_now()

    assert "1 kunde slettes." in question
    assert "Importen er angret for 1 kunde. Tatt i bruk og beholdt: 1." in text(staff, address)
    assert Customer.objects.get().orgnr == FIRST


def test_a_file_is_deleted_after_a_question(staff: Client) -> None:
    address = upload(staff, FIRST)
    assert staff.get(f"{address}discard/").status_code == 200

    staff.post(f"{address}discard/")

    assert not CustomerImport.objects.exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "Velg en fil, eller lim inn listen."),
        ("orgnr;navn", "Listen har ingen rader."),
        (f"{FIRST};{BIRTH}\n" * 20_002, "Listen har mer enn 20000 rader."),
        ("x" * 200_000, "Listen kan ikke leses."),
    ],
)
def test_a_list_that_is_not_taken_is_explained(staff: Client, content: str, sentence: str) -> None:
    reply = staff.post(URL, {"text": content})

    assert reply.status_code == 422
    assert sentence in reply.content.decode()
    assert BIRTH not in reply.content.decode()


@pytest.fixture
def other(portfolio: Portfolio) -> User:
    user = make_user(Role.CASE_WORKER, "per@vendor.example", name="Per")
    user.portfolios.add(portfolio)
    return user


def test_a_case_worker_chooses_a_portfolio_and_sees_own_imports_only(
    client: Client, case_worker: User, other: User, portfolio: Portfolio
) -> None:
    client.force_login(case_worker)
    assert client.post(URL, {"text": FIRST}).status_code == 422
    address = upload(client, FIRST, portfolio=portfolio.pk)
    confirm(client, address)
    assert Customer.objects.get().portfolio == portfolio

    client.force_login(other)

    paths = ("", "confirm/", "undo/", "discard/", "rest.csv")
    assert [client.get(f"{address}{path}").status_code for path in paths] == [404] * 5
    assert [client.post(f"{address}{path}").status_code for path in ("columns/", "extra/", "no-look-up/")] == [404] * 3
    assert not client.get(URL).context["imports"]


def test_an_administrator_of_one_portfolio_sees_no_import_of_a_colleague(
    client: Client, case_worker: User, administrator: User, portfolio: Portfolio
) -> None:
    client.force_login(case_worker)
    address = upload(client, FIRST, portfolio=portfolio.pk)
    client.force_login(administrator)
    seen = client.get(address).status_code

    Grant.objects.filter(user=administrator).update(sees_all_customers=False)

    assert (seen, client.get(address).status_code, client.get(f"{address}rest.csv").status_code) == (200, 404, 404)
    assert not client.get(URL).context["imports"]


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.READER])
def test_only_those_who_work_with_customers_import(client: Client, role: str, db: None) -> None:
    client.force_login(make_user(role))

    assert client.get(URL).status_code == 403
    assert client.post(URL, {"text": FIRST}).status_code == 403
    assert not CustomerImport.objects.exists()


def test_the_list_of_customers_leads_to_the_import(staff: Client) -> None:
    assert "customers/import" in text(staff, "/production/customers/")


def test_an_import_of_another_environment_does_not_exist(staff: Client) -> None:
    address = upload(staff, FIRST)

    assert staff.get(address.replace("/test/", "/sandbox/")).status_code == 404


def test_an_import_that_stands_still_is_on_the_overview(staff: Client) -> None:
    upload(staff, FIRST)
    CustomerImport.objects.update(failures=3, problem_code="INTERNAL_ERROR")

    assert "Import av kunder står stille" in text(staff, "/test/")


def link_to(staff: Client, url: str, part: str) -> str:
    """The first link of a page with `part` in its address."""
    links = [str(link.get("href")) for link in html.fromstring(staff.get(url).content).iter("a")]
    return next(link for link in links if part in link)


def test_an_import_leads_to_what_exactly_its_customers_shall_deliver(staff: Client) -> None:
    service, third = "innrapportering-boligsameie", "310200507"
    Customer.objects.create(environment="TEST", orgnr=third, name="En annen")
    address = upload(staff, f"Orgnr;Navn\n{FIRST};Ærlig Fjell AS\n{SECOND};Lun Dal AS\n")
    confirm(staff, address)

    told = text(staff, address)
    link = link_to(staff, address, "/due/expected/?import=")
    service_link = link_to(staff, link, f"/{service}/")
    form = html.fromstring(staff.get(service_link).content).xpath("//form[@method='get'][.//input[@name='who']]")[0]
    question = staff.get(service_link, dict(form.form_values()), follow=True)
    staff.post(f"{question.redirect_chain[-1][0]}", {"confirm": "yes"})

    assert "2 kunder vises ikke under Frister." in told
    assert form.form_values()[0] == ("import", link.rpartition("=")[2])
    expected = Customer.objects.filter(expectations__is_expected=True, expectations__service=service)
    assert set(expected.values_list("orgnr", flat=True)) == {FIRST, SECOND}
    assert "vises ikke under Frister" not in text(staff, address)
