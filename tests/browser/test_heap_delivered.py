"""A heap that is delivered: files and a zip are dropped, sorted in a table, made into drafts and sent, and come to a verdict."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from submissions.period import Period
from tests.browser.conftest import Portal, log_in
from tests.browser.services import COMPANY, HOUSING, LONG, WAGES, example, expect_state, payload
from tests.submissions.heaps.rig import zipped

pytestmark = pytest.mark.browser
YEAR, MONTH = Period.year(2022), Period.month(2026, 2)


def test_dropped_files_and_a_zip_become_drafts_that_are_sent_and_delivered(page: Page, served: Portal) -> None:
    log_in(page, served)
    page.goto(f"{served.url}/sandbox/submissions/")
    page.get_by_role("link", name="Sorter filer").click()
    packed = zipped([example(HOUSING, YEAR), ("notater/lesmeg.txt", b"Til revisor")])
    dropped = [payload("fra lønn.zip", packed), payload(*example(COMPANY, YEAR)), payload(*example(WAGES, MONTH))]
    page.get_by_label("Filer eller zip").set_input_files(dropped)
    page.get_by_role("button", name="Sorter filene").click()

    expect(page.get_by_role("heading", name="4 filer er sortert")).to_be_visible(timeout=LONG)
    page.get_by_role("button", name="Lag 3 kladder").click()
    page.get_by_role("link", name="Send alle som er klare").click(timeout=LONG)
    expect(page.get_by_role("heading", name="Send 3 innsendinger")).to_be_visible()
    page.get_by_role("button", name="Send til Skatteetaten").click()
    expect(page.get_by_role("heading", name="Ingen innsendinger er klare til å sendes")).to_be_visible(timeout=LONG)

    page.get_by_role("link", name=re.compile("^Sendt")).click()
    expect(page.get_by_role("link", name="Se innsendingen")).to_have_count(3)
    sent = [link.get_attribute("href") for link in page.get_by_role("link", name="Se innsendingen").all()]
    for address in sent:
        page.goto(f"{served.url}{address}")
        expect_state(page, "Godkjent")
