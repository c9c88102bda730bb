"""Dialogporten's 22 behaviours a vendor meets, one test or more for each: tokens, search, details, labels, switches."""

from __future__ import annotations

import uuid
from datetime import timedelta
from email.utils import parsedate_to_datetime

import jwt
import pytest

from .altinn_rig import ACCOUNTANT, FEES, NOW, SHARES, K, V, W, rar
from .dialog_rig import DIALOGS, LOCKED, ORGANISATION, PARTY, READ, URN, D, DialogRig, dialogs, errors

__all__ = ["dialogs"]

EMPTY = {"items": [], "hasNextPage": False, "orderBy": "contentupdatedat_desc,id_desc"}


def later(**delta: float) -> str:
    return (NOW + timedelta(**delta)).isoformat()


# who asks


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


def test_behaviour_4_the_limits_are_told_to_anybody_and_follow_the_setting(dialogs: DialogRig) -> None:
    told = dialogs.http.get(f"{D}/metadata/limits").json()["endUserSearch"]
    assert told == {
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


def test_behaviour_5_a_person_is_a_party_too_but_nobodys_customer_here(dialogs: DialogRig) -> None:
    right, wrong = (f"urn:altinn:person:identifier-no:{number}" for number in ("01017000027", "01017000028"))

    assert dialogs.search(party=right).json() == EMPTY
    assert errors(dialogs.search(party=wrong)) == (400, ["party[0]"])


def test_behaviour_6_what_may_not_be_seen_is_an_empty_list(dialogs: DialogRig) -> None:
    dialogs.open(orgnr=W)
    dialogs.open(resource=FEES)

    assert dialogs.search(party=ORGANISATION + W).json() == EMPTY
    assert dialogs.search(serviceResource=URN + FEES).json() == EMPTY
    assert dialogs.found() == []


def test_behaviour_7_an_agent_finds_the_dialogs_of_all_its_clients(dialogs: DialogRig) -> None:
    agent = dialogs.agent(externalRef="agent")
    dialogs.control(f"system-users/{agent}/clients", {"orgnrs": [K, V]})
    resource = "ske-innrapportering-amelding"
    mine = {dialogs.open(orgnr=orgnr, resource=resource) for orgnr in (K, V)}
    dialogs.open(orgnr=W, resource=resource)

    token = dialogs.token(READ, authorization_details=rar(ACCOUNTANT, externalRef="agent"))
    found = dialogs.search(serviceResource=URN + resource, headers={"Authorization": f"Bearer {token}"}).json()

    assert {item["id"] for item in found["items"]} == mine


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

    assert dialogs.found(**order, continuationToken=token) == [made[1]]


def test_behaviour_8_the_appended_key_follows_the_direction_and_splits_equal_times(dialogs: DialogRig) -> None:
    made = sorted(dialogs.open(str(number)) for number in range(4))  # the clock stands still
    first = dialogs.search(orderBy="updatedAt_asc", limit=2).json()
    rest = dialogs.found(orderBy="updatedAt_asc", continuationToken=first["continuationToken"])

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

    assert dialogs.found(orderBy="contentUpdatedAt_asc", continuationToken=second["continuationToken"]) == [made[2]]
    assert dialogs.found(continuationToken=second["continuationToken"]) == [made[0]]


def test_behaviour_10_times_are_inclusive_and_zoned(dialogs: DialogRig) -> None:
    ident = dialogs.open()
    exact = dialogs.item(ident)["updatedAt"]

    assert dialogs.found(updatedAfter=exact) == dialogs.found(updatedBefore=exact) == [ident]
    assert dialogs.found(updatedAfter=later(seconds=1)) == []
    assert errors(dialogs.search(updatedAfter=later(hours=1), updatedBefore=later()))[0] == 400
    assert errors(dialogs.search(updatedAfter="2026-11-23T12:00:00"))[0] == 400


def test_behaviour_10_labels_are_and_statuses_are_or(dialogs: DialogRig) -> None:
    both, archived, draft = (dialogs.open(status=s) for s in ("Draft", "Completed", "Awaiting"))
    dialogs.labels(both, addLabels=["Archive", "MarkedAsUnopened"])
    dialogs.labels(archived, addLabels=["Archive"])

    assert dialogs.found(systemLabel=["Archive", "MarkedAsUnopened"]) == [both]
    assert set(dialogs.found(status=["Draft", "Awaiting"])) == {both, draft}
    assert dialogs.search(status="New").status_code == 400


def test_behaviour_10_a_search_text_has_three_characters_and_a_known_language(dialogs: DialogRig) -> None:
    ident = dialogs.open("Krav om opplysninger")

    assert errors(dialogs.search(search="ab")) == (400, ["search"])
    assert errors(dialogs.search(search="krav", searchLanguageCode="no")) == (400, ["searchLanguageCode"])
    assert dialogs.found(search="krav") == [ident]
    assert dialogs.found(search="noe annet") == []


@pytest.mark.parametrize("name", ["isContentSeen", "excludeApiOnly"])
def test_a_switch_is_true_or_false(dialogs: DialogRig, name: str) -> None:
    assert errors(dialogs.search(**{name: "maybe"})) == (400, [name])
    assert dialogs.search(**{name: "True"}).status_code == 200


def test_behaviour_11_a_slow_search_is_422(dialogs: DialogRig) -> None:
    dialogs.settings(slow_search=True)

    assert errors(dialogs.search()) == (422, ["Search"])


def test_behaviour_12_deleted_expired_and_hidden_dialogs_are_not_found(dialogs: DialogRig) -> None:
    gone, expired = dialogs.open(), dialogs.open(expires_at=later(minutes=5))
    hidden = dialogs.open(visible_from=later(hours=1))
    dialogs.control(f"dialogs/{gone}", method="DELETE")
    assert dialogs.found() == [expired]

    dialogs.pass_time(300)
    assert dialogs.found() == []

    dialogs.pass_time(3300)
    assert dialogs.found() == [hidden]


def test_behaviour_12_what_becomes_visible_lies_ahead_of_the_cursor(dialogs: DialogRig) -> None:
    hidden, seen = dialogs.open(visible_from=later(hours=1)), dialogs.open()
    cursor = dialogs.search(orderBy="updatedAt_asc").json()
    assert [item["id"] for item in cursor["items"]] == [seen]

    dialogs.pass_time(3600)

    assert dialogs.found(orderBy="updatedAt_asc", continuationToken=cursor["continuationToken"]) == [hidden]


# one dialog


def test_behaviour_13_the_first_read_marks_as_seen_and_says_so(dialogs: DialogRig) -> None:
    ident = dialogs.open()
    dialogs.labels(ident, addLabels=["MarkedAsUnopened"])
    before = dialogs.item(ident)
    dialogs.pass_time(10)

    response = dialogs.get(f"{DIALOGS}/{ident}")

    assert response.headers["etag"] == response.json()["revision"]
    after = dialogs.item(ident)
    assert (before["isContentSeen"], after["isContentSeen"]) == (False, True)
    assert after["endUserContext"]["systemLabels"] == ["Default"]
    assert (after["updatedAt"], after["contentUpdatedAt"]) == (before["updatedAt"], before["contentUpdatedAt"])
    assert [entry["isCurrentEndUser"] for entry in dialogs.get(f"{DIALOGS}/{ident}/seenlog").json()] == [True]
    assert dialogs.published() == ["created", "updated", "seen"]


def test_behaviour_13_a_second_read_of_the_same_version_says_nothing(dialogs: DialogRig) -> None:
    ident = dialogs.open()
    for _time in range(2):
        dialogs.get(f"{DIALOGS}/{ident}")
    assert dialogs.published() == ["created", "updated", "seen"]

    dialogs.labels(ident, addLabels=["MarkedAsUnopened"])
    dialogs.get(f"{DIALOGS}/{ident}")
    assert dialogs.published()[3:] == ["updated"]

    dialogs.pass_time(1)
    dialogs.change(ident, status="Completed")
    dialogs.get(f"{DIALOGS}/{ident}")
    assert dialogs.published()[4:] == ["updated", "updated", "seen"]


def test_behaviour_13_lists_and_parts_never_mark_as_seen(dialogs: DialogRig) -> None:
    ident = dialogs.open()
    transmission = dialogs.add(ident, "transmissions", type="Information", title="Brev")
    activity = dialogs.add(ident, "activities", type="Information", description="Hei")
    said = dialogs.published()
    place = f"{DIALOGS}/{ident}"

    for path in ("transmissions", f"transmissions/{transmission}", "activities", f"activities/{activity}", "seenlog"):
        assert dialogs.get(f"{place}/{path}").status_code == 200, path
    assert dialogs.get(f"{place}/context/labellog").status_code == 200

    assert dialogs.item(ident)["isContentSeen"] is False
    assert dialogs.published() == said
    assert "performedBy" not in dialogs.get(f"{place}/activities").json()[0]
    assert "isOpened" not in dialogs.get(f"{place}/transmissions").json()[0]


def test_behaviour_14_each_way_of_not_being_there_has_its_answer(dialogs: DialogRig) -> None:
    foreign, gone = dialogs.open(orgnr=W), dialogs.open()
    hidden, expired = dialogs.open(visible_from=later(hours=1)), dialogs.open(expires_at=later(minutes=1))
    dialogs.control(f"dialogs/{gone}", method="DELETE")
    dialogs.pass_time(60)

    def read(ident: str, tail: str = "") -> tuple[int, list[str]]:
        return errors(dialogs.get(f"{DIALOGS}/{ident}{tail}"))

    assert read(str(uuid.uuid4())) == (404, ["DialogEntity"])
    assert (read(foreign), read(foreign, "/transmissions")) == ((403, ["Forbidden"]), (404, ["DialogEntity"]))
    assert read(gone) == read(gone, "/activities") == (410, ["DialogEntity"])
    assert read(expired) == (404, ["DialogEntity"])
    assert read("not-a-guid")[0] == 400
    response = dialogs.get(f"{DIALOGS}/{hidden}")
    assert errors(response) == (404, ["DialogEntity"])
    assert parsedate_to_datetime(response.headers["expires"]) == NOW + timedelta(hours=1)
    for ident in (hidden, expired):  # parts do not ask when it is to be seen
        assert dialogs.get(f"{DIALOGS}/{ident}/transmissions").status_code == 200


def test_behaviour_15_above_the_level_only_the_plain_title_is_shown(dialogs: DialogRig) -> None:
    ident = dialogs.open("Hemmelig", resource=LOCKED, plain_title={"nb": "Et brev"})

    item = dialogs.search(serviceResource=URN + LOCKED).json()["items"][0]

    assert item["content"]["title"]["value"][0]["value"] == "Et brev"
    assert errors(dialogs.get(f"{DIALOGS}/{ident}")) == (403, ["Forbidden"])
    assert errors(dialogs.get(f"{DIALOGS}/{ident}/activities")) == (403, ["Forbidden"])


def test_behaviour_16_what_may_not_be_used_keeps_its_title_and_loses_its_address(dialogs: DialogRig) -> None:
    where = "https://skatt.example.no/dokument"
    attribute = f"{URN}{FEES}"
    attachment = {"id": str(uuid.uuid4()), "name": "Brev", "urls": [{"url": where}]}
    old = {**attachment, "id": str(uuid.uuid4()), "expires_at": later(hours=-1)}
    action = {"id": "1", "action": "read", "url": where, "authorizationAttribute": attribute}
    ident = dialogs.open(attachments=[attachment], gui_actions=[action])
    dialogs.add(ident, "transmissions", type="Information", title="Låst", authorization_attribute=attribute,
                attachments=[attachment])  # fmt: skip
    dialogs.add(ident, "transmissions", type="Information", title="Gammel", attachments=[old])

    found = dialogs.get(f"{DIALOGS}/{ident}").json()
    locked, expired = found["transmissions"]

    assert found["attachments"][0]["urls"][0]["url"] == where
    assert (found["guiActions"][0]["isAuthorized"], found["guiActions"][0]["url"]) == (
        False,
        "urn:dialogporten:unauthorized",
    )
    assert (locked["isAuthorized"], locked["content"]["title"]["value"][0]["value"]) == (False, "Låst")
    assert locked["attachments"][0]["urls"][0]["url"] == "urn:dialogporten:unauthorized"
    assert expired["attachments"][0]["urls"][0]["url"] == "urn:dialogporten:expired"


def test_behaviour_16_a_persons_number_never_leaves(dialogs: DialogRig) -> None:
    ident = dialogs.open()
    number = "urn:altinn:person:identifier-no:13896396174"
    activity = dialogs.add(ident, "activities", type="FormSubmitted", actor_id=number, by="PartyRepresentative")

    shown = dialogs.get(f"{DIALOGS}/{ident}/activities/{activity}").json()["performedBy"]["actorId"]

    assert shown.startswith("urn:altinn:person:identifier-ephemeral:")
    for response in (dialogs.search(), dialogs.get(f"{DIALOGS}/{ident}")):
        assert "13896396174" not in response.text


def test_behaviour_17_rights_are_remembered_for_as_long_as_is_set(dialogs: DialogRig) -> None:
    ident = dialogs.open()
    dialogs.settings(rights_cache_seconds=900)
    assert dialogs.found() == [ident]
    headers = dialogs.as_user()
    dialogs.app.state.system_users[dialogs.user].rights.clear()

    assert dialogs.search(headers=headers).json()["items"]
    dialogs.pass_time(901)
    assert dialogs.found() == []


# labels


def test_behaviour_18_labels_are_set_with_the_right_revision(dialogs: DialogRig) -> None:
    ident = dialogs.open()
    before = dialogs.item(ident)
    revision = before["endUserContext"]["revision"]

    response = dialogs.labels(ident, headers={"If-Match": revision}, addLabels=["Archive"])

    after = dialogs.item(ident)
    assert (response.status_code, response.headers["etag"]) == (204, after["endUserContext"]["revision"])
    assert after["endUserContext"]["systemLabels"] == ["Archive"]
    assert after["updatedAt"] == before["updatedAt"]
    assert dialogs.published() == ["created"]
    assert errors(dialogs.labels(ident, headers={"If-Match": revision}, addLabels=["Bin"])) == (412, [])
    assert dialogs.labels(ident, addLabels=["Sent"]).status_code == 400
    assert dialogs.labels(ident, addLabels=["Nothing"]).status_code == 400
    log = dialogs.get(f"{DIALOGS}/{ident}/context/labellog").json()
    assert [(row["name"], row["action"]) for row in log] == [("systemlabel:Archive", "set")]


def test_behaviour_18_places_exclude_each_other_and_go_back_to_the_default(dialogs: DialogRig) -> None:
    ident = dialogs.open()

    dialogs.labels(ident, addLabels=["Bin", "Archive"])
    assert dialogs.item(ident)["endUserContext"]["systemLabels"] == ["Archive"]
    dialogs.labels(ident, removeLabels=["Archive"])
    assert dialogs.item(ident)["endUserContext"]["systemLabels"] == ["Default"]


@pytest.mark.parametrize(
    ("how", "label"), [("update", "Default"), ("silent", "Archive"), ("activities", "Default"), ("transmissions", "Default")]
)  # fmt: skip
def test_behaviour_18_each_write_that_is_not_silent_takes_it_out_of_the_archive(
    dialogs: DialogRig, how: str, label: str
) -> None:
    ident = dialogs.open()
    dialogs.labels(ident, addLabels=["Archive"])
    revision = dialogs.item(ident)["endUserContext"]["revision"]

    if how in ("update", "silent"):
        dialogs.change(ident, title={"nb": "Nytt"}, silent=how == "silent")
    elif how == "activities":
        dialogs.add(ident, how, type="FormSaved")
    else:
        dialogs.add(ident, how, type="Information", title="Brev")

    context = dialogs.item(ident)["endUserContext"]
    assert context["systemLabels"] == [label]
    assert (context["revision"] == revision) == (how == "silent")


def test_behaviour_19_many_at_once_are_all_or_none(dialogs: DialogRig) -> None:
    first, second, foreign = dialogs.open(), dialogs.open(), dialogs.open(orgnr=W)
    place = f"{DIALOGS}/context/systemlabels/actions/bulkset"

    def bulk(*idents: str, **more: str) -> int:
        body = {"dialogs": [{"dialogId": ident, **more} for ident in idents], "addLabels": ["Archive"]}
        return dialogs.http.post(place, json=body, headers=dialogs.as_user()).status_code

    assert bulk(*(str(uuid.uuid4()) for _ in range(101))) == 400
    assert bulk(first, first) == bulk() == 400
    assert bulk(first, foreign) == bulk(first, str(uuid.uuid4())) == 404
    assert bulk(first, endUserContextRevision=str(uuid.uuid4())) == 412
    assert dialogs.item(first)["endUserContext"]["systemLabels"] == ["Default"]
    assert bulk(first, second) == 204
    assert {dialogs.item(i)["endUserContext"]["systemLabels"][0] for i in (first, second)} == {"Archive"}


@pytest.mark.parametrize("labels", ["Archive", {"Archive": 1}, 7, [7], [["Archive"]], [None]])
def test_labels_that_are_no_list_of_names_are_400(dialogs: DialogRig, labels: object) -> None:
    ident = dialogs.open()

    assert dialogs.labels(ident, addLabels=labels).status_code == 400
    assert dialogs.item(ident)["endUserContext"]["systemLabels"] == ["Default"]


# tokens, look-up, switches


def test_behaviour_20_the_dialog_token_is_signed_and_lives_ten_minutes(dialogs: DialogRig) -> None:
    ident = dialogs.open()
    token = dialogs.get(f"{DIALOGS}/{ident}").json()["dialogToken"]
    keys = jwt.PyJWKSet.from_dict(dialogs.http.get(f"{D}/.well-known/jwks.json").json())
    header = jwt.get_unverified_header(token)

    unclocked = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}  # the sandbox's clock stands still
    claims = jwt.decode(token, keys[header["kid"]].key, algorithms=["EdDSA"], options=unclocked)

    assert (header["alg"], claims["exp"] - claims["iat"]) == ("EdDSA", 600)
    assert len(keys.keys) >= 2
    about = {name: claims[name] for name in "cyopsil"}
    assert about == {
        "c": ORGANISATION + V, "y": f"urn:altinn:systemuser:uuid:{dialogs.user}", "o": PARTY, "p": PARTY,
        "s": URN + SHARES, "i": ident, "l": 3,
    }  # fmt: skip


def test_behaviour_21_a_dialog_is_looked_up_by_another_id(dialogs: DialogRig) -> None:
    reference = f"urn:altinn:instance-id:500123/{uuid.uuid4()}"
    ident = dialogs.open(key=reference)

    def ask(text: str) -> tuple[int, str]:
        response = dialogs.get(f"{D}/enduser/dialoglookup", params={"instanceRef": text})
        return response.status_code, response.json().get("dialogId", "")

    assert ask(reference) == (200, ident)
    assert ask(f"urn:altinn:dialog-id:{ident}") == (200, ident)
    assert ask(f"urn:altinn:instance-id:500123/{uuid.uuid4()}")[0] == 404
    assert ask("nonsense")[0] == 400
    assert dialogs.item(ident)["isContentSeen"] is False


def test_behaviour_22_maintenance_throttling_and_what_is_accepted(dialogs: DialogRig) -> None:
    refused = dialogs.get(f"{D}/enduser/parties", {"Accept": "text/html"})
    assert refused.status_code == 406
    assert dialogs.get(f"{D}/enduser/parties").json()["authorizedParties"][0]["party"] == PARTY

    dialogs.settings(throttle_seconds=7)
    assert (dialogs.search().status_code, dialogs.search().headers["retry-after"]) == (429, "7")

    dialogs.settings(throttle_seconds=None, maintenance_until=later(minutes=10))
    down = dialogs.search()
    assert (down.status_code, down.text) == (503, "Service Unavailable")
    assert down.headers["content-type"].startswith("text/plain")
    assert parsedate_to_datetime(down.headers["retry-after"]) == NOW + timedelta(minutes=10)
    assert {dialogs.http.get(f"{D}/metadata/{name}").status_code for name in ("limits", "serviceresources")} == {503}
    dialogs.pass_time(600)
    assert dialogs.search().status_code == 200


def test_one_language_is_kept_when_one_is_asked_for(dialogs: DialogRig) -> None:
    ident = dialogs.control(
        "dialogs",
        {"orgnr": K, "service_resource": URN + SHARES, "title": {"nb": "Brev", "nn": "Brev nn", "en": "Letter"}},
    )["id"]

    def title(accept: str) -> list[str]:
        item = dialogs.search(headers={"Accept-Language": accept}).json()["items"][0]
        assert item["id"] == ident
        return [text["languageCode"] for text in item["content"]["title"]["value"]]

    assert (title("nn"), title("de"), title("de,nb")) == (["nn"], ["en"], ["nb"])
    assert len(dialogs.item(ident)["content"]["title"]["value"]) == 3


def test_each_change_moves_the_times_it_should(dialogs: DialogRig) -> None:
    ident = dialogs.open()

    def moved(**changes: object) -> tuple[bool, bool]:
        before = dialogs.item(ident)
        dialogs.pass_time(1)
        dialogs.change(ident, **changes)
        after = dialogs.item(ident)
        return after["updatedAt"] > before["updatedAt"], after["contentUpdatedAt"] > before["contentUpdatedAt"]

    assert moved(title={"nb": "Nytt"}) == (True, True)
    assert moved(status="Completed") == (True, True)
    assert moved(progress=50) == (True, False)
    assert moved(due_at=later(days=9)) == (True, False)
    assert moved(title={"nb": "Stille"}, silent=True) == (False, False)
