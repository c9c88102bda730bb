"""The main job, clicked through as a new user would: from the draft of a system to an accepted and a rejected report."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from submissions.period import Period
from tests.browser.conftest import PATIENCE_MS, Portal, log_in

pytestmark = pytest.mark.browser
CUSTOMER = "Nordlys Eiendom AS"
SHARES, WAGES = "Aksjonærregisteroppgaven", "A-meldingen"


def register_system(page: Page, portal: Portal) -> None:
    page.goto(f"{portal.url}/sandbox/settings/")
    page.get_by_role("button", name="Prøv scopene").click()
    expect(page.get_by_text("Tildelt").first).to_be_visible()
    page.get_by_role("link", name="Systemer").click()
    page.get_by_role("link", name="Fjordtall", exact=True).last.click()
    page.get_by_role("button", name="Registrer i Altinn").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Registrert")


def ask_for_access(page: Page, portal: Portal) -> str:
    """Ends on the page of the access, once the worker has sent it to Altinn; returns the customer's link."""
    page.goto(f"{portal.url}/sandbox/customers/?q=Nordlys")
    page.get_by_role("link", name=CUSTOMER).first.click()
    page.get_by_role("link", name="Be om tilgang").first.click()
    page.get_by_role("button", name="Send forespørsel").click()
    expect(page.locator("#status")).to_contain_text("Sendt", timeout=PATIENCE_MS)
    return page.locator("input[readonly]").first.input_value()


def scan(browser: Browser, link: str) -> None:
    """A mail filter that runs the page's scripts, and does nothing else."""
    context = browser.new_context(locale="nb-NO")
    filter_page = context.new_page()
    filter_page.goto(link)
    filter_page.wait_for_timeout(1500)
    context.close()


def press_a_key(browser: Browser, link: str) -> None:
    context = browser.new_context(locale="nb-NO")
    someone = context.new_page()
    someone.goto(link)
    with someone.expect_response("**/opened/"):
        someone.keyboard.press("Tab")
    context.close()


def approve(browser: Browser, link: str) -> None:
    """The customer, on a phone, without a log-in."""
    context = browser.new_context(locale="nb-NO", viewport={"width": 390, "height": 844})
    phone = context.new_page()
    phone.goto(link)
    expect(phone.get_by_role("heading", level=1)).to_contain_text("Gi Fjordtall tilgang")
    button = phone.get_by_role("button", name="Godkjenn i Altinn")
    for _second in range(PATIENCE_MS // 1000):
        if button.count():
            break
        phone.wait_for_timeout(1000)  # the worker may still be about to send it
        phone.reload()
    button.click()
    phone.locator("input[name=person]").first.check()
    phone.get_by_role("button", name="Fortsett").click()
    phone.get_by_role("button", name="Godkjenn").click()
    expect(phone.get_by_role("heading", level=1)).to_contain_text("Tilgangen er gitt", timeout=PATIENCE_MS)
    context.close()


def send_report(page: Page, portal: Portal, button: str, *, period: str, service: str = SHARES) -> None:
    page.goto(f"{portal.url}/sandbox/submissions/new/")
    page.locator("main input[name=q]").fill(CUSTOMER)
    page.get_by_role("button", name="Søk").click()
    page.get_by_role("link", name=CUSTOMER).click()
    page.get_by_role("radio", name=service, exact=True).check()
    page.get_by_label("Periode").select_option(period)
    page.get_by_role("button", name=button, exact=True).click()
    for box in page.locator("input[name=confirm]").all():
        box.check()
    page.get_by_role("button", name="Send nå").click()


def send_wages(page: Page, portal: Portal) -> None:
    """A monthly report: what is to be paid, and a rejected one for the month before, which the months of the year show."""
    today = timezone.localdate()
    last = Period.month(today.year, today.month).before
    send_report(page, portal, "Bruk eksempelfiler", period=str(last), service=WAGES)
    expect(page.get_by_role("heading", name="Dette skal kunden betale")).to_be_visible(timeout=2 * PATIENCE_MS)
    expect(page.locator("#versions")).to_contain_text("Gjelder nå")
    send_report(page, portal, "Bruk eksempelfiler med feil sum", period=str(last.before), service=WAGES)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Avvist", timeout=2 * PATIENCE_MS)
    expect(page.locator("#months")).to_contain_text("Avvist")


def test_a_stranger_gets_from_a_draft_to_an_accepted_and_a_rejected_report(
    page: Page, browser: Browser, portal: Portal
) -> None:
    log_in(page, portal)
    register_system(page, portal)
    link = ask_for_access(page, portal)

    scan(browser, link)
    page.reload()
    expect(page.locator("#status")).to_contain_text("Sendt")
    press_a_key(browser, link)
    expect(page.locator("#status")).to_contain_text("Åpnet")
    approve(browser, link)

    expect(page.locator("#status")).to_contain_text(
        re.compile("Godkjent|I bruk"), timeout=PATIENCE_MS
    )  # without reloading
    send_report(page, portal, "Bruk eksempelfiler", period="2025")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Godkjent", timeout=2 * PATIENCE_MS)
    expect(page.get_by_text("PDF ·")).to_be_visible()
    send_report(page, portal, "Bruk eksempelfiler med feil sum", period="2024")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Avvist", timeout=2 * PATIENCE_MS)
    expect(
        page.get_by_role("button", name="Last opp rettet fil").or_(page.get_by_role("link", name="Last opp rettet fil"))
    ).to_be_visible()
    send_wages(page, portal)
    page.goto(f"{portal.url}/sandbox/connection/")
    expect(page.get_by_text("9 av 9 steg")).to_be_visible(timeout=PATIENCE_MS)
