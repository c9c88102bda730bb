"""Deliveries of the services behind the common adapters, clicked from file to verdict: accepted, rejected, with warnings."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from submissions.adapters.amelding import samples as amelding_samples
from submissions.adapters.base import About
from submissions.period import Period
from submissions.services import catalogue
from tests.browser.conftest import Portal, log_in
from tests.browser.in_use import until
from tests.browser.services import (
    COMPANY,
    CUSTOMER,
    HOUSING,
    LONG,
    ORGNR,
    WAGES,
    control,
    draft_of_examples,
    example,
    expect_state,
    new_submission,
    payload,
    person,
    send,
)

pytestmark = pytest.mark.browser
TAX_RETURN = "skattemelding"
UPLOAD, LARGE_FILES = "innrapportering-amelding-filopplasting", "innrapportering-tpo-filmottak"


def test_one_json_file_is_accepted_rejected_warned_about_and_corrected(page: Page, served: Portal) -> None:
    log_in(page, served)
    draft_of_examples(page, served, HOUSING, "2023", wrong=True)
    rejected = send(page)
    expect_state(page, "Avvist")  # before the next verdict is ordered, which the first report would get
    draft_of_examples(page, served, HOUSING, "2024")
    control(served, "verdicts", verdict="warning", service=HOUSING, orgnr=ORGNR, reasons=["Andelen er uvanlig høy"])
    send(page)
    expect_state(page, "Med merknader")
    expect(page.get_by_text("Andelen er uvanlig høy")).to_be_visible()

    page.goto(rejected)
    expect_state(page, "Avvist")
    page.get_by_role("button", name="Last opp rettet fil").click()
    expect(page.get_by_text("Dette skal rettes")).to_be_visible()
    page.get_by_label("Legg til filer").set_input_files(payload(*example(HOUSING, Period.year(2023))))
    page.get_by_role("button", name="Legg til og kontroller").click()
    expect(page.get_by_text("Ingen feil i filene")).to_be_visible()
    send(page)
    expect_state(page, "Godkjent")
    expect(page.get_by_text("Skatteetaten har godkjent leveransen")).to_be_visible()
    expect(page.locator("#versions")).to_contain_text("Avvist")


def test_an_amelding_is_rejected_corrected_and_replaced(page: Page, served: Portal) -> None:
    month = Period.month(2026, 3)
    log_in(page, served)
    draft_of_examples(page, served, WAGES, str(month), wrong=True)
    rejected = send(page)
    expect_state(page, "Avvist")
    name, content = example(WAGES, month)
    _correct(page, name, content)
    send(page)
    expect_state(page, "Godkjent")

    first = json.loads(content)["leveranse"]["meldingsId"]
    newer = amelding_samples.example(About(ORGNR, month, WAGES), replaces=first)
    _correct(page, newer.name, newer.content)
    send(page)

    expect_state(page, "Godkjent")
    versions = page.locator("#versions").get_by_role("listitem")
    for position, state in enumerate(("Gjelder", "Erstattet", "Avvist")):
        expect(versions.nth(position)).to_contain_text(state)
    page.goto(rejected)
    expect_state(page, "Avvist")


def _correct(page: Page, name: str, content: bytes) -> None:
    """From the page of a report, turned down or accepted, to a checked draft that corrects it."""
    page.get_by_role("button", name=re.compile("^(Last opp rettet fil|Rett og lever på nytt)$")).click()
    page.get_by_label("Legg til filer").set_input_files(payload(name, content))
    page.get_by_role("button", name="Legg til og kontroller").click()
    expect(page.get_by_text("Ingen feil i filene")).to_be_visible()


MONTH = Period.month(timezone.localdate().year, timezone.localdate().month).before


@pytest.mark.parametrize(
    ("service", "wrong", "right"),
    [(UPLOAD, MONTH.before, MONTH), (LARGE_FILES, Period.year(2023), Period.year(2024))],
    ids=["json", "xml"],
)
def test_an_uploaded_file_waits_for_its_control_and_is_accepted_or_rejected(
    page: Page, served: Portal, service: str, wrong: Period, right: Period
) -> None:
    log_in(page, served)
    draft_of_examples(page, served, service, str(wrong), wrong=True)
    rejected = send(page)
    new_submission(page, served, service, str(right))
    page.get_by_label("Filer", exact=True).set_input_files(payload(*example(service, right)))
    page.get_by_role("button", name="Kontroller filene").click()
    send(page)
    expect(page.get_by_text("Skatteetaten kontrollerer filen")).to_be_visible()

    expect_state(page, "Godkjent")
    page.goto(rejected)
    expect_state(page, "Avvist")
    expect(page.get_by_role("button", name="Last opp rettet fil")).to_be_visible()


def test_a_service_that_wants_a_second_person_is_sent_by_the_second(
    page: Page, browser: Browser, served: Portal
) -> None:
    log_in(page, served)
    page.goto(f"{served.url}/sandbox/services/{COMPANY}/")
    page.get_by_role("button", name="Krev godkjenning", exact=True).click()
    expect(page.get_by_role("button", name="Ikke krev godkjenning")).to_be_visible()
    draft_of_examples(page, served, COMPANY, "2025")
    for box in page.locator("input[name=confirm]").all():
        box.check()
    page.get_by_role("button", name="Be om godkjenning").click()
    expect(page.get_by_text("En annen saksbehandler må godkjenne før den sendes.")).to_be_visible()
    expect(page.get_by_role("button", name="Godkjenn og send")).to_have_count(0)

    with person(browser, served, "ola") as second:
        second.goto(f"{served.url}/sandbox/")
        todo = second.get_by_role("listitem").filter(has_text="Innsending venter på at du godkjenner")
        todo.get_by_role("link", name="Se over").click()
        second.get_by_role("link", name=CUSTOMER).click()
        second.get_by_role("button", name="Godkjenn og send").click()
        expect_state(second, "Godkjent")
    page.goto(f"{served.url}/sandbox/services/{COMPANY}/")
    page.get_by_role("button", name="Ikke krev godkjenning").click()
    expect(page.get_by_text("Én person kan sende alene.")).to_be_visible()


@pytest.mark.parametrize(("service", "what"), [("mva-melding", "levere"), (TAX_RETURN, "bekrefte")])
def test_what_a_person_must_deliver_says_who_where_and_by_when(
    page: Page, served: Portal, service: str, what: str
) -> None:
    name = catalogue.service(service).name
    log_in(page, served)
    page.goto(f"{served.url}/sandbox/submissions/new/?customer=2")
    page.get_by_role("link", name=name).first.click()

    expect(page.get_by_role("heading", level=1)).to_have_text(f"{name}: en person må {what}")
    expect(page.get_by_text(f"På vegne av {CUSTOMER}")).to_be_visible()
    for fact in ("Hvem", "Hvor", "Frist", "Hvorfor en person må", "Etterpå"):
        expect(page.get_by_role("term").filter(has_text=re.compile(f"^{fact}$"))).to_be_visible()
    expect(page.get_by_role("link", name="Gå til Skatteetaten")).to_have_attribute(
        "href", catalogue.service(service).link
    )


def test_a_return_is_made_ready_and_confirmed_by_a_person_or_deleted_in_altinn(page: Page, served: Portal) -> None:
    log_in(page, served)
    addresses = {}
    for period in ("2023", "2024"):
        draft_of_examples(page, served, TAX_RETURN, period)
        expect(page.get_by_text("En person må bekrefte i Altinn")).to_be_visible()
        addresses[period] = send(page)
        expect(page.get_by_role("heading", level=2, name="Bekreft i Altinn")).to_be_visible(timeout=LONG)
        expect(page.get_by_text("Logg inn i Altinn som en som kan levere")).to_be_visible()
        expect(page.get_by_role("link", name="Innboksen i Altinn")).to_be_visible()
        expect(page.get_by_role("button", name="Avbryt")).to_have_count(0)

    first, second = (row["id"] for row in app_instances(served))
    control(served, f"app-instances/{first}/confirm")
    httpx.delete(f"{served.sandbox}/control/app-instances/{second}", timeout=20).raise_for_status()

    for period, text in (("2024", "Skjemaet ble slettet i Altinn før noen bekreftet"), ("2023", "Kvittering")):
        page.goto(addresses[period])
        page.get_by_role("button", name="Det er bekreftet: se etter nå").click()
        until(page, addresses[period], text)
    expect_state(page, "Levert")
    page.goto(addresses["2024"])
    expect_state(page, "Avbrutt")


def app_instances(portal: Portal) -> list[dict[str, Any]]:
    """Those that stand ready for a person, the oldest first."""
    rows = httpx.get(f"{portal.sandbox}/control/app-instances", timeout=20).json()
    return [row for row in rows if row["task"] == "confirmation"]
