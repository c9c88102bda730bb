"""Every page at phone and desk width, in light and dark: no fault that axe finds, nothing wider than the screen."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import AXE, Portal, log_in

pytestmark = pytest.mark.browser
PAGES = [
    "", "connection/", "customers/", "customers/new/", "access/", "access/new/", "systems/", "systems/new/", "systems/import/",
    "submissions/", "submissions/approvals/", "submissions/new/", "submissions/heaps/",
    "dialogs/", "settings/", "settings/vendor/",
    "settings/digdir/", "settings/digdir/new/", "account/",
    "settings/clients/1/keys/import/", "settings/clients/1/keys/digdir/", "settings/clients/new/", "customers/import/",
    "connection/guide/", "connection/doctor/", "connection/token/", "dialogs/following/", "offered/", "nothing-here/",
    "services/", "services/?state=PERSON", "services/innrapportering-amelding/", "services/innrapportering-egg/",
    "services/mva-melding/", "services/mva-melding/hand-over/", "orders/", "orders/new/", "letters/", "settings/opened/",
    "due/", "due/calendar/", "due/customers/", "due/expected/", "search/?q=nordlys", "settings/mail/", "kept/", "campaigns/",
    "campaigns/new/",
    "campaigns/funnel/", "customers/?q=finnes+ikke", "operation/",
    "account/profile/", "people/", "people/invite/", "people/portfolios/new/", "people/1/", "people/2/", "people/2/edit/",
    "people/2/rights/", "people/2/substitute/", "people/2/leave/", "incident/", "incident/accounts/1/", "incident/keys/1/",
    "incident/log-ins/end/", "incident/links/close/", "account/profile/factor/", "account/profile/factor/code-app/",
    "account/profile/factor/passkey/", "proposals/", "oversight/who/", "oversight/alarms/", "oversight/review/",
    "oversight/control/", "integrations/", "integrations/new/", "webhooks/", "webhooks/new/", "../api/v1/docs/",
]  # fmt: skip
OF_ONE_IN_USE = [
    "", "connection/", "connection/guide/", "connection/doctor/", "offered/", "offered/?group=opens", "customers/40/",
    "customers/40/contacts/new/", "customers/40/held/", "customers/40/farewell/", "access/new/?customer=40", "access/?status=ended",
    "access/", "access/1/", "access/1/clients/", "access/1/clients/?state=lacking", "access/1/clients/?state=strangers",
    "systems/1/", "systems/1/edit/", "systems/1/diff/", "systems/1/diff/?all=ours", "systems/1/found/",
    "systems/1/profiles/1/", "systems/1/profiles/new/", "systems/import/?client=1", "settings/",
    "integrations/", "integrations/1/", "integrations/1/secret/", "integrations/1/key/", "webhooks/", "webhooks/1/", "webhooks/1/edit/",
    "webhooks/1/secret/", "webhooks/1/remove/",
    "campaigns/", "campaigns/funnel/", "campaigns/1/", "campaigns/1/start/", "campaigns/2/", "campaigns/2/stop/", "operation/",
]  # fmt: skip
"""Pages that are empty in a new portal."""
LOOKS: list[tuple[str, int, int]] = [("light", 1280, 900), ("dark", 390, 844)]
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "rules": {"region": {"enabled": True}},
}
"""`region` is good practice: whoever goes from landmark to landmark meets all of the page."""


@pytest.mark.parametrize(("scheme", "width", "height"), LOOKS)
def test_pages_have_no_faults_and_fit_the_screen(
    browser: Browser, portal: Portal, scheme: Any, width: int, height: int
) -> None:
    assert faults_of(browser, portal, PAGES, scheme=scheme, width=width, height=height) == []


@pytest.mark.parametrize(("scheme", "width", "height"), LOOKS)
def test_pages_of_a_vendor_in_use_have_no_faults_either(
    browser: Browser, portal_in_use: Portal, scheme: Any, width: int, height: int
) -> None:
    assert faults_of(browser, portal_in_use, OF_ONE_IN_USE, scheme=scheme, width=width, height=height) == []


@pytest.mark.parametrize(("scheme", "width", "height"), LOOKS)
def test_pages_of_a_vendor_who_reports_have_no_faults_either(
    browser: Browser, portal_with_reports: tuple[Portal, list[str]], scheme: Any, width: int, height: int
) -> None:
    portal, paths = portal_with_reports
    lists = ["submissions/", "submissions/approvals/", "orders/", "letters/", "dialogs/", "submissions/heaps/"]

    assert faults_of(browser, portal, [*paths, *lists], scheme=scheme, width=width, height=height) == []


def test_a_service_offers_only_its_own_kind_of_period(
    browser: Browser, portal_with_reports: tuple[Portal, list[str]]
) -> None:
    portal, paths = portal_with_reports
    context = browser.new_context(locale="nb-NO")
    page = context.new_page()
    log_in(page, portal)
    page.goto(f"{portal.url}/sandbox/{next(path for path in paths if path.startswith('submissions/new'))}")

    page.get_by_label("Boligsameie", exact=True).check()
    assert page.locator("#id_period optgroup:enabled").evaluate_all("all => all.map(one => one.label)") == [
        "Inntektsår"
    ]
    assert len(page.get_by_label("Periode").input_value()) == 4
    page.get_by_label("A-meldingen", exact=True).check()
    assert page.locator("#id_period optgroup:enabled").evaluate_all("all => all.map(one => one.label)") == ["Måned"]
    assert len(page.get_by_label("Periode").input_value()) == 7
    context.close()


def faults_of(browser: Browser, portal: Portal, paths: list[str], *, scheme: Any, width: int, height: int) -> list[str]:
    assert AXE.exists(), "the front-end packages for tests are missing; run `make setup-dev`"
    context = browser.new_context(
        locale="nb-NO", color_scheme=scheme, viewport={"width": width, "height": height}, bypass_csp=True
    )
    page = context.new_page()
    log_in(page, portal)
    faults: list[str] = []

    for path in paths:
        page.goto(f"{portal.url}/sandbox/{path}")
        page.add_script_tag(path=str(AXE))
        result = page.evaluate("rules => axe.run(document, rules)", RULES)["violations"]
        faults += [f"{path}: {v['id']} at {n['target']}" for v in result for n in v["nodes"]]
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            faults.append(f"{path}: wider than the screen")

    context.close()
    return faults


def test_every_form_on_the_way_in_works_without_javascript(browser: Browser, portal: Portal) -> None:
    context = browser.new_context(locale="nb-NO", java_script_enabled=False)
    page = context.new_page()
    log_in(page, portal, "ola")

    page.goto(f"{portal.url}/sandbox/customers/new/")
    page.get_by_label("Organisasjonsnummer").fill("NO 310 999 998 MVA")
    page.get_by_role("button", name="Legg til").or_(page.get_by_role("button", name="Lagre")).first.click()

    assert page.get_by_label("Organisasjonsnummer").input_value() == "NO 310 999 998 MVA"
    assert page.locator(".ds-validation-message").first.is_visible()
    context.close()


@pytest.mark.parametrize("scripted", [True, False])
def test_a_copy_button_is_there_only_where_it_can_copy(browser: Browser, portal: Portal, scripted: bool) -> None:
    context = browser.new_context(locale="nb-NO", java_script_enabled=scripted)
    page = context.new_page()
    log_in(page, portal)

    page.goto(f"{portal.url}/sandbox/settings/")
    page.get_by_text("Offentlig nøkkel (JWK)").first.click()

    assert page.get_by_label("Offentlig nøkkel", exact=True).first.is_visible()
    assert page.locator("[data-copy]").first.is_visible() == scripted
    context.close()
