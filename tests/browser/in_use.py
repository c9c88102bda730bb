"""Brings a new portal into the state of a vendor who is live, through its pages and the sandbox's control API."""

from __future__ import annotations

import re
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, expect

from tests.browser.portal import LEASE_MS, PATIENCE_MS, Portal, log_in

SYSTEM_ID = "310123455_fjordtall"
ACCOUNTANT = "Tall & Tine Regnskap AS"


def begin(browser: Browser, portal: Portal) -> None:
    context = browser.new_context(locale="nb-NO")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    log_in(page, portal)
    press(page, f"{portal.url}/sandbox/systems/1/", "Registrer i Altinn")
    with httpx.Client(base_url=portal.sandbox, timeout=20) as outside:
        ask_the_accountant(page, portal, outside)
        order = {"organisations": 3, "system_id": SYSTEM_ID, "references": "number"}
        outside.post("/control/bulk", json=order).raise_for_status()
    press(page, f"{portal.url}/sandbox/systems/1/found/", "Hent fra Altinn nå")
    press(page, f"{portal.url}/sandbox/offered/", "Hent fra Altinn nå")
    press(page, f"{portal.url}/sandbox/access/1/clients/", "Spør Altinn nå")
    for path, text in (("systems/1/found/", "kunde-1"), ("offered/", "Akvakultur"), ("access/1/clients/", "ELEKTRO")):
        until(page, f"{portal.url}/sandbox/{path}", text)
    integrate(page, portal)
    differ(page, portal)
    gather(page, portal, "Runde 1")
    gather(page, portal, "Runde 2", per_hour="1")
    start(page)
    context.close()


def press(page: Page, address: str, button: str) -> None:
    page.goto(address)
    page.get_by_role("button", name=button).click()
    page.wait_for_load_state()


def until(page: Page, address: str, text: str) -> None:
    """Load the page until a worker has done its part."""
    for _second in range(PATIENCE_MS // 1000):
        page.goto(address)
        if page.get_by_text(text).count():
            return
        page.wait_for_timeout(1000)
    expect(page.get_by_text(text).first).to_be_visible()


def ask_the_accountant(page: Page, portal: Portal, outside: httpx.Client) -> None:
    """The accountant approves and adds clients; one of them has not given the package."""
    page.goto(f"{portal.url}/sandbox/customers/?q=Tine")
    page.get_by_role("link", name=ACCOUNTANT).first.click()
    page.get_by_role("link", name="Be om tilgang").first.click()
    page.get_by_label("For klienter").first.check()
    page.get_by_role("button", name="Send forespørsel").click()
    state = sent_state(page, outside)
    (request,) = state["requests"]
    outside.post(f"/control/requests/{request}/approve").raise_for_status()
    expect(page.locator("#status")).to_contain_text(re.compile("Godkjent|I bruk"), timeout=LEASE_MS)
    clients = [orgnr for orgnr in state["organisations"] if orgnr.startswith("314")]
    outside.post(f"/control/system-users/{request}/clients", json={"orgnrs": clients}).raise_for_status()
    lacking = {"orgnrs": clients[:1], "packages": []}
    outside.post(f"/control/system-users/{request}/clients", json=lacking).raise_for_status()


def sent_state(page: Page, outside: httpx.Client) -> dict[str, Any]:
    """What the sandbox has once a worker has sent the question."""
    for _second in range(PATIENCE_MS // 1000):
        state: dict[str, Any] = outside.get("/control/snapshot").json()["state"]
        if state["requests"]:
            return state
        page.wait_for_timeout(1000)
    raise AssertionError("no request reached the sandbox")


def integrate(page: Page, portal: Portal) -> None:
    """A system of the vendor's own, and a webhook to a receiver that does not answer."""
    page.goto(f"{portal.url}/sandbox/integrations/new/")
    page.get_by_label("Navn").fill("erp")
    page.get_by_label("Se kunder").check()
    page.get_by_label("Alle kunder i miljøet").check()
    page.get_by_role("button", name="Lagre").click()
    press(page, f"{portal.url}/sandbox/integrations/1/secret/", "Lag og vis hemmeligheten")
    page.goto(f"{portal.url}/sandbox/webhooks/new/")
    page.get_by_label("Adresse").fill("http://localhost:9/a-long-path/of-one-word-after-another/that-goes-on-and-on")
    page.get_by_role("button", name="Lagre").click()
    press(page, f"{portal.url}/sandbox/webhooks/1/", "Send testmelding")
    until(page, f"{portal.url}/sandbox/webhooks/1/", "Mottakeren svarer ikke")


def differ(page: Page, portal: Portal) -> None:
    """The draft of the entry is changed here and not in Altinn, so the page of differences has rows."""
    page.goto(f"{portal.url}/sandbox/systems/1/edit/")
    page.get_by_label("Navn (bokmål)").fill("Fjordtall ny")
    page.get_by_label("A-meldingen").check()
    page.get_by_role("button", name="Lagre").click()
    page.wait_for_load_state()


def gather(page: Page, portal: Portal, name: str, *, per_hour: str = "") -> None:
    """A campaign of all customers of the demonstration, which waits for a person to look it over."""
    page.goto(f"{portal.url}/sandbox/campaigns/new/")
    page.get_by_label("Navn").fill(name)
    page.get_by_label("Høyst så mange i timen").fill(per_hour)
    page.get_by_role("button", name="Se over kundene").click()
    expect(page.get_by_text("Klar til å ses over").first).to_be_visible(timeout=LEASE_MS)


def start(page: Page) -> None:
    """It goes on for hours: one customer each hour."""
    page.get_by_role("checkbox", name="Uten e-postadresse").check()
    page.get_by_role("button", name="Oppdater").click()
    page.get_by_role("link", name="Spør kundene").click()
    page.get_by_role("button", name=re.compile("^Spør ")).click()
    expect(page.get_by_text("Pågår").first).to_be_visible()
