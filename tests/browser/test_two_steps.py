"""Log-in in two steps in a real browser, whose passkeys are Chromium's own: set up, used, and removed."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.accounts.log_in import code_now
from tests.browser.conftest import PATIENCE_MS, Portal

pytestmark = pytest.mark.browser
KEY = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True,
    "automaticPresenceSimulation": True,
}  # fmt: skip


def test_an_app_and_a_passkey_from_the_profile_to_the_log_in(browser: Browser, portal: Portal) -> None:
    url = portal.url.replace("127.0.0.1", "localhost")  # passkeys are for names
    context = browser.new_context(locale="nb-NO")
    context.set_default_timeout(PATIENCE_MS)
    page = with_passkeys(context)
    give_password(page, url, portal.password)
    page.goto(f"{url}/sandbox/account/profile/")

    page.get_by_role("link", name="Legg til kodeapp").click()
    secret = page.locator("code.secret").inner_text().replace(" ", "")
    page.locator("#id_code").fill(code_now(secret))
    page.get_by_role("button", name="Legg til").click()
    codes = page.locator(".codes code").all_inner_texts()
    page.get_by_role("link", name="Jeg har tatt vare på dem").click()
    page.goto(f"{url}/sandbox/account/profile/factor/passkey/")
    page.get_by_label("Hva du vil kalle den").fill("Maskinen min")
    page.get_by_role("button", name="Lag passnøkkel").click()
    expect(page.get_by_role("link", name="Fjern Maskinen min")).to_be_visible()

    log_out(page, url)
    give_password(page, url, portal.password)
    page.get_by_role("button", name="Bruk passnøkkel").click()
    page.wait_for_url(f"{url}/sandbox/")
    log_out(page, url)
    give_password(page, url, portal.password)
    page.get_by_label("Kode fra appen").fill(codes[0])
    page.get_by_role("button", name="Logg inn").click()
    page.wait_for_url(f"{url}/sandbox/")

    remove_all(page, url)
    assert len(codes) == 10
    context.close()


def with_passkeys(context: BrowserContext) -> Page:
    page = context.new_page()
    devices = context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
    return page


def give_password(page: Page, url: str, password: str) -> None:
    page.goto(f"{url}/accounts/login/")
    page.get_by_label("E-post").fill("lars@fjordtall.example")
    page.get_by_label("Passord").fill(password)
    page.get_by_role("button", name="Logg inn").click()
    page.wait_for_load_state()


def log_out(page: Page, url: str) -> None:
    page.goto(f"{url}/accounts/logout/")
    page.get_by_role("main").get_by_role("button", name="Logg ut").click()
    page.wait_for_load_state()


def remove_all(page: Page, url: str) -> None:
    """Other tests log in with a password alone."""
    for _one in range(2):
        page.goto(f"{url}/sandbox/account/profile/")
        page.get_by_role("link", name="Fjern").first.click()
        page.get_by_role("button", name="Fjern").click()
        page.wait_for_load_state()
    expect(page.get_by_text("I dag holder det å kjenne passordet ditt")).to_be_visible()
