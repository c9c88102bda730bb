"""A started portal, and logging in to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

PATIENCE_MS = 60_000
LEASE_MS = 240_000
"""For what a worker does: a row whose worker was stopped is taken by another after three minutes."""

BROKEN_WORDS = """() => {
  const broken = [];
  for (const cell of document.querySelectorAll("td, th")) {
    const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.parentElement.closest("code, .ds-sr-only")) continue;
      for (const word of node.data.matchAll(/[\\p{L}\\d]+/gu)) {
        const range = document.createRange();
        range.setStart(node, word.index);
        range.setEnd(node, word.index + word[0].length);
        const lines = new Set([...range.getClientRects()].map((part) => Math.round(part.top)));
        if (lines.size > 1) broken.push(word[0]);
      }
    }
  }
  return broken;
}"""
"""Words of tables that stand on two lines."""


@dataclass(frozen=True)
class Portal:
    url: str
    sandbox: str
    password: str
    output: Path

    @contextmanager
    def telling(self) -> Iterator[None]:
        """An error inside is shown with the last lines that the portal's processes wrote."""
        try:
            yield
        except Exception as error:
            error.add_note(self.output.read_text()[-8000:])
            raise


def log_in(page: Page, portal: Portal, name: str = "ida") -> None:
    page.goto(f"{portal.url}/accounts/login/")
    page.get_by_label("E-post").fill(f"{name}@fjordtall.example")
    page.get_by_label("Passord").fill(portal.password)
    page.get_by_role("button", name="Logg inn").click()
    page.wait_for_url(f"{portal.url}/sandbox/")
