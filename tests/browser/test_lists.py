"""Lists in the browser: words stay whole, values have their headings on a phone, a search keeps the focus and tells its hits."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Portal, log_in
from tests.browser.portal import BROKEN_WORDS

pytestmark = pytest.mark.browser
LISTS = [
    "customers/", "access/", "submissions/", "orders/", "dialogs/", "letters/", "systems/", "due/", "due/calendar/", "services/",
    "access/new/", "submissions/new/",
]  # fmt: skip


def opened(browser: Browser, portal: Portal, width: int, language: str = "nb") -> Page:
    page = browser.new_context(locale="nb-NO", viewport={"width": width, "height": 900}).new_page()
    log_in(page, portal)
    if language != "nb":
        page.locator("details.user summary").click()
        page.locator(f"button[name=language][value={language}]").click()
    return page


def test_no_word_of_a_table_is_broken_in_nynorsk(
    browser: Browser, portal_with_reports: tuple[Portal, list[str]]
) -> None:
    portal, _paths = portal_with_reports
    page = opened(browser, portal, 1280, "nn")
    broken: dict[str, Any] = {}

    for path in LISTS:
        page.goto(f"{portal.url}/sandbox/{path}")
        if words := page.evaluate(BROKEN_WORDS):
            broken[path] = words

    page.context.close()
    assert broken == {}


def test_the_values_of_a_row_have_their_headings_on_a_phone(
    browser: Browser, portal_with_reports: tuple[Portal, list[str]]
) -> None:
    portal, _paths = portal_with_reports
    page = opened(browser, portal, 390)

    page.goto(f"{portal.url}/sandbox/access/new/")

    cell = page.locator("td[data-label]").first
    assert cell.get_attribute("data-label") == "Portefølje"
    assert "Portefølje" in cell.evaluate("cell => getComputedStyle(cell, '::before').content")
    page.context.close()


def test_a_search_leaves_the_focus_and_tells_the_hits(
    browser: Browser, portal_with_reports: tuple[Portal, list[str]]
) -> None:
    portal, _paths = portal_with_reports
    page = opened(browser, portal, 1280)

    for path in ("customers/", "access/new/", "submissions/new/"):
        page.goto(f"{portal.url}/sandbox/{path}")
        page.locator("#q").fill("finnes ikke")
        with page.expect_response(lambda reply: "q=finnes" in reply.url):
            page.locator("#q").press("Enter")
        page.get_by_role("status").get_by_text("Ingen treff").wait_for(state="attached")
        assert page.evaluate("document.activeElement.id") == "q", path
    page.context.close()


def test_the_chosen_files_are_named_and_the_strip_is_one_line(
    browser: Browser, portal_with_reports: tuple[Portal, list[str]]
) -> None:
    portal, _paths = portal_with_reports
    page = opened(browser, portal, 390)
    page.goto(f"{portal.url}/sandbox/submissions/heaps/")

    page.locator("input[type=file]").set_input_files({"name": "a.xml", "mimeType": "text/xml", "buffer": b"<a/>"})

    assert page.locator(".drop__files li").all_inner_texts() == ["a.xml"]
    assert page.locator(".strip").evaluate("strip => strip.offsetHeight") < 45
    page.get_by_role("button", name="Sorter filene").click()
    page.wait_for_url("**/submissions/heaps/*/")
    page.context.close()
