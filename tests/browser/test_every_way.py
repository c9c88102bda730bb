"""From a file with a customer to a corrected report that is accepted: with the keys alone, without scripts, narrow and enlarged."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from submissions.adapters import adapter
from submissions.adapters.base import About
from submissions.period import Period
from submissions.services import catalogue
from tests.browser.in_use import press
from tests.browser.portal import PATIENCE_MS, Portal, log_in
from tests.browser.services import HOUSING, payload
from tests.browser.ways import WAYS, Person, Way, person

pytestmark = pytest.mark.browser
YEAR = Period.year(2024)


@pytest.fixture(scope="module")
def begun(browser: Browser, own_portal: Portal) -> tuple[Portal, dict[str, str]]:
    """A registered system, and a new organisation for each way."""
    page = browser.new_page(locale="nb-NO")
    log_in(page, own_portal)
    press(page, f"{own_portal.url}/sandbox/systems/1/", "Registrer i Altinn")
    page.close()
    with httpx.Client(base_url=own_portal.sandbox, timeout=60) as outside:
        outside.patch("/control/settings", json={"feedback_delay_seconds": 1.0}).raise_for_status()
        known = organisations(outside)
        outside.post("/control/bulk", json={"organisations": len(WAYS), "seed": 3}).raise_for_status()
        new = sorted(organisations(outside) - known)
    return own_portal, dict(zip(map(str, WAYS), new, strict=True))


def organisations(outside: httpx.Client) -> set[str]:
    return set(outside.get("/control/snapshot").raise_for_status().json()["state"]["organisations"])


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_the_whole_way_can_be_gone(browser: Browser, begun: tuple[Portal, dict[str, str]], way: Way) -> None:
    portal, numbers = begun
    orgnr = numbers[str(way)]
    with portal.telling(), person(browser, way) as worker:
        enter(worker, portal)
        bring_in(worker, orgnr)
        link = ask(worker, portal, orgnr)
        with person(browser, way) as customer:
            approve(customer, link)
        report(worker, portal, orgnr)
        correct(worker, orgnr)
        sort(worker, portal, orgnr, name=f"Vei {way}")


def enter(worker: Person, portal: Portal) -> None:
    worker.open(f"{portal.url}/accounts/login/")
    worker.fill(worker.page.get_by_label("E-post"), "ida@fjordtall.example")
    worker.fill(worker.page.get_by_label("Passord"), portal.password)
    worker.press(worker.page.get_by_role("button", name="Logg inn"))


def go(worker: Person, name: str) -> None:
    """By the menu, which is behind a button where there is little room."""
    menu = worker.page.get_by_role("button", name="Meny", exact=True)
    if menu.is_visible():
        worker.press(menu)
    worker.press(worker.page.get_by_role("navigation", name="Hovedmeny").get_by_role("link", name=name))


def bring_in(worker: Person, orgnr: str) -> None:
    page = worker.page
    go(worker, "Kunder")
    worker.press(page.get_by_role("link", name="Importer kunder"))
    worker.give(page.locator("main input[type=file]"), payload("kunder.csv", f"Orgnr\n{orgnr}\n".encode()))
    worker.press(page.get_by_role("button", name="Se over listen"))
    worker.until(page.get_by_role("button", name="Importer", exact=True))
    worker.press(page.get_by_role("button", name="Importer", exact=True))
    worker.until(page.get_by_role("link", name="Spør kundene om tilgang"))


def ask(worker: Person, portal: Portal, orgnr: str) -> str:
    """A campaign of one; returns the customer's link."""
    page = worker.page
    worker.press(page.get_by_role("link", name="Spør kundene om tilgang"))
    worker.press(page.get_by_role("button", name="Se over kundene"))
    worker.until(page.get_by_role("checkbox", name="Uten e-postadresse"))
    worker.tick(page.get_by_role("checkbox", name="Uten e-postadresse"))
    worker.press(page.get_by_role("button", name="Oppdater"))
    worker.press(page.get_by_role("link", name="Spør kundene"))
    worker.press(page.get_by_role("button", name="Spør 1 kunde"))
    go(worker, "Tilganger")
    worker.open(f"{portal.url}/sandbox/access/?q={orgnr}")
    worker.until(page.locator("td a.row__main"))
    worker.press(page.locator("td a.row__main"))
    worker.until(page.locator("#status").get_by_text("Sendt").first)
    return page.get_by_label("Lenken til kunden").last.input_value()


def approve(customer: Person, link: str) -> None:
    page = customer.page
    customer.open(link)
    customer.press(page.get_by_role("button", name="Godkjenn i Altinn"))
    customer.press(page.get_by_role("button", name="Fortsett"))
    customer.press(page.get_by_role("button", name="Godkjenn"))
    customer.until(page.get_by_role("heading", name="Tilgangen er gitt"))


def report(worker: Person, portal: Portal, orgnr: str) -> None:
    """One with a wrong sum, which is rejected."""
    page = worker.page
    worker.until(page.locator("#status").get_by_text("I bruk").first)
    go(worker, "Innsendinger")
    worker.press(page.get_by_role("link", name="Ny innsending").first)
    worker.fill(page.locator("main input[name=q]"), orgnr)
    worker.press(page.locator("main").get_by_role("button", name="Søk"))
    shown = re.compile(r"\s".join((orgnr[:3], orgnr[3:6], orgnr[6:])))  # the list before the search has others first
    worker.press(page.locator("main tr").filter(has_text=shown).get_by_role("link", name="Velg"))
    worker.tick(page.get_by_role("radio", name=catalogue.service(HOUSING).name, exact=True))
    worker.choose(page.get_by_label("Periode"), str(YEAR))
    worker.press(page.get_by_role("button", name="Bruk eksempelfiler med feil sum"))
    send(worker)
    worker.until(heading(page, "Avvist"))


def send(worker: Person) -> None:
    worker.page.get_by_role("button", name="Send nå").wait_for()
    for box in worker.page.locator("input[name=confirm]").all():
        worker.tick(box)
    worker.press(worker.page.get_by_role("button", name="Send nå"))


def heading(page: Page, state: str) -> Any:
    return page.get_by_role("heading", level=1).get_by_text(state)


def correct(worker: Person, orgnr: str) -> None:
    page, entry = worker.page, catalogue.service(HOUSING)
    about = About(orgnr, YEAR, HOUSING, entry.options)
    (file,) = adapter(entry.adapter).examples(about, name="Kunde", wrong=False)
    worker.press(page.get_by_role("button", name="Last opp rettet fil"))
    worker.give(page.get_by_label("Legg til filer"), payload(file.name, file.content))
    worker.press(page.get_by_role("button", name="Legg til og kontroller"))
    worker.until(page.get_by_text("Ingen feil i filene"))
    send(worker)
    worker.until(heading(page, "Godkjent"))


def sort(worker: Person, portal: Portal, orgnr: str, *, name: str) -> None:
    """Find the customer, give it a tag with the others that are picked, and keep the search."""
    page = worker.page
    go(worker, "Kunder")
    worker.fill(page.locator("main input[name=q]"), orgnr)
    worker.press(page.locator("main").get_by_role("button", name="Søk"))
    page.wait_for_url(f"**q={orgnr}*")
    worker.press(page.get_by_text("Lagre denne visningen"))
    worker.fill(page.get_by_label("Navn på visningen"), name)
    worker.press(page.get_by_role("button", name="Lagre", exact=True))
    expect(page.get_by_text(f"Visningen «{name}» er lagret.")).to_be_visible(timeout=PATIENCE_MS)
    worker.tick(page.locator("input[name=pick]").first)
    worker.press(page.get_by_role("button", name="Gi merkelapp"))
    worker.fill(page.get_by_label("Merkelapp"), name)
    worker.press(page.get_by_role("button", name="Lagre", exact=True))
    worker.until(page.locator(".tags").get_by_text(name))
