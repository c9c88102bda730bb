"""A hundred customers at once: from a file with their numbers to reports that Skatteetaten has accepted, and what it costs a person."""

from __future__ import annotations

import time
from collections.abc import Callable, Sized
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from submissions.adapters import adapter
from submissions.adapters.base import About
from submissions.period import Period
from submissions.services import catalogue
from tests.browser.in_use import press
from tests.browser.portal import LEASE_MS, Portal, log_in
from tests.browser.services import WAGES, payload
from tests.submissions.heaps.rig import zipped

pytestmark = pytest.mark.browser
CUSTOMERS = 100
MOST_ACTS = CUSTOMERS // 2
"""Half an act for each customer."""


class Hands:
    """What a person does on a page; each press, choice and field counts as one act."""

    def __init__(self) -> None:
        self.acts = 0

    def press(self, place: Locator) -> None:
        self.acts += 1
        place.click(timeout=LEASE_MS)

    def fill(self, place: Locator, text: str) -> None:
        self.acts += 1
        place.fill(text)

    def give(self, place: Locator, name: str, content: bytes) -> None:
        self.acts += 1
        place.set_input_files(payload(name, content))


def test_a_hundred_customers_cost_less_than_half_an_act_each(page: Page, own_portal: Portal) -> None:
    portal, hands = own_portal, Hands()
    with httpx.Client(base_url=portal.sandbox, timeout=60) as outside:
        outside.patch("/control/settings", json={"feedback_delay_seconds": 1.0}).raise_for_status()
        known = set(state(outside)["organisations"])
        outside.post("/control/bulk", json={"organisations": CUSTOMERS, "seed": 7}).raise_for_status()
        numbers = sorted(set(state(outside)["organisations"]) - known)
        log_in(page, portal)
        press(page, f"{portal.url}/sandbox/systems/1/", "Registrer i Altinn")
        page.goto(f"{portal.url}/sandbox/")

        import_all(page, hands, numbers)
        ask_all(page, hands)
        approve_all(outside)
        seen(page, f"{portal.url}/sandbox/access/", f"I bruk {CUSTOMERS}")
        page.goto(f"{portal.url}/sandbox/")
        report_all(page, hands, numbers)
        seen(page, f"{portal.url}/sandbox/submissions/", f"Godkjent {CUSTOMERS}")

    assert hands.acts < MOST_ACTS, hands.acts
    print(f"{hands.acts} acts for {CUSTOMERS} customers: {hands.acts / CUSTOMERS:.2f} for each")  # noqa: T201


def state(outside: httpx.Client) -> Any:
    return outside.get("/control/snapshot").raise_for_status().json()["state"]


def import_all(page: Page, hands: Hands, numbers: list[str]) -> None:
    file = "Orgnr;E-post\n" + "".join(f"{number};post@{number}.example\n" for number in numbers)
    hands.press(page.get_by_role("link", name="Kunder", exact=True))
    hands.press(page.get_by_role("link", name="Importer kunder"))
    hands.give(page.locator("main input[type=file]"), "kunder.csv", file.encode())
    hands.press(page.get_by_role("button", name="Se over listen"))
    hands.press(page.get_by_role("button", name="Importer", exact=True))


def ask_all(page: Page, hands: Hands) -> None:
    hands.press(page.get_by_role("link", name="Spør kundene om tilgang"))
    hands.press(page.get_by_role("button", name="Se over kundene"))
    hands.press(page.get_by_role("link", name="Spør kundene"))
    hands.press(page.get_by_role("button", name=f"Spør {CUSTOMERS} kunder"))


def approve_all(outside: httpx.Client) -> None:
    """Each customer approves what it is asked for, and is led back to us by Altinn."""
    requests = until(lambda: state(outside)["requests"])
    for key, request in requests.items():
        outside.post(f"/control/requests/{key}/approve").raise_for_status()
        httpx.get(request["redirect_url"], follow_redirects=True, timeout=60).raise_for_status()


def until(read: Callable[[], Sized]) -> Any:
    """What was read once there are as many as customers, or more."""
    for _second in range(LEASE_MS // 1000):
        if len(found := read()) >= CUSTOMERS:
            return found
        time.sleep(1)
    raise AssertionError(f"{len(found)} of {CUSTOMERS}")


def report_all(page: Page, hands: Hands, numbers: list[str]) -> None:
    entry, month = catalogue.service(WAGES), Period.month(2026, 10)
    files = []
    for number in numbers:
        (file,) = adapter(entry.adapter).examples(About(number, month, WAGES, entry.options), name=number, wrong=False)
        files.append((f"{number} {file.name}", file.content))
    hands.press(page.get_by_role("link", name="Innsendinger", exact=True).first)
    hands.press(page.get_by_role("link", name="Sorter filer"))
    hands.give(page.get_by_label("Filer eller zip"), "lønn.zip", zipped(files))
    hands.press(page.get_by_role("button", name="Sorter filene"))
    hands.press(page.get_by_role("button", name="Lag 100 kladder"))
    hands.press(page.get_by_role("link", name="Send alle som er klare"))
    hands.press(page.get_by_role("button", name="Send til Skatteetaten"))


def seen(page: Page, address: str, chip: str) -> None:
    """The person comes back to a list until its filter tells that all are there. Costs no act: the work goes on without it."""
    for _second in range(2 * LEASE_MS // 5000):
        page.goto(address)
        if page.get_by_role("link", name=chip, exact=True).count():
            return
        page.wait_for_timeout(5000)
    expect(page.get_by_role("link", name=chip, exact=True)).to_be_visible()
