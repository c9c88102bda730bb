"""The approval pages: who sees what, in which language, and the effect of the buttons."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest

from portal.sandbox.approval.texts import TEXTS

from .altinn_rig import (
    ACCOUNTANT,
    AGENT,
    CHANGE,
    FEES,
    REQUEST,
    RETURN,
    SHARES,
    TAX,
    K,
    Rig,
    packages,
    ready,
    rig,
    rights,
)

__all__ = ["ready", "rig"]
PAGE = "/am-ui/accessmanagement/ui/systemuser"
MANAGER, EMPLOYEE, STRANGER = "Kari Nordmann", "Per Hansen", "Ukjent Person"


def changed(rig: Rig) -> str:
    """The id of a change request that adds one right and removes one."""
    query = {"correlation-id": str(uuid.uuid4()), "system-user-id": rig.approved()}
    body = {"requiredRights": rights(FEES), "unwantedRights": rights(SHARES)}
    return str(rig.call("POST", CHANGE, body, params=query).json()["id"])


def buttons(page: str) -> list[str]:
    return re.findall(r'name="act" value="(\w+)"', page)


def test_the_confirm_url_opens_unchanged_and_asks_who_you_are(ready: Rig) -> None:
    link = ready.request().json()["confirmUrl"]

    page = ready.http.get(link)

    assert page.status_code == 200
    assert [name for name in (MANAGER, EMPLOYEE, STRANGER) if name in page.text] == [MANAGER, EMPLOYEE, STRANGER]
    assert buttons(page.text) == []


def test_an_organisations_own_people_are_offered_with_those_that_are_missing(ready: Rig) -> None:
    ready.add_organisation(K, "Rask Tiger AS", persons=[{"name": MANAGER, "roles": ["ansatt"]}])

    page = ready.page(ready.requested()).text

    assert re.findall(r'name="person" value="([^"]+)"', page) == [f"{MANAGER} den yngre", MANAGER, STRANGER]


def test_the_manager_reads_who_asks_for_whom_and_for_what(ready: Rig) -> None:
    ident = ready.requested(accessPackages=packages(TAX))

    page = ready.page(ident, person=MANAGER).text.replace("\u00a0", " ")

    for words in ("Vendor AS, org.nr. 991 825 827", "Rask Tiger AS, org.nr. 310 629 499", "Testsystem"):
        assert words in page
    assert "Aksjonærregisteroppgaven" in page
    assert "Skattegrunnlag" in page
    assert "Fagforeningskontingent" in page  # one of the resources of the package
    assert buttons(page) == ["approve", "reject"]


@pytest.mark.parametrize(("language", "words"), [("nb", "Godkjenn"), ("nn", "Verksemd"), ("en", "Approve")])
def test_the_page_exists_in_three_languages_and_links_to_the_others(ready: Rig, language: str, words: str) -> None:
    page = ready.page(ready.requested(), person=MANAGER, lang=language).text

    assert f'<html lang="{language}">' in page
    assert words in page
    assert [f"lang={code}" in page for code in ("nb", "nn", "en")] == [True] * 3


def test_every_text_is_in_every_language_with_the_same_placeholders() -> None:
    places = {
        language: {name: re.findall(r"{\w+}", text) for name, text in texts.items()}
        for language, texts in TEXTS.items()
    }

    assert places["nn"] == places["nb"] == places["en"]


def test_an_employee_can_escalate_and_gets_a_confirmation(ready: Rig) -> None:
    ident = ready.requested()
    before = ready.page(ident, person=EMPLOYEE).text

    answer = ready.decide(ident, "escalate", EMPLOYEE)

    assert buttons(before) == ["escalate"]
    assert "Ja, send videre" in before
    assert "sendt videre til tilgangsstyrer" in answer.text
    assert buttons(ready.page(ident, person=EMPLOYEE).text) == []
    assert buttons(ready.page(ident, person=MANAGER).text) == ["approve", "reject"]


def test_a_person_without_relation_sees_only_the_refusal(ready: Rig) -> None:
    page = ready.page(ready.requested(), person=STRANGER)

    assert page.status_code == 403
    assert "AUTH-00066" in page.text
    assert "Aksjonærregisteroppgaven" not in page.text


@pytest.mark.parametrize(
    ("person", "act", "status"),
    [(EMPLOYEE, "approve", 403), (STRANGER, "escalate", 403), (MANAGER, "delete", 400), ("Nobody", "approve", 400)],
)
def test_pressing_a_button_one_was_not_offered_changes_nothing(ready: Rig, person: str, act: str, status: int) -> None:
    ident = ready.requested(redirectUrl=RETURN)

    answer = ready.decide(ident, act, person)

    assert (answer.status_code, "Location" in answer.headers) == (status, False)
    assert ready.status(ident) == "New"


def test_a_manager_without_a_required_right_gets_an_error_and_the_request_stays(ready: Rig) -> None:
    ready.add_organisation(K, "Rask Tiger AS", persons=[{"name": "Ola", "roles": ["DAGL"], "packages": ["lonn"]}])
    ident = ready.requested(redirectUrl=RETURN)

    answer = ready.decide(ident, "approve", "Ola")

    assert answer.status_code == 403
    assert "Du mangler en fullmakt" in answer.text
    assert "AUTH-00068" in answer.text
    assert ready.status(ident) == "New"


@pytest.mark.parametrize(
    ("act", "words"), [("approve", "Systemtilgangen er godkjent."), ("reject", "Forespørselen er avvist.")]
)
def test_without_a_redirect_address_a_closing_page_shows_what_was_done(ready: Rig, act: str, words: str) -> None:
    answer = ready.decide(ready.requested(), act, MANAGER)

    assert answer.status_code == 200
    assert f"<h1>{words}</h1>" in answer.text


def test_a_request_sent_on_can_be_approved_by_another_person_and_goes_to_the_same_address(ready: Rig) -> None:
    ident = ready.requested(redirectUrl=RETURN)
    ready.decide(ident, "escalate", EMPLOYEE)

    answer = ready.decide(ident, "approve", MANAGER)

    assert (answer.status_code, answer.headers["Location"]) == (302, RETURN)
    assert ready.status(ident) == "Accepted"


def test_what_is_decided_shows_that_and_no_buttons(ready: Rig) -> None:
    ident = ready.requested()
    ready.control(f"requests/{ident}/reject")

    page = ready.page(ident, person=MANAGER)

    assert page.status_code == 200
    assert "allerede avvist" in page.text
    assert buttons(page.text) == []


def test_what_is_timed_out_shows_that_and_cannot_be_decided_here(ready: Rig) -> None:
    ident = ready.requested()
    ready.control(f"requests/{ident}/age", {"days": 181})

    answer = ready.decide(ident, "approve", MANAGER)

    assert "utløpt" in ready.page(ident, person=MANAGER).text
    assert answer.status_code == 409
    assert ready.status(ident) == "New"


@pytest.mark.parametrize("ident", ["", "nothing", "1289f1d9-e18e-4c8b-a4b2-3ee7bd8f7cbe", "<script>alert(1)</script>"])
@pytest.mark.parametrize("page", ["request", "agentrequest", "changerequest", "other"])
def test_an_unknown_request_is_a_404_page_in_three_languages(ready: Rig, page: str, ident: str) -> None:
    answer = ready.page(ident, page=page, lang="en")

    assert answer.status_code == 404
    assert "The request does not exist." in answer.text
    assert "<script" not in answer.text
    assert "lang=nn" in answer.text


def test_each_kind_opens_on_its_own_page_only(ready: Rig) -> None:
    standard = ready.requested()
    agent = ready.requested(
        kind="/agent", partyOrgNo=ACCOUNTANT, rights=None, accessPackages=packages(AGENT), externalRef="a"
    )

    statuses = [
        ready.page(ident, page=page).status_code for ident in (standard, agent) for page in ("request", "agentrequest")
    ]

    assert statuses == [200, 404, 404, 200]
    assert "klientadministrator" in ready.page(agent, page="agentrequest", person=MANAGER).text


def test_an_agent_is_approved_by_any_access_manager_whatever_packages_they_hold(ready: Rig) -> None:
    ola = {"name": "Ola", "roles": ["tilgangsstyrer"], "packages": []}
    ready.add_organisation(ACCOUNTANT, "Trofast Regnskap AS", persons=[ola])
    query: dict[str, Any] = {"kind": "/agent", "rights": None, "accessPackages": packages(AGENT)}
    ident = ready.requested(partyOrgNo=ACCOUNTANT, redirectUrl=RETURN, **query)

    answer = ready.decide(ident, "approve", "Ola", page="agentrequest")

    assert answer.status_code == 302
    assert ready.call("GET", f"{REQUEST}/agent/{ident}").json()["status"] == "Accepted"


def test_a_change_tells_what_comes_and_goes_and_cannot_be_sent_on(ready: Rig) -> None:
    ident = changed(ready)

    page = ready.page(ident, page="changerequest", person=MANAGER).text
    by_employee = ready.page(ident, page="changerequest", person=EMPLOYEE).text
    sent_on = ready.decide(ident, "escalate", MANAGER, page="changerequest")

    assert page.index("Legges til") < page.index("Fagforeningskontingent") < page.index("Tas bort")
    assert buttons(page) == ["approve", "reject"]
    assert buttons(by_employee) == []
    assert sent_on.status_code == 400


def test_a_change_for_a_removed_system_user_cannot_be_approved(ready: Rig) -> None:
    ident = changed(ready)
    user = ready.app.state.change_requests[ident].system_user_id
    ready.control(f"system-users/{user}", method="DELETE")

    answer = ready.decide(ident, "approve", MANAGER, page="changerequest")

    assert answer.status_code == 404
    assert "finnes ikke lenger" in answer.text


def test_names_from_outside_are_escaped(rig: Rig) -> None:
    rig.register(name={"nb": "<b>Fet</b>"})

    page = rig.page(rig.requested(), person=MANAGER).text

    assert "&lt;b&gt;Fet" in page
    assert "<b>Fet" not in page


def test_the_address_back_is_sent_to_the_letter(ready: Rig) -> None:
    address = f"{RETURN}?a=%20&b=x%2Fy&c=1,2;3&d=|&e='q'&f=<a b>#g"
    ident = ready.requested(redirectUrl=address)

    answer = ready.decide(ident, "reject", MANAGER)

    assert answer.headers["Location"] == address


def test_the_pages_style_is_served(rig: Rig) -> None:
    style = rig.http.get("/am-ui/approval.css")

    assert (style.status_code, style.headers["content-type"]) == (200, "text/css; charset=utf-8")
