"""Synthetic customers from a list: reading it, the verdict on each row, and what is stored."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from django.test import Client

from accounts.models import Customer, Role, User, Vendor
from accounts.services import customer_import
from accounts.services.customer_import import Verdict
from accounts.services.customer_list import CustomerList, Line, TooManyRows, Unreadable, decoded, read_list
from portal.core.audit import AuditEvent
from tests.fixtures import AT, CUSTOMER_ORGNR, VENDOR_ORGNR, make_user

BY = "user:ida@vendor.example"
FIRST, SECOND, THIRD = "310200018", "310200026", "310200034"
URL = "/test/customers/import/"
BIRTH = "13857699912"
"""A synthetic national identity number, as Tenor has them."""


@pytest.fixture(autouse=True)
def environments(settings: Any) -> None:
    settings.ENVIRONMENTS = ("SANDBOX", "TEST", "PRODUCTION")


@pytest.fixture
def staff(client: Client, administrator: User, vendor: Vendor) -> Client:
    client.force_login(administrator)
    return client


def only(lines: list[Line]) -> Line:
    [line] = lines
    return line


@pytest.mark.parametrize(
    "text",
    [
        f"organisasjonsnummer;navn;godkjenner;rolle\n{FIRST};Ærlig Fjell AS;Kari Ås;DAGL",
        f"Navn,Rolle,Organisasjonsnummer,Godkjenner\r\nÆrlig Fjell AS,DAGL,{FIRST},Kari Ås",
        f"\ufeffOrg. nr.;Navn;Noe annet;Godkjenner;Rolle\n{FIRST};Ærlig Fjell AS;x;Kari Ås;DAGL\n\n",
        f"{FIRST};Ærlig Fjell AS;Kari Ås;DAGL",
        "Ærlig Fjell AS\t310 200 018\tKari Ås\tDAGL",
    ],
)  # fmt: skip
def test_columns_are_found_with_and_without_a_header(text: str) -> None:
    line = only(read_list(text).lines)

    assert "".join(line.orgnr.split()) == FIRST
    assert (line.name, line.approver, line.role) == ("Ærlig Fjell AS", "Kari Ås", "DAGL")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_files_of_every_encoding_are_read(encoding: str) -> None:
    content = f"{FIRST};Ærlig Fjell AS".encode(encoding)

    assert only(read_list(decoded(content)).lines).name == "Ærlig Fjell AS"


def test_numbers_alone_are_a_list() -> None:
    assert [line.orgnr for line in read_list(f"{FIRST}\n{SECOND}").lines] == [FIRST, SECOND]


def test_a_quote_that_never_ends_takes_no_row_away() -> None:
    assert len(read_list(f'{FIRST};"Fjell AS\n{SECOND};Fjord AS\n{THIRD};Li AS').lines) == 3


def test_a_name_in_quotes_keeps_its_separator() -> None:
    assert only(read_list(f'{FIRST};"Fjell; Fjord og Li AS"').lines).name == "Fjell; Fjord og Li AS"


def test_a_thousand_rows_are_read_and_one_more_is_not() -> None:
    rows = [f"{FIRST};Fjell AS"] * 1000

    assert len(read_list("\n".join(["orgnr;navn", *rows])).lines) == 1000
    with pytest.raises(TooManyRows):
        read_list("\n".join([*rows, rows[0]]))


def test_what_is_no_list_is_said() -> None:
    with pytest.raises(Unreadable):
        read_list("x" * 200_000)


@pytest.mark.parametrize(
    "text",
    [
        f"orgnr;navn;fødselsnummer;godkjenner\n{FIRST};Fjell AS;{BIRTH};Kari Ås",
        f"orgnr;navn;noe;godkjenner\n{FIRST};Fjell AS;{BIRTH[:6]} {BIRTH[6:]};Kari Ås",
        f"orgnr;navn;fnr;godkjenner\n{FIRST};Fjell AS;ukjent;Kari Ås",
        f"{FIRST};Fjell AS;{BIRTH};Kari Ås",
        f"{BIRTH};{FIRST};Fjell AS;Kari Ås",
        f"{FIRST};Fjell AS;{BIRTH[1:]};Kari Ås",
    ],
)
def test_a_column_of_national_identity_numbers_is_left_out(text: str) -> None:
    customers = read_list(text)

    assert customers == CustomerList([Line(only(customers.lines).number, FIRST, "Fjell AS", "Kari Ås")], 1)


def verdicts(text: str, environment: str = "TEST") -> list[Verdict]:
    return [row.verdict for row in customer_import.judge(read_list(text), environment=environment)]


def test_each_row_has_its_verdict(vendor: Vendor) -> None:
    Customer.objects.create(environment="TEST", orgnr=SECOND, name="Fjord AS")
    text = f"{FIRST}\n{SECOND}\n{FIRST}\n310200019\n974760673\n{VENDOR_ORGNR}\n12"

    assert verdicts(text) == [
        Verdict.NEW, Verdict.KNOWN, Verdict.TWICE, Verdict.INVALID, Verdict.REAL, Verdict.NEW, Verdict.INVALID,
    ]  # fmt: skip


def test_a_customer_of_the_sandbox_is_new_in_test(customer: Customer) -> None:
    assert (verdicts(CUSTOMER_ORGNR), verdicts(CUSTOMER_ORGNR, "SANDBOX")) == ([Verdict.NEW], [Verdict.KNOWN])


def test_production_has_no_list(staff: Client) -> None:
    assert staff.get("/production/customers/import/").status_code == 404
    assert staff.post("/production/customers/import/", {"text": FIRST, "confirm": "1"}).status_code == 404
    assert "customers/import" not in staff.get("/production/customers/").content.decode()
    assert "customers/import" in staff.get("/test/customers/").content.decode()
    with pytest.raises(customer_import.OnlyForTests):
        customer_import.judge(read_list(FIRST), environment="PRODUCTION")
    with pytest.raises(customer_import.OnlyForTests):
        customer_import.store([], environment="PRODUCTION", by=BY, at=AT)


def test_the_database_refuses_an_approver_in_production(db: None) -> None:
    with pytest.raises(IntegrityError):
        Customer.objects.create(environment="PRODUCTION", orgnr="974760673", name="x", test_approver="Kari Ås")


@pytest.mark.parametrize("role", [Role.CASE_WORKER, Role.DEVELOPER, Role.READER])
def test_only_an_administrator_imports(client: Client, role: str, db: None) -> None:
    client.force_login(make_user(role))

    assert client.get(URL).status_code == 403
    assert client.post(URL, {"text": FIRST, "confirm": "1"}).status_code == 403
    assert not Customer.objects.exists()


def confirm(staff: Client, page: Any) -> Any:
    """Press the button of the page of verdicts, with what the page sends on."""
    return staff.post(URL, {"text": page.context["text"], "confirm": "1"}, follow=True)


def test_an_upload_is_shown_first_and_stored_when_confirmed(staff: Client) -> None:
    text = f"orgnr;navn;godkjenner;rolle\n{FIRST};Ærlig Fjell AS;Kari Ås;DAGL\n310200019;Feil AS;;\n{SECOND};;;\n"

    page = staff.post(URL, {"upload": SimpleUploadedFile("tenor.csv", text.encode("latin-1"))})

    assert "Kontrollsifferet stemmer ikke" in page.content.decode()
    assert "Ny: 2" in page.content.decode()
    assert not Customer.objects.exists()
    assert "Nye kunder: 2." in confirm(staff, page).content.decode()
    stored = Customer.objects.order_by("orgnr").values_list("environment", "orgnr", "name", "test_approver")
    assert list(stored) == [("TEST", FIRST, "Ærlig Fjell AS", "Kari Ås (DAGL)"), ("TEST", SECOND, SECOND, "")]
    assert AuditEvent.objects.filter(what="added", environment="TEST").count() == 2


def test_a_known_customer_gets_its_approver_with_a_masked_trace(staff: Client, administrator: User) -> None:
    customer = Customer.objects.create(environment="TEST", orgnr=FIRST, name="Fjell AS")
    page = staff.post(URL, {"text": f"{FIRST};Et annet navn;Kari Ås"})

    confirm(staff, page)

    customer.refresh_from_db()
    assert (customer.name, customer.test_approver) == ("Fjell AS", "Kari Ås")
    event = AuditEvent.objects.get(what="edited")
    assert (event.by, event.customer_id_ref) == (administrator.actor, customer.pk)
    assert "Kari Ås" not in str(event.detail)
    assert verdicts(f"{FIRST};Fjell AS;Kari Ås") == [Verdict.KNOWN]


def test_confirmed_twice_nothing_is_made_twice(staff: Client) -> None:
    page = staff.post(URL, {"text": f"{FIRST};Fjell AS;Kari Ås"})
    confirm(staff, page)

    assert "Nye kunder: 0." in confirm(staff, page).content.decode()
    assert Customer.objects.count() == 1
    assert AuditEvent.objects.filter(what__in=["added", "edited"]).count() == 2


@pytest.mark.parametrize(
    "text", [f"{FIRST};Fjell AS;{BIRTH};Kari Ås", f"orgnr;navn\n{BIRTH};Fjell AS\n{BIRTH[1:]};Li AS"]
)
def test_a_national_identity_number_is_neither_shown_nor_stored(staff: Client, text: str) -> None:
    page = staff.post(URL, {"text": text})
    confirm(staff, page)

    everything = page.content.decode() + str(list(Customer.objects.values())) + str(list(AuditEvent.objects.values()))
    assert BIRTH[1:] not in everything


def test_the_page_says_that_a_column_was_left_out(staff: Client) -> None:
    page = staff.post(URL, {"text": f"{FIRST};Fjell AS;{BIRTH};Kari Ås"})

    assert "en kolonne som ser ut som fødselsnumre" in page.content.decode()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Velg en fil, eller lim inn listen."),
        ("orgnr;navn", "Listen har ingen rader."),
        (f"{FIRST};{BIRTH}\n" * 1001, "Listen har mer enn 1000 rader."),
    ],
)
def test_a_list_that_is_not_taken_is_explained(staff: Client, text: str, sentence: str) -> None:
    reply = staff.post(URL, {"text": text})

    assert reply.status_code == 422
    assert sentence in reply.content.decode()
    assert BIRTH not in reply.content.decode()
