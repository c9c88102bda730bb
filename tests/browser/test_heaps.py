"""A heap in a real browser: dropped, sorted by the worker, followed without a reload, and fit for each screen."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from portal.local import demo
from submissions.adapters.base import About
from submissions.adapters.gld_json import samples
from submissions.adapters.rf1086.samples import example
from submissions.period import Period
from submissions.services import catalogue
from tests.browser.conftest import AXE, Portal, log_in
from tests.browser.portal import PATIENCE_MS
from tests.browser.test_accessibility import LOOKS, RULES
from tests.submissions.heaps.rig import HOUSING, zipped

pytestmark = pytest.mark.browser


def payload(name: str, content: bytes) -> Any:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def heap_files() -> list[Any]:
    """A report of two services for a customer of the demonstration, one for nobody, and files that are none."""
    known, stranger = demo.orgnrs(1)[0], "310203335"
    shares = [(file.name, file.content) for file in example(known, "Kunde AS", 2025, shareholders=3)]
    about = About(known, Period.year(2025), HOUSING, catalogue.service(HOUSING).options)
    other = example(stranger, "Ukjent AS", 2025, shareholders=1)[0]
    message = samples.example(about, wrong=False)
    return [
        payload("aksjer.zip", zipped(shares)), payload(message.name, message.content), payload(other.name, other.content),
        payload("lønn januar.xlsx", b"PK\x03\x04"), payload("skadd.zip", b"PK\x03\x04 nothing"),
    ]  # fmt: skip


def faults_of(page: Page) -> list[str]:
    page.add_script_tag(path=str(AXE))
    result = page.evaluate("rules => axe.run(document, rules)", RULES)["violations"]
    faults = [f"{v['id']} at {n['target']}" for v in result for n in v["nodes"]]
    return [*faults, *(["wider"] if page.evaluate("document.documentElement.scrollWidth > window.innerWidth") else [])]


def look(page: Page, name: str) -> None:
    """SHOTS names a folder for pictures, for a person."""
    if os.environ.get("SHOTS"):
        page.screenshot(path=Path(os.environ["SHOTS"]) / f"{name}.png", full_page=True)


@pytest.mark.parametrize(("scheme", "width", "height"), LOOKS)
def test_a_heap_is_sorted_before_ones_eyes(
    browser: Browser, portal: Portal, scheme: Any, width: int, height: int
) -> None:
    context = browser.new_context(
        locale="nb-NO", color_scheme=scheme, viewport={"width": width, "height": height}, bypass_csp=True
    )
    page = context.new_page()
    log_in(page, portal)
    page.goto(f"{portal.url}/sandbox/submissions/heaps/")
    faults = faults_of(page)
    look(page, f"heaps-{scheme}-{width}")

    page.get_by_label("Filer eller zip").set_input_files(heap_files())
    page.get_by_role("button", name="Sorter filene").click()
    expect(page.get_by_role("heading", name="8 filer er sortert")).to_be_visible(timeout=2 * PATIENCE_MS)
    look(page, f"heap-{scheme}-{width}")
    faults += faults_of(page)
    page.get_by_role("link", name="Alle filer").click()
    look(page, f"heap-files-{scheme}-{width}")
    expect(page.get_by_text("Zip-filen kan ikke leses.")).to_be_visible()
    faults += faults_of(page)

    context.close()
    assert faults == []


def test_a_heap_works_without_javascript(browser: Browser, portal: Portal) -> None:
    context = browser.new_context(locale="nb-NO", java_script_enabled=False)
    page = context.new_page()
    log_in(page, portal, "ola")

    page.goto(f"{portal.url}/sandbox/submissions/heaps/")
    page.get_by_label("Filer eller zip").set_input_files(heap_files())
    page.get_by_role("button", name="Sorter filene").click()
    for _ in range(60):
        if page.get_by_role("heading", name="8 filer er sortert").is_visible():
            break
        page.wait_for_timeout(1000)
        page.reload()

    expect(page.get_by_role("heading", name="8 filer er sortert")).to_be_visible()
    context.close()
