"""What Skatteetaten begins: a letter that is read, whose opening is told of when the vendor wants it, and a request for material."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Portal, log_in
from tests.browser.in_use import until
from tests.browser.services import ORGNR, control, expect_state, payload, send, until_followed

pytestmark = pytest.mark.browser
SAFT = b"<AuditFile><NumberOfEntries>1</NumberOfEntries><Transaction></Transaction></AuditFile>"


@pytest.fixture(scope="module")
def begun(served: Portal) -> Portal:
    """Skatteetaten writes a letter and asks for material: both are on their way at once."""
    until_followed(served, "ske-innrapportering-aksjonaerregisteroppgave", "ske-kontroll")
    control(served, "letters", orgnr=ORGNR, title="Varsel om kontroll", text="Vi ser på regnskapet.")
    control(served, "cases", orgnr=ORGNR, title="Kontroll av regnskap", text="Send SAF-T for 2025.")
    return served


def test_a_letter_is_read_and_skatteetaten_is_told_once_the_vendor_wants_it(page: Page, begun: Portal) -> None:
    log_in(page, begun)
    until(page, f"{begun.url}/sandbox/letters/", "Varsel om kontroll")
    expect(page.get_by_text("Å lese her merker ingenting som sett hos kunden.")).to_be_visible()
    page.goto(f"{begun.url}/sandbox/settings/")
    page.get_by_role("link", name="Når dere åpner svar").click()
    expect(page.get_by_text("Kunden får altså ingen påminnelse om det dere har lest.", exact=False)).to_be_visible()
    page.get_by_label("Si fra til Skatteetaten").check()
    page.get_by_role("button", name="Lagre").click()

    page.goto(f"{begun.url}/sandbox/letters/")
    page.get_by_role("link", name="Varsel om kontroll").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Varsel om kontroll")
    with page.expect_download():
        page.get_by_role("link", name="Last ned Varsel om kontroll").click()
    until(page, page.url, "Skatteetaten har fått vite det")
    expect(page.get_by_text("Åpnet av Ida Berg")).to_be_visible()


def test_material_that_skatteetaten_asks_for_is_uploaded_to_its_dialog(page: Page, begun: Portal) -> None:
    log_in(page, begun)
    until(page, f"{begun.url}/sandbox/", "Skatteetaten ber en kunde om materiale")
    page.get_by_role("listitem").filter(has_text="Skatteetaten ber en kunde om materiale").get_by_role(
        "link", name="Send inn"
    ).click()
    page.get_by_role("link", name="Kontroll av regnskap").click()
    expect(page.get_by_role("heading", name="Skatteetaten ber om materiale")).to_be_visible()
    page.get_by_role("button", name="Send inn filer").click()
    page.get_by_label("Legg til filer").set_input_files(payload("saft.xml", SAFT))
    page.get_by_role("button", name="Legg til og kontroller").click()
    send(page)

    expect_state(page, "Godkjent")
