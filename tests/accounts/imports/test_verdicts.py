"""The verdict on each row: from the row itself, the customers there are, the portfolios, and the business register."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Customer, CustomerImport, CustomerImportRow, Portfolio, User, Vendor
from accounts.services.imports import ordering
from accounts.services.imports.texts import explanation
from portal.core.environments import Environment
from portal.core.lease import lasting_problems
from portal.sandbox import Sandbox
from portal.sandbox.faults import Fault
from tests.accounts.imports.rig import (
    BIRTH,
    FIRST,
    REAL,
    SECOND,
    SHORT,
    THIRD,
    begin,
    judged,
    many,
    rows_of,
    verdicts,
    work_to_the_end,
)  # fmt: skip
from tests.accounts.world import organisation
from tests.fixtures import AT, VENDOR_ORGNR

V = CustomerImportRow.Verdict
S = CustomerImport.Status


@pytest.fixture(autouse=True)
def environments(settings: Any, vendor: Vendor) -> None:
    settings.ENVIRONMENTS = ("SANDBOX", "TEST", "PRODUCTION")


def test_each_row_has_its_verdict(administrator: User) -> None:
    Customer.objects.create(environment="TEST", orgnr=SECOND, name="Fjord AS")
    row = judged(administrator, f"{FIRST}\n{SECOND}\n{FIRST}\n310200019\n{REAL}\n{VENDOR_ORGNR}\n12")

    assert verdicts(row) == [V.NEW, V.KNOWN, V.TWICE, V.INVALID, V.REAL, V.NEW, V.INVALID]
    assert (row.status, row.total, row.next_attempt_at) == (S.PREVIEW, 7, None)
    assert rows_of(row)[2].code == "1"


def test_a_synthetic_number_is_not_for_production(administrator: User) -> None:
    row = judged(administrator, f"{FIRST}\n{REAL}", environment=Environment.PRODUCTION, looks_up=False)

    assert verdicts(row) == [V.SYNTHETIC, V.NEW]


def test_a_customer_of_another_environment_is_new(administrator: User, customer: Customer) -> None:
    assert verdicts(judged(administrator, customer.orgnr)) == [V.NEW]


def test_what_a_row_changes_is_known_with_the_values_before(administrator: User, portfolio: Portfolio) -> None:
    Customer.objects.create(
        environment="TEST", orgnr=FIRST, name="Fjell AS", contact_email="old@fjell.example", reference="K1"
    )
    text = f"Orgnr;Navn;E-post;Kundenr;Portefølje;Språk\n{FIRST};Et annet navn;new@fjell.example;;vest;nynorsk"

    [row] = rows_of(judged(administrator, text))

    assert (row.verdict, row.old) == (
        V.CHANGED, {"contact_email": "old@fjell.example", "portfolio_id": None, "language": "nb"},
    )  # fmt: skip
    assert row.values["portfolio_id"] == portfolio.pk


def test_an_empty_cell_changes_nothing(administrator: User) -> None:
    Customer.objects.create(environment="TEST", orgnr=FIRST, name="Fjell AS", contact_email="old@fjell.example")

    assert verdicts(judged(administrator, f"Orgnr;E-post\n{FIRST};")) == [V.KNOWN]


@pytest.mark.parametrize(
    ("heading", "value", "code"),
    [
        ("E-post", "kari@", "contact_email"),
        ("Telefon", "ring meg", "contact_phone"),
        ("Språk", "samisk", "language"),
        ("Kundenr", "K" * 51, "reference"),
    ],
)
def test_a_value_that_cannot_be_stored_is_named(administrator: User, heading: str, value: str, code: str) -> None:
    [row] = rows_of(judged(administrator, f"Orgnr;{heading}\n{FIRST};{value}"))

    assert (row.verdict, row.code) == (V.VALUE, code)


def test_a_portfolio_that_does_not_exist_is_a_verdict_and_none_is_made(administrator: User) -> None:
    [row] = rows_of(judged(administrator, f"Orgnr;Portefølje\n{FIRST};Nordvest"))

    assert (row.verdict, row.code) == (V.PORTFOLIO, "Nordvest")
    assert not Portfolio.objects.exists()


def test_a_case_worker_imports_into_own_portfolios_only(case_worker: User, portfolio: Portfolio) -> None:
    other = Portfolio.objects.create(name="Nord")
    Customer.objects.create(environment="TEST", orgnr=THIRD, name="Andres AS", portfolio=other)
    text = f"Orgnr;Portefølje\n{FIRST};Vest\n{SECOND};Nord\n{THIRD};Vest\n310200042;"

    assert verdicts(judged(case_worker, text)) == [V.NEW, V.NOT_YOURS, V.NOT_YOURS, V.NOT_YOURS]
    assert verdicts(judged(case_worker, text, portfolio=portfolio))[3] == V.NEW


@pytest.mark.parametrize(
    "text",
    [
        f"orgnr;navn\n{BIRTH};Kari Ås\n{FIRST};Fjell AS",
        f"orgnr;navn\n{SHORT};Kari Ås\n{FIRST};Fjell AS",
        "orgnr;navn\n" + f"{SECOND};Kari Ås {BIRTH}\n" + "".join(f"{n};Fjell AS\n" for n in (FIRST, THIRD, "12", "13")),
        "orgnr;telefon\n" + f"{SECOND};{BIRTH}\n" + "".join(f"{n};900 00 123\n" for n in (FIRST, THIRD, "12", "13")),
    ],
)
def test_a_national_identity_number_is_a_verdict_and_nothing_of_the_row_is_kept(administrator: User, text: str) -> None:
    row = judged(administrator, text)

    assert verdicts(row)[:2] == [V.IDENTITY, V.NEW]
    kept = str(list(row.rows.values())) + str(row.columns) + str(row.headings)
    assert BIRTH not in kept
    assert SHORT not in kept


def test_ten_digits_are_told_that_nine_belong_there(administrator: User) -> None:
    row = judged(administrator, f"orgnr;navn;kundenr\n3101234567;Fjell AS;1\n{FIRST};Fjord AS;1000200030\n")

    first, second = rows_of(row)
    told = explanation(first, environment="TEST", portfolios={})
    assert (first.verdict, first.shown, second.verdict) == (V.INVALID, "3101234567", V.NEW)
    assert told.startswith("Et organisasjonsnummer har ni sifre, dette har 10.")


def test_a_file_without_numbers_waits_for_a_person(administrator: User) -> None:
    row = begin(administrator, "Nr;Firma\nK1;Fjell AS\nK2;Fjord AS\n")

    assert (row.status, row.next_attempt_at) == (S.PREVIEW, None)
    with pytest.raises(ordering.HasChanged):
        ordering.confirm(row=row, user=administrator, shown=ordering.token_of(row), at=AT)


def test_other_columns_give_other_verdicts(administrator: User) -> None:
    row = judged(administrator, f"Navn;A;B\nx1;{FIRST};{SECOND}\nx2;{THIRD};12")
    assert row.columns == ["name", "orgnr", ""]

    ordering.set_columns(row=row, fields=["reference", "", "orgnr"], by=administrator.actor, at=AT)
    work_to_the_end()

    assert verdicts(row) == [V.NEW, V.INVALID]
    assert rows_of(row)[0].values == {"reference": "x1"}


@pytest.mark.parametrize("fields", [["", "", ""], ["orgnr", "orgnr", ""], ["PRIVATE", "", ""], ["no-field", "", ""]])
def test_columns_without_one_of_numbers_are_refused(administrator: User, fields: list[str]) -> None:
    row = judged(administrator, f"Kode;A;B\nx1;{FIRST};{SECOND}")

    with pytest.raises(ordering.NoNumbers):
        ordering.set_columns(row=row, fields=fields, by=administrator.actor, at=AT)


def test_a_column_of_identity_numbers_cannot_be_chosen(administrator: User) -> None:
    row = judged(administrator, f"Orgnr;Fnr\n{FIRST};{BIRTH}")

    ordering.set_columns(row=row, fields=["orgnr", "reference"], by=administrator.actor, at=AT)

    row.refresh_from_db()
    assert row.columns == ["orgnr", "PRIVATE"]


@pytest.mark.parametrize(
    ("registry", "verdict"),
    [
        ({}, V.NEW),
        ({"konkurs": True}, V.BANKRUPT),
        ({"slettedato": "2026-11-01"}, V.DELETED),
        ({"fjernet": True}, V.DELETED),
    ],
)
def test_what_the_register_says_is_in_the_verdict(
    administrator: User, sandbox: Sandbox, registry: dict[str, Any], verdict: str
) -> None:
    organisation(sandbox, registry=registry)

    [row] = rows_of(judged(administrator, "310987654", environment=Environment.SANDBOX))

    assert row.verdict == verdict
    assert row.unit


def test_a_sub_unit_is_a_verdict(administrator: User, sandbox: Sandbox) -> None:
    organisation(sandbox, main_unit=SECOND)

    [row] = rows_of(judged(administrator, "310987654", environment=Environment.SANDBOX))

    assert (row.verdict, row.unit["main_unit"]) == (V.SUB_UNIT, SECOND)


def test_a_hundred_numbers_are_one_search_in_each_list(administrator: User, sandbox: Sandbox) -> None:
    row = judged(administrator, many(150), environment=Environment.SANDBOX)
    searches = [call for call in sandbox.calls if call["path"].endswith("enheter")]

    assert row.status == S.PREVIEW
    assert len(searches) == 4


def test_a_register_that_does_not_answer_is_waited_for_or_left(administrator: User, sandbox: Sandbox) -> None:
    organisation(sandbox)
    sandbox.faults.order(Fault(service="brreg", times=99))
    row = judged(administrator, "310987654", environment=Environment.SANDBOX)
    assert (row.status, verdicts(row), row.failures) == (S.CHECKING, [V.WAITING], 1)
    CustomerImport.objects.update(failures=3)
    assert lasting_problems(CustomerImport.objects.all()).count() == 1

    ordering.stop_looking_up(row=row, at=AT)
    work_to_the_end()

    row.refresh_from_db()
    assert (row.status, verdicts(row), row.failures) == (S.PREVIEW, [V.NEW], 0)
