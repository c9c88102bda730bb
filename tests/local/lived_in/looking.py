"""Pages in a real browser, light and dark, at desk and phone width, in every language: what axe finds, and what does not fit.

The browser asks Django's test client, in this process: no server is started, and the rows of the test are seen.
"""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from typing import Any

from django.contrib.staticfiles import finders
from django.test import Client
from playwright.sync_api import Page, Request, Route, sync_playwright

from tests.browser.conftest import AXE
from tests.browser.portal import BROKEN_WORDS

ORIGIN = "http://testserver"
DESK, PHONE = (1280, 900), (390, 844)
NARROW, ZOOMED = (320, 640), (640, 450)
"""`ZOOMED`: what is left of a desk's screen at 200 %."""
RULES: dict[str, Any] = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
COLOURS: dict[str, Any] = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]}
WIDER = """() => document.documentElement.scrollWidth > window.innerWidth
  || [...document.querySelectorAll(".table-scroll > [data-stack] tbody *")].some(
    (cell) => window.innerWidth < 600 && cell.getBoundingClientRect().right > window.innerWidth)"""
"""The page, or a table whose cells stand below each other on a phone."""


@dataclass(frozen=True)
class Look:
    language: str
    scheme: Any
    size: tuple[int, int]


FEW = [Look("nb", "light", DESK), Look("nb", "dark", PHONE), Look("nn", "dark", DESK), Look("en", "light", PHONE)]
"""Each language, theme and width, and each pair of theme and width."""
EVERY = [Look(*look) for look in product(("nb", "nn", "en"), ("light", "dark"), (DESK, PHONE))]


def faults(client: Client, urls: Iterable[str], *, looks: list[Look], browser_path: str) -> list[str]:
    """What is wrong with the pages, each fault with the first look that has it."""
    found: dict[str, str] = {}
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        page = chromium.new_context(bypass_csp=True).new_page()
        page.route("**/*", lambda route, request: _answer(client, route, request))
        for url in urls:
            for look, fault in _of_page(page, client, url, looks):
                found.setdefault(f"{url}: {fault}", f"{look.language} {look.scheme} {look.size[0]}")
        chromium.close()
    return [f"{fault} ({look})" for fault, look in found.items()]


def _of_page(page: Page, client: Client, url: str, looks: list[Look]) -> Iterator[tuple[Look, str]]:
    """The page is loaded once for each language."""
    axe, loaded = AXE.read_text(), ""
    for number, look in enumerate(looks):
        is_first_of_size = (look.language, look.size) not in {(one.language, one.size) for one in looks[:number]}
        page.set_viewport_size({"width": look.size[0], "height": look.size[1]})
        page.emulate_media(color_scheme=look.scheme)
        if loaded != look.language:
            client.cookies["django_language"] = loaded = look.language
            page.goto(ORIGIN + url)
            if page.locator('[hx-trigger="load"]').count():
                page.wait_for_load_state("networkidle")
            page.evaluate(axe)
        yield from ((look, fault) for fault in _faults(page, RULES if is_first_of_size else COLOURS))
        if is_first_of_size:
            yield from ((look, fault) for fault in _misfits(page, look))


def _faults(page: Page, rules: dict[str, Any]) -> Iterator[str]:
    for violation in page.evaluate("async rules => (await axe.run(document, rules)).violations", rules):
        yield from (f"{violation['id']} at {' '.join(map(str, node['target']))}" for node in violation["nodes"])


def _misfits(page: Page, look: Look) -> Iterator[str]:
    if page.evaluate(WIDER):
        yield f"wider than {look.size[0]}"
    if look.size == DESK:
        yield from (f"the word {word} is broken" for word in page.evaluate(BROKEN_WORDS))
    narrower = ZOOMED if look.size == DESK else NARROW
    page.set_viewport_size({"width": narrower[0], "height": narrower[1]})
    if page.evaluate(WIDER):
        yield f"wider than {narrower[0]}"
    page.set_viewport_size({"width": look.size[0], "height": look.size[1]})


@contextmanager
def outside_of_the_loop() -> Iterator[None]:
    """Playwright's loop runs in this thread. While Django sees one, each call gets a connection of its own, without the test's rows."""
    loop = asyncio.events._get_running_loop()
    asyncio.events._set_running_loop(None)
    try:
        yield
    finally:
        asyncio.events._set_running_loop(loop)


def _answer(client: Client, route: Route, request: Request) -> None:
    path = request.url.removeprefix(ORIGIN)
    if path.startswith("/static/"):
        file = finders.find(path.removeprefix("/static/").partition("?")[0])
        assert isinstance(file, str), path
        route.fulfill(path=file, content_type=mimetypes.guess_type(file)[0] or "application/octet-stream")
        return
    htmx = {name: value for name, value in request.headers.items() if name.startswith("hx-")}
    with outside_of_the_loop():
        reply: Any = client.get(path, headers=htmx, follow=True)
    answered = {name: value for name, value in reply.headers.items() if name != "Content-Length"}
    route.fulfill(status=reply.status_code, headers=answered, body=b"".join(reply))
