"""What is asked for and fetched: tax cards for a file of employees, and the claims and deadlines of a customer on her page."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from submissions.adapters.numbers import hidden
from tests.browser.conftest import Portal, log_in
from tests.browser.in_use import press
from tests.browser.services import (
    CUSTOMER,
    HOUSING,
    LONG,
    control,
    draft_of_examples,
    expect_state,
    payload,
    send,
)
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
    card.get_by_role("link", name="Se svaret Krav og betalinger").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Hentet")
    page.get_by_role("link", name="Åpne svaret").click()
    expect(page.get_by_role("columnheader", name="Gjenstaaende beloep").first).to_be_visible()


def test_the_deadlines_of_a_customer_are_refused_and_then_fetched(page: Page, served: Portal) -> None:
    """The service has an address in the sandbox only, and answers about customers that have reported through the vendor."""
    log_in(page, served)
    get_ready_to_ask(page, served)
    draft_of_examples(page, served, HOUSING, "2021")
    send(page)
    expect_state(page, "Godkjent")
    refusal = json.dumps({"kode": "FRI-006", "melding": "Input validerer ikke"})
    fault = {"service": "skatteetaten", "path": "/skatteetaten/frister/", "status": 400, "body": refusal}
    httpx.post(f"{served.sandbox}/control/faults", json=fault, timeout=20).raise_for_status()
    page.goto(f"{served.url}/sandbox/customers/?q=Vestvik+Bygg")
    page.get_by_role("link", name=CUSTOMER).first.click()
    home, card = page.url, page.get_by_role("region", name="Hos Skatteetaten nå")

    card.get_by_role("button", name="Hent Frister").click()
    card.get_by_role("link", name="Se hvorfor, og avgjør").click(timeout=LONG)
    expect(page.get_by_role("heading", level=2)).to_contain_text(["Skatteetaten sa nei"])
    expect(page.get_by_text("FRI-006")).to_be_visible()

    page.goto(home)
    card.get_by_role("button", name="Hent Frister").click()
    expect(card.get_by_role("term").filter(has_text="Mva-melding")).to_be_visible(timeout=LONG)
    card.get_by_role("link", name="Se svaret Frister").click()
    page.get_by_role("link", name="Åpne svaret").click()
    expect(page.get_by_role("cell", name="Mva-melding", exact=True)).to_be_visible()


def get_ready_to_ask(page: Page, served: Portal) -> None:
    """The vendor turns the service on, gets its scope, and asks the customer for the package that opens it."""
    home = f"{served.url}/sandbox"
    press(page, f"{home}/services/frister/", "Slå på")
    with httpx.Client(base_url=served.sandbox, timeout=20) as outside:
        client = next(iter(outside.get("/control/snapshot").json()["state"]["clients"].values()))
    scopes = [*client["scopes"], "skatteetaten:frister"]
    about = {"client_id": client["client_id"], "orgnr": client["orgnr"], "jwks": {"keys": client["keys"]}}
    control(served, "clients", **about, scopes=scopes)
    page.goto(f"{home}/settings/clients/1/")
    page.get_by_label("Frister").check()
    page.get_by_role("button", name="Lagre").click()
    page.goto(f"{home}/systems/1/edit/")
    page.get_by_label("Krav og utlegg").check()
    page.get_by_role("button", name="Lagre").click()
    press(page, f"{home}/systems/1/diff/?all=ours", "Skriv til Altinn")
    page.goto(f"{home}/systems/1/profiles/new/")
    page.get_by_label("Navn").fill("Frister")
    page.get_by_label("Krav og utlegg").check()
    for purpose in page.locator("textarea").all():
        purpose.fill("se fristene deres")
    page.get_by_role("button", name="Lagre").click()
    page.goto(f"{home}/access/new/?customer=2")
    page.get_by_label("Frister").first.check()
    page.get_by_role("button", name="Send forespørsel").click()
    control(served, f"requests/{sent(page, served)}/approve")
    expect(page.locator("#status")).to_contain_text(re.compile("Godkjent|I bruk"), timeout=LONG)


def sent(page: Page, served: Portal) -> str:
    """The request that a worker has sent and nobody has answered."""
    for _second in range(LONG // 1000):
        requests = httpx.get(f"{served.sandbox}/control/snapshot", timeout=20).json()["state"]["requests"]
        if waiting := [key for key, one in requests.items() if one["status"] == "New"]:
            return waiting[0]
        page.wait_for_timeout(1000)
    raise AssertionError("no request reached the sandbox")
