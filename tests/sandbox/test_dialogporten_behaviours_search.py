"""Dialogporten's behaviours 1 to 12: tokens, search, limits, the durable cursor."""

from __future__ import annotations

import pytest

from .altinn_rig import ACCOUNTANT, FEES, SHARES, K, V, W, rar
from .dialog_rig import DIALOGS, ORGANISATION, PARTY, READ, URN, D, DialogRig, dialogs, errors, later

__all__ = ["dialogs"]

EMPTY = {"items": [], "hasNextPage": False, "orderBy": "contentupdatedat_desc,id_desc"}


# the caller


def test_behaviour_1_no_token_and_a_bad_one_are_401_without_a_body(dialogs: DialogRig) -> None:
    none = dialogs.http.get(DIALOGS, params={"party": PARTY})
    bad = dialogs.get(DIALOGS, {"Authorization": "Bearer nonsense"}, params={"party": PARTY})

    assert (none.status_code, none.content, none.headers["www-authenticate"]) == (401, b"", "Bearer")
    assert (bad.status_code, bad.content) == (401, b"")
    assert 'error="invalid_token"' in bad.headers["www-authenticate"]


def test_behaviour_1_an_expired_token_is_401(dialogs: DialogRig) -> None:
    old = dialogs.as_user()
    dialogs.pass_time(3600)

    assert dialogs.get(DIALOGS, old, params={"party": PARTY}).status_code == 401


def test_behaviour_2_the_scope_and_a_system_user_are_needed(dialogs: DialogRig) -> None:
    without_scope = dialogs.search(headers=dialogs.as_user("altinn:events.subscribe"))
    vendor = dialogs.search(headers={"Authorization": f"Bearer {dialogs.token(READ)}"})

    assert (without_scope.status_code, without_scope.content) == (403, b"")
    assert (vendor.status_code, list(vendor.json()["errors"])) == (403, ["Type"])


def test_an_exchanged_token_works_as_well(dialogs: DialogRig) -> None:
    assert dialogs.search(headers=dialogs.as_follower()).status_code == 200


# search


def test_behaviour_3_a_party_or_a_resource_must_be_named(dialogs: DialogRig) -> None:
    assert errors(dialogs.search(party=None))[0] == 400
    assert errors(dialogs.search(party=None, org="ske"))[0] == 400


def test_behaviour_4_lists_and_pages_have_limits(dialogs: DialogRig) -> None:
    assert dialogs.search(party=[PARTY] * 100).status_code == 200
    assert errors(dialogs.search(party=[PARTY] * 101))[0] == 400
    assert dialogs.search(serviceResource=[URN + SHARES] * 20).status_code == 200
    assert errors(dialogs.search(serviceResource=[URN + SHARES] * 21))[0] == 400
    for limit in ("0", "1001", "-1", "many", "\u0661", "9" * 400):
        assert errors(dialogs.search(limit=limit)) == (400, ["limit"]), limit
    assert dialogs.search(limit=1000).status_code == 200


def test_behaviour_4_the_limits_are_open_to_all_and_follow_the_setting(dialogs: DialogRig) -> None:
    recorded = dialogs.http.get(f"{D}/metadata/limits").json()["endUserSearch"]
    assert recorded == {
        "maxPartyFilterValues": 100, "maxServiceResourceFilterValues": 20, "maxOrgFilterValues": 20,
        "maxExtendedStatusFilterValues": 20,
    }  # fmt: skip

    dialogs.settings(max_party_filter_values=2)

    assert dialogs.http.get(f"{D}/metadata/limits").json()["endUserSearch"]["maxPartyFilterValues"] == 2
    assert dialogs.search(party=[PARTY] * 3).status_code == 400


@pytest.mark.parametrize("wrong", [f"{ORGANISATION}123456789", PARTY.upper(), K, "", f"{ORGANISATION}{K}0"])
def test_behaviour_5_a_party_must_be_a_urn_with_a_right_number(dialogs: DialogRig, wrong: str) -> None:
    assert errors(dialogs.search(party=[wrong])) == (400, ["party[0]"])
    assert errors(dialogs.search(party=[PARTY, wrong])) == (400, ["party[1]"])


def test_behaviour_5_a_person_is_a_valid_party_but_matches_no_dialog(dialogs: DialogRig) -> None:
    right, wrong = (f"urn:altinn:person:identifier-no:{number}" for number in ("01017000027", "01017000028"))

    assert dialogs.search(party=right).json() == EMPTY
    assert errors(dialogs.search(party=wrong)) == (400, ["party[0]"])


def test_behaviour_6_what_may_not_be_seen_is_an_empty_list(dialogs: DialogRig) -> None:
    dialogs.open(orgnr=W)
    dialogs.open(resource=FEES)

    assert dialogs.search(party=ORGANISATION + W).json() == EMPTY
    assert dialogs.search(serviceResource=URN + FEES).json() == EMPTY
    assert dialogs.search_ids() == []


def test_behaviour_7_an_agent_finds_the_dialogs_of_all_its_clients(dialogs: DialogRig) -> None:
    agent = dialogs.agent(externalRef="agent")
    dialogs.control(f"system-users/{agent}/clients", {"orgnrs": [K, V]})
    resource = "ske-innrapportering-amelding"
    mine = {dialogs.open(orgnr=orgnr, resource=resource) for orgnr in (K, V)}
    dialogs.open(orgnr=W, resource=resource)

    token = dialogs.token(READ, authorization_details=rar(ACCOUNTANT, externalRef="agent"))
    result = dialogs.search(serviceResource=URN + resource, headers={"Authorization": f"Bearer {token}"}).json()

    assert {item["id"] for item in result["items"]} == mine


def test_behaviour_8_the_token_is_a_durable_cursor(dialogs: DialogRig) -> None:
    made = dialogs.open_many(5)
    order = {"orderBy": "updatedAt_asc", "limit": 2}
    pages: list[list[str]] = []
    tokens: list[str | None] = [None]
    for _page in range(4):
        page = dialogs.search(**order, continuationToken=tokens[-1]).json()
        pages.append([item["id"] for item in page["items"]])
        tokens.append(page["continuationToken"])
    token = tokens[-1]

    assert pages == [made[0:2], made[2:4], made[4:5], []]
    assert token == tokens[-2]

    dialogs.add(made[1], "activities", type="FormSaved")

    assert dialogs.search_ids(**order, continuationToken=token) == [made[1]]


def test_behaviour_8_the_appended_key_follows_the_direction_and_splits_equal_times(dialogs: DialogRig) -> None:
    made = sorted(dialogs.open(str(number)) for number in range(4))  # the clock is frozen
    first = dialogs.search(orderBy="updatedAt_asc", limit=2).json()
    rest = dialogs.search_ids(orderBy="updatedAt_asc", continuationToken=first["continuationToken"])

    assert [item["id"] for item in first["items"]] + rest == made


def test_behaviour_9_a_token_must_fit_the_order(dialogs: DialogRig) -> None:
    dialogs.open_many(2)
    created = dialogs.search(orderBy="createdAt_asc", limit=1).json()["continuationToken"]

    assert errors(dialogs.search(continuationToken=created)) == (400, ["continuationToken"])
    for garbage in ("nonsense", "contentupdatedat_yesterday,id_1", "contentupdatedat_", "_,_"):
        assert errors(dialogs.search(continuationToken=garbage)) == (400, ["continuationToken"]), garbage


def test_behaviour_9_without_its_order_the_token_pages_the_other_way(dialogs: DialogRig) -> None:
    made = dialogs.open_many(3)
    second = dialogs.search(orderBy="contentUpdatedAt_asc", limit=2).json()

    assert dialogs.search_ids(orderBy="contentUpdatedAt_asc", continuationToken=second["continuationToken"]) == [
        made[2]
    ]
    assert dialogs.search_ids(continuationToken=second["continuationToken"]) == [made[0]]


def test_behaviour_10_times_are_inclusive_and_zoned(dialogs: DialogRig) -> None:
    ident = dialogs.open()
    exact = dialogs.item(ident)["updatedAt"]

    assert dialogs.search_ids(updatedAfter=exact) == dialogs.search_ids(updatedBefore=exact) == [ident]
    assert dialogs.search_ids(updatedAfter=later(seconds=1)) == []
    assert errors(dialogs.search(updatedAfter=later(hours=1), updatedBefore=later()))[0] == 400
    assert errors(dialogs.search(updatedAfter="2026-11-23T12:00:00"))[0] == 400


def test_behaviour_10_labels_are_and_statuses_are_or(dialogs: DialogRig) -> None:
    both, archived, draft = (dialogs.open(status=s) for s in ("Draft", "Completed", "Awaiting"))
    dialogs.labels(both, addLabels=["Archive", "MarkedAsUnopened"])
    dialogs.labels(archived, addLabels=["Archive"])

    assert dialogs.search_ids(systemLabel=["Archive", "MarkedAsUnopened"]) == [both]
    assert set(dialogs.search_ids(status=["Draft", "Awaiting"])) == {both, draft}
    assert dialogs.search(status="New").status_code == 400


def test_behaviour_10_a_search_text_has_three_characters_and_a_known_language(dialogs: DialogRig) -> None:
    ident = dialogs.open("Krav om opplysninger")

    assert errors(dialogs.search(search="ab")) == (400, ["search"])
    assert errors(dialogs.search(search="krav", searchLanguageCode="no")) == (400, ["searchLanguageCode"])
    assert dialogs.search_ids(search="krav") == [ident]
    assert dialogs.search_ids(search="noe annet") == []


@pytest.mark.parametrize("name", ["isContentSeen", "excludeApiOnly"])
def test_a_switch_is_true_or_false(dialogs: DialogRig, name: str) -> None:
    assert errors(dialogs.search(**{name: "maybe"})) == (400, [name])
    assert dialogs.search(**{name: "True"}).status_code == 200


def test_behaviour_11_a_slow_search_is_422(dialogs: DialogRig) -> None:
    dialogs.settings(slow_search=True)

    assert errors(dialogs.search()) == (422, ["Search"])


def test_a_search_over_too_long_a_time_is_422_and_a_shorter_one_is_answered(dialogs: DialogRig) -> None:
    dialogs.open()
    dialogs.settings(slow_search_over_days=10)
    order = {"orderBy": "updatedAt_asc"}

    assert errors(dialogs.search(**order)) == (422, ["Search"])
    assert errors(dialogs.search(**order, updatedAfter=later(days=-30))) == (422, ["Search"])
    assert dialogs.search(**order, updatedAfter=later(days=-30), updatedBefore=later(days=-25)).status_code == 200
    page = dialogs.search(**order, updatedAfter=later(days=-1)).json()
    assert dialogs.search(**order, continuationToken=page["continuationToken"]).status_code == 200


def test_a_new_dialog_may_be_shown_some_time_after_its_event(dialogs: DialogRig) -> None:
    dialogs.settings(search_delay_seconds=60)
    made = dialogs.open()

    before = dialogs.search_ids()
    dialogs.pass_time(61)

    assert (before, dialogs.search_ids()) == ([], [made])


def test_behaviour_12_deleted_expired_and_hidden_dialogs_are_not_found(dialogs: DialogRig) -> None:
    gone, expired = dialogs.open(), dialogs.open(expires_at=later(minutes=5))
    hidden = dialogs.open(visible_from=later(hours=1))
    dialogs.control(f"dialogs/{gone}", method="DELETE")
    assert dialogs.search_ids() == [expired]

    dialogs.pass_time(300)
    assert dialogs.search_ids() == []

    dialogs.pass_time(3300)
    assert dialogs.search_ids() == [hidden]


def test_behaviour_12_what_becomes_visible_lies_ahead_of_the_cursor(dialogs: DialogRig) -> None:
    hidden, seen = dialogs.open(visible_from=later(hours=1)), dialogs.open()
    cursor = dialogs.search(orderBy="updatedAt_asc").json()
    assert [item["id"] for item in cursor["items"]] == [seen]

    dialogs.pass_time(3600)

    assert dialogs.search_ids(orderBy="updatedAt_asc", continuationToken=cursor["continuationToken"]) == [hidden]
