"""A page that follows by itself: what a person has opened in it stays open, and the focus stays where it was."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import Portal, log_in
from tests.browser.services import HOUSING, draft_of_examples, expect_state, person, send

pytestmark = pytest.mark.browser


def test_what_is_open_stays_open_and_the_focus_where_it_was(page: Page, served: Portal) -> None:
    slow(served, 3600)
    log_in(page, served)
    draft_of_examples(page, served, HOUSING, "2021")
    send(page)
    expect_state(page, "Levert")
    technical = page.locator("#status summary").filter(has_text="Teknisk")
    technical.focus()
    page.keyboard.press("Enter")

    for _turn in range(2):
        with page.expect_response(lambda reply: reply.url == page.url and reply.request.method == "GET"):
            pass
        expect(page.locator(".htmx-settling, .htmx-swapping")).to_have_count(0)

    expect(technical.locator("xpath=..")).to_have_attribute("open", "")
    expect(technical).to_be_focused()
    slow(served, 1)


def test_a_page_that_got_no_answer_asks_again(browser: Browser, served: Portal) -> None:
    asked: list[str] = []

    def fail_twice(route: Route) -> None:
        if "hx-request" not in route.request.headers or len(asked) == 2:
            return route.continue_()
        asked.append(route.request.url)
        return route.abort() if len(asked) == 1 else route.fulfill(status=500)

    slow(served, 1)
    with person(browser, served) as page:
        draft_of_examples(page, served, HOUSING, "2020")
        page.route("**/submissions/*/", fail_twice)
        send(page)

        expect_state(page, "Godkjent")
    assert len(asked) == 2


def slow(portal: Portal, seconds: float) -> None:
    """How long Skatteetaten takes to answer."""
    settings = {"feedback_delay_seconds": seconds}
    httpx.patch(f"{portal.sandbox}/control/settings", json=settings, timeout=20).raise_for_status()
