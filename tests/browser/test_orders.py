"""What is asked for and fetched: tax cards for a file of employees, and the claims of a customer on her page."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from submissions.adapters.numbers import hidden
from tests.browser.conftest import Portal, log_in
from tests.browser.services import CUSTOMER, LONG, payload
from tests.submissions.orders.rig import person

pytestmark = pytest.mark.browser
WITH_CARD, WITHOUT, FREE = person("4"), person("9"), person("7")


def employees() -> bytes:
    """As a payroll system exports it."""
    rows = [("Kari", WITH_CARD), ("Ola", WITHOUT), ("Per", FREE)]
    return "".join(f"{name};{number}\r\n" for name, number in [("Navn", "Fødselsnummer"), *rows]).encode("cp1252")


def test_tax_cards_are_ordered_for_a_file_shown_masked_and_exported(page: Page, served: Portal) -> None:
    log_in(page, served)
    page.goto(f"{served.url}/sandbox/orders/")
    page.get_by_role("link", name="Ny bestilling").first.click()
    page.locator("main input[name=q]").fill(CUSTOMER)
    page.get_by_role("button", name="Søk").click()
    page.get_by_role("link", name=CUSTOMER).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ny bestilling: Skattekort til arbeidsgiver")
    page.get_by_label("Alle på listen").check()
    page.get_by_label("Fil med ansatte").set_input_files(payload("ansatte.csv", employees()))
    page.get_by_role("button", name="Bestill", exact=True).click()
    page.get_by_role("link", name="Åpne svaret").click(timeout=LONG)

    rows = page.get_by_role("row")
    expect(rows.filter(has_text=hidden(WITHOUT))).to_contain_text("Har ikke skattekort")
    expect(rows.filter(has_text=hidden(FREE))).to_contain_text("frikort")
    assert not [number for number in (WITH_CARD, WITHOUT, FREE) if number in page.content()]
    with page.expect_download() as download:
        page.get_by_role("link", name="Last ned CSV").click()
    content = Path(download.value.path()).read_text(encoding="utf-8-sig")
    taken = csv.DictReader(content.splitlines(), delimiter=";")
    assert {row["arbeidstakeridentifikator"] for row in taken} == {WITH_CARD, WITHOUT, FREE}


def test_the_claims_of_a_customer_are_fetched_from_her_page(page: Page, served: Portal) -> None:
    log_in(page, served)
    page.goto(f"{served.url}/sandbox/customers/?q=Vestvik+Bygg")
    page.get_by_role("link", name=CUSTOMER).first.click()
    card = page.get_by_role("region", name="Hos Skatteetaten nå")
    card.get_by_role("button", name="Hent Krav og betalinger").click()

    expect(card).to_contain_text("Åpne krav", timeout=LONG)
    card.get_by_role("link", name="Se svaret").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Hentet")
    page.get_by_role("link", name="Åpne svaret").click()
    expect(page.get_by_role("columnheader", name="Gjenstaaende beloep").first).to_be_visible()
