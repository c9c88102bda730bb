"""A started portal, and logging in to it."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Page

PATIENCE_MS = 30_000


@dataclass(frozen=True)
class Portal:
    url: str
    sandbox: str
    password: str


def log_in(page: Page, portal: Portal, name: str = "ida") -> None:
    page.goto(f"{portal.url}/accounts/login/")
    page.get_by_label("E-post").fill(f"{name}@fjordtall.example")
    page.get_by_label("Passord").fill(portal.password)
    page.get_by_role("button", name="Logg inn").click()
    page.wait_for_url(f"{portal.url}/sandbox/")
