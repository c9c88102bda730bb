"""A started portal, and logging in to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

PATIENCE_MS = 30_000
LEASE_MS = 240_000
"""For what a worker does: a row whose worker was stopped is taken by another after three minutes."""


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
