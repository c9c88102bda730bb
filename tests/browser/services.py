"""A portal whose customer has given access to every service that the demonstration asks for, and what a person does with it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, expect

from portal.local import demo
from submissions.adapters import adapter
from submissions.adapters.base import About
from submissions.period import Period
from submissions.services import catalogue
from tests.browser.in_use import press, sent_state
from tests.browser.portal import PATIENCE_MS, Portal, log_in

CUSTOMER, ORGNR = "Vestvik Bygg AS", demo.orgnrs(2)[1]
"""One of the portfolio that the case worker has."""
HOUSING, COMPANY = "innrapportering-boligsameie", "innrapportering-boligselskap"
WAGES = "innrapportering-amelding"
LONG = 2 * PATIENCE_MS


def begin(browser: Browser, portal: Portal) -> None:
    """Register the system, ask the customer and let her approve. Skatteetaten answers after a second, and validates
    material at once.
    """
    quick = {"feedback_delay_seconds": 1.0, "case_control_seconds": 0.0}
    with httpx.Client(base_url=portal.sandbox, timeout=20) as outside, person(browser, portal) as page:
        outside.patch("/control/settings", json=quick).raise_for_status()
        press(page, f"{portal.url}/sandbox/systems/1/", "Registrer i Altinn")
        page.goto(f"{portal.url}/sandbox/customers/?q=Vestvik+Bygg")
        page.get_by_role("link", name=CUSTOMER).first.click()
        page.get_by_role("link", name="Be om tilgang").first.click()
        page.get_by_role("button", name="Send forespørsel").click()
        (request,) = sent_state(page, outside)["requests"]
        outside.post(f"/control/requests/{request}/approve").raise_for_status()
        expect(page.locator("#status")).to_contain_text(re.compile("Godkjent|I bruk"), timeout=LONG)


@contextmanager
def person(browser: Browser, portal: Portal, name: str = "ida") -> Iterator[Page]:
    """Somebody who has logged in, in a window of her own."""
    context = browser.new_context(locale="nb-NO", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    log_in(page, portal, name)
    yield page
    context.close()


def control(portal: Portal, path: str, **order: Any) -> Any:
    """What happens outside. Returns what the sandbox answers, None when it has nothing to tell."""
    answer = httpx.post(f"{portal.sandbox}/control/{path}", json=order, timeout=20).raise_for_status()
    return answer.json() if answer.content else None


def until_followed(portal: Portal, *rights: str) -> None:
    """Altinn tells us of what comes with these rights. What came before is found by a poll, after some minutes."""
    wanted = {f"urn:altinn:resource:{right}" for right in rights}
    for _second in range(2 * LONG // 1000):
        state = httpx.get(f"{portal.sandbox}/control/snapshot", timeout=20).json()["state"]
        if wanted <= {each["resource"] for each in state["subscriptions"].values() if each["validated"]}:
            return
        time.sleep(1)
    raise AssertionError(f"no subscription to {wanted}")


def payload(name: str, content: bytes) -> Any:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def example(service: str, period: Period) -> tuple[str, bytes]:
    """A file without faults, as the vendor's own program would make it."""
    entry = catalogue.service(service)
    about = About(ORGNR, period, service, entry.options)
    (file,) = adapter(entry.adapter).examples(about, name=CUSTOMER, wrong=False)
    return file.name, file.content


def new_submission(page: Page, portal: Portal, service: str, period: str) -> None:
    """Ends on the form with customer, service and period chosen."""
    page.goto(f"{portal.url}/sandbox/submissions/")
    page.get_by_role("link", name="Ny innsending").first.click()
    page.locator("main input[name=q]").fill(CUSTOMER)
    page.get_by_role("button", name="Søk").click()
    page.get_by_role("link", name=CUSTOMER).click()
    page.get_by_role("radio", name=catalogue.service(service).name, exact=True).check()
    page.get_by_label("Periode").select_option(period)


def draft_of_examples(page: Page, portal: Portal, service: str, period: str, *, wrong: bool = False) -> None:
    new_submission(page, portal, service, period)
    button = "Bruk eksempelfiler med feil sum" if wrong else "Bruk eksempelfiler"
    page.get_by_role("button", name=button, exact=True).click()


def send(page: Page) -> str:
    """Send the draft on the page, whatever must be confirmed. Returns the address of the submission."""
    for box in page.locator("input[name=confirm]").all():
        box.check()
    page.get_by_role("button", name=re.compile("^(Send nå|Gjør klar)$")).click()
    page.wait_for_load_state()
    return page.url


def expect_state(page: Page, state: str) -> None:
    """The page of a submission or order comes to this state by itself."""
    expect(page.get_by_role("heading", level=1)).to_contain_text(state, timeout=LONG)
