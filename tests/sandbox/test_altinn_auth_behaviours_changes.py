"""Change requests for a standard system user. Numbered behaviours, through HTTP."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from .altinn_rig import (
    AGENT,
    CHANGE,
    FEES,
    ORIGIN,
    RETURN,
    SHARES,
    TAX,
    K,
    Rig,
    S,
    code,
    packages,
    rar,
    ready,
    rig,
    rights,
)

__all__ = ["ready", "rig"]


class TestChangeRequests:
    """Behaviour 24."""

    def ask(self, rig: Rig, user: str, ident: str = "", **body: Any) -> Any:
        query = {"correlation-id": ident or str(uuid.uuid4()), "system-user-id": user}
        return rig.call("POST", CHANGE, body, params=query)

    def test_behaviour_24_with_nothing_to_change_nothing_is_stored(self, ready: Rig) -> None:
        response = self.ask(ready, ready.approved())

        assert (response.status_code, response.json()["status"], response.json()["confirmUrl"]) == (
            200,
            "NoChangeNeeded",
            "",
        )
        assert code(ready.call("GET", f"{CHANGE}/{response.json()['id']}")) == (404, "AUTH-00010")

    def test_behaviour_24_a_correct_one_has_the_correlation_id_and_can_be_repeated(self, ready: Rig) -> None:
        user, ident = ready.approved(), str(uuid.uuid4())

        first = self.ask(ready, user, ident, requiredRights=rights(FEES), redirectUrl=RETURN)
        second = self.ask(ready, user, ident, requiredRights=rights(SHARES))

        payload = first.json()
        assert (first.status_code, payload["id"], payload["status"]) == (201, ident, "New")
        assert payload["confirmUrl"].endswith(f"/ui/systemuser/changerequest?id={ident}&DONTCHOOSEREPORTEE=true")
        assert (payload["systemUserId"], payload["requiredAccessPackages"], payload["redirectUrl"]) == (
            user,
            [],
            RETURN,
        )
        assert (second.status_code, second.json()) == (200, payload)

    def test_behaviour_24_an_approval_changes_the_rights_and_leaves_tokens_as_they_are(self, ready: Rig) -> None:
        user, ident = ready.approved(), str(uuid.uuid4())
        changes = {"requiredRights": rights(FEES), "unwantedRights": rights(SHARES, "x"), "redirectUrl": RETURN}
        self.ask(ready, user, ident, **changes, requiredAccessPackages=packages(TAX))

        answer = ready.decide(ident, "approve", "Kari Nordmann", page="changerequest")

        changed = ready.app.state.system_users[user]
        assert (answer.status_code, answer.headers["Location"]) == (302, RETURN)
        assert (changed.rights, changed.packages) == ([FEES], [TAX])
        assert ready.grant(authorization_details=rar()).status_code == 200
        assert code(ready.http.post(f"/control/change-requests/{ident}/approve", json={})) == (409, "AUTH-00061")

    def test_behaviour_24_agents_unknown_users_and_other_vendors_are_refused(self, ready: Rig) -> None:
        user, query = ready.approved(), {"correlation-id": str(uuid.uuid4())}
        foreign = ready.call("POST", CHANGE, {}, by="W", params={**query, "system-user-id": user})

        assert code(self.ask(ready, ready.agent())) == (404, "AUTH-00015")
        assert code(self.ask(ready, str(uuid.uuid4()))) == (404, "AUTH-00015")
        assert (foreign.status_code, foreign.content) == (401, b"")

    def test_behaviour_24_the_correlation_id_must_be_new_and_given(self, ready: Rig) -> None:
        user = ready.approved()
        missing = ready.call("POST", CHANGE, {}, params={"system-user-id": user})
        same = self.ask(ready, user, user)

        assert [(r.status_code, r.headers["content-type"]) for r in (missing, same)] == [
            (400, "text/plain; charset=utf-8")
        ] * 2

    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            ({"requiredRights": rights("ske-kontroll")}, "AUTH-00001"),
            ({"requiredAccessPackages": packages("urn:altinn:accesspackage:lonn")}, "AUTH-00063"),
            ({"requiredAccessPackages": packages(AGENT)}, "AUTH-00064"),
            ({"requiredRights": rights(FEES), "redirectUrl": "https://x.no/"}, "AUTH-00021"),
        ],
    )
    def test_behaviour_24_what_the_system_may_not_ask_for_is_refused(
        self, ready: Rig, body: dict[str, Any], expected: str
    ) -> None:
        assert code(self.ask(ready, ready.approved(), **body)) == (400, expected)

    def test_it_can_be_rejected_read_by_reference_without_packages_and_deleted(self, ready: Rig) -> None:
        user, ident = ready.approved(), str(uuid.uuid4())
        self.ask(ready, user, ident, requiredAccessPackages=packages(TAX))
        ready.control(f"change-requests/{ident}/reject")

        result = ready.call("GET", f"{CHANGE}/byexternalref/{S}/{K}/{K}").json()

        assert (result["status"], result["requiredAccessPackages"]) == ("Rejected", [])
        assert ready.call("DELETE", f"{CHANGE}/{ident}").status_code == 202
        assert code(ready.call("DELETE", f"{CHANGE}/{ident}")) == (404, "AUTH-00010")

    def test_the_list_ignores_its_token_and_begins_again_for_ever(self, ready: Rig) -> None:
        user = ready.approved()
        ready.control("settings", {"page_size": 2}, method="PATCH")
        for _ in range(3):
            self.ask(ready, user, requiredRights=rights(FEES))

        first = ready.call("GET", f"{CHANGE}/bysystem/{S}").json()
        second = ready.call("GET", first["links"]["next"].removeprefix(ORIGIN)).json()

        assert len(first["data"]) == 2
        assert second == first
