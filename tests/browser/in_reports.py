"""Brings a new portal into the state of one that reports: sent and unsent reports, orders, letters, a request for material, a heap."""

from __future__ import annotations

import re
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, expect

from submissions.adapters.numbers import synthetic_person
from tests.browser.in_use import press, sent_state, until
from tests.browser.portal import LEASE_MS, PATIENCE_MS, Portal, log_in

CUSTOMER, ORGNR = "Nordlys Eiendom AS", "310200379"
WAGES, HOUSING = "A-meldingen", "Boligsameie"


def begin(browser: Browser, portal: Portal) -> list[str]:
    """Returns the paths of the pages that came of it."""
    context = browser.new_context(locale="nb-NO")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    log_in(page, portal)
    with httpx.Client(base_url=portal.sandbox, timeout=20) as outside:
        outside.patch("/control/settings", json={"feedback_delay_seconds": 1}).raise_for_status()
        customer = give_access(page, portal, outside)
        outside.post("/control/letters", json={"orgnr": ORGNR}).raise_for_status()
        outside.post("/control/cases", json={"orgnr": ORGNR, "due_at": "2031-01-15T12:00:00Z"}).raise_for_status()
    new = f"submissions/new/?customer={customer}"
    months = page_of(page, portal, new).locator("#id_period optgroup[label='Måned'] option")
    newest = [months.nth(n).get_attribute("value") or "" for n in (1, 2)]
    accepted = report(page, portal, new, WAGES, newest[0])
    rejected = report(page, portal, new, WAGES, newest[1], wrong=True)
    draft = draft_of(page, portal, new, HOUSING, wrong=True)
    paths = [accepted, rejected, draft, new, f"orders/new/?customer={customer}", *orders(page, portal, customer)]
    paths += [heap(page, portal), *asked(page, portal)]
    settled(page, portal, accepted, "Godkjent")
    settled(page, portal, rejected, "Avvist")
    context.close()
    return paths


def give_access(page: Page, portal: Portal, outside: httpx.Client) -> str:
    """The customer approves; the number of its page is returned."""
    press(page, f"{portal.url}/sandbox/systems/1/", "Registrer i Altinn")
    page.goto(f"{portal.url}/sandbox/customers/?q=Nordlys+Eiendom")
    page.get_by_role("link", name=CUSTOMER).first.click()
    customer = path_of(page, portal).split("/")[1]
    page.get_by_role("link", name="Be om tilgang").first.click()
    page.get_by_role("button", name="Send forespørsel").click()
    (request,) = sent_state(page, outside)["requests"]
    outside.post(f"/control/requests/{request}/approve").raise_for_status()
    expect(page.locator("#status")).to_contain_text("I bruk", timeout=LEASE_MS)
    return customer


def path_of(page: Page, portal: Portal) -> str:
    return page.url.removeprefix(f"{portal.url}/sandbox/")


def page_of(page: Page, portal: Portal, path: str) -> Page:
    page.goto(f"{portal.url}/sandbox/{path}")
    return page


def draft_of(page: Page, portal: Portal, new: str, service: str, period: str = "", *, wrong: bool = False) -> str:
    """A draft with example files. The period that the page has picked itself is used when none is given."""
    page_of(page, portal, new).get_by_label(service, exact=True).check()
    if period:
        page.get_by_label("Periode").select_option(period)
    name = "Bruk eksempelfiler med feil sum" if wrong else "Bruk eksempelfiler"
    page.get_by_role("button", name=name, exact=True).click()
    expect(page.get_by_role("button", name="Send nå")).to_be_visible()
    return path_of(page, portal)


def report(page: Page, portal: Portal, new: str, service: str, period: str, *, wrong: bool = False) -> str:
    path = draft_of(page, portal, new, service, period, wrong=wrong)
    if wrong:
        page.get_by_label(re.compile("Jeg har lest")).check()
    page.get_by_role("button", name="Send nå").click()
    page.wait_for_load_state()
    return path


def settled(page: Page, portal: Portal, path: str, state: str) -> None:
    page_of(page, portal, path)
    expect(page.get_by_role("heading", level=1)).to_contain_text(state, timeout=LEASE_MS)


def orders(page: Page, portal: Portal, customer: str) -> list[str]:
    """Tax cards of a list, and the answer."""
    page_of(page, portal, f"orders/new/?customer={customer}")
    page.get_by_label("Eller lim inn numrene her").fill("\n".join(synthetic_person(n) for n in (1, 32, 63)))
    page.get_by_role("button", name="Bestill", exact=True).click()
    expect(page.get_by_role("link", name="Åpne svaret")).to_be_visible(timeout=LEASE_MS)
    path = path_of(page, portal)
    return [path, f"{path}answer/"]


def heap(page: Page, portal: Portal) -> str:
    page_of(page, portal, "submissions/heaps/")
    page.get_by_label("Filer eller zip").set_input_files([payload("lønn.xlsx"), payload("notat.txt")])
    page.get_by_role("button", name="Sorter filene").click()
    expect(page.get_by_role("heading", name="2 filer er sortert")).to_be_visible(timeout=2 * PATIENCE_MS)
    return path_of(page, portal)


def payload(name: str) -> Any:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": b"ikke en oppgave"}


def asked(page: Page, portal: Portal) -> list[str]:
    """The letter, the request for material in its dialog, and a draft that answers it."""
    until(page, f"{portal.url}/sandbox/letters/", "Kontroll: send inn regnskapsdata")
    page.get_by_role("link", name="Kontroll: send inn regnskapsdata").first.click()
    page.wait_for_load_state()
    letter = path_of(page, portal)
    page.get_by_role("link", name="Gå til dialogen").click()
    page.wait_for_load_state()
    dialog = path_of(page, portal).partition("#")[0]
    page.get_by_role("button", name="Send inn filer").click()
    page.wait_for_load_state()
    return [letter, dialog, path_of(page, portal)]
