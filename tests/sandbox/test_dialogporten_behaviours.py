"""Dialogporten's behaviours 13 to 22: one dialog, labels, tokens, look-up, settings."""

from __future__ import annotations

import uuid
from datetime import timedelta
from email.utils import parsedate_to_datetime

import jwt
import pytest

from .altinn_rig import FEES, NOW, SHARES, K, V, W
from .dialog_rig import DIALOGS, LOCKED, ORGANISATION, PARTY, URN, D, DialogRig, dialogs, errors, later

__all__ = ["dialogs"]

# one dialog


def test_behaviour_13_the_first_read_marks_as_seen_and_publishes_that(dialogs: DialogRig) -> None:
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


def test_behaviour_13_a_second_read_of_the_same_version_publishes_nothing(dialogs: DialogRig) -> None:
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
    payload = dialogs.published()
    address = f"{DIALOGS}/{ident}"

    for path in ("transmissions", f"transmissions/{transmission}", "activities", f"activities/{activity}", "seenlog"):
        assert dialogs.get(f"{address}/{path}").status_code == 200, path
    assert dialogs.get(f"{address}/context/labellog").status_code == 200

    assert dialogs.item(ident)["isContentSeen"] is False
    assert dialogs.published() == payload
    assert "performedBy" not in dialogs.get(f"{address}/activities").json()[0]
    assert "isOpened" not in dialogs.get(f"{address}/transmissions").json()[0]


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
    for ident in (hidden, expired):  # the parts do not check visibility
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

    result = dialogs.get(f"{DIALOGS}/{ident}").json()
    locked, expired = result["transmissions"]

    assert result["attachments"][0]["urls"][0]["url"] == where
    assert (result["guiActions"][0]["isAuthorized"], result["guiActions"][0]["url"]) == (
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


def test_behaviour_16_a_masked_person_is_the_same_until_a_restart(dialogs: DialogRig) -> None:
    ident = dialogs.open()
    number = "urn:altinn:person:identifier-no:13896396174"
    dialogs.add(ident, "activities", type="FormSubmitted", actor_id=number, by="PartyRepresentative")
    saved, restarted = dialogs.http.get("/control/snapshot").content, DialogRig()
    restarted.http.put("/control/snapshot", content=saved)

    def shown(rig: DialogRig) -> set[str]:
        result = rig.get(f"{DIALOGS}/{ident}").json()["activities"][0]
        return {result["performedBy"]["actorId"], rig.item(ident)["latestActivity"]["performedBy"]["actorId"]}

    assert len(shown(dialogs)) == len(shown(restarted)) == 1
    assert shown(dialogs) != shown(restarted)


def test_behaviour_17_an_added_right_waits_as_long_as_a_removed_one(dialogs: DialogRig) -> None:
    ident = dialogs.open(resource=FEES)
    dialogs.settings(rights_cache_seconds=900)
    assert dialogs.search_ids() == []
    dialogs.app.state.system_users[dialogs.user].rights.append(FEES)

    assert dialogs.search_ids() == []
    dialogs.pass_time(901)
    assert dialogs.search_ids() == [ident]


def test_behaviour_17_rights_are_remembered_for_as_long_as_is_set(dialogs: DialogRig) -> None:
    ident = dialogs.open()
    dialogs.settings(rights_cache_seconds=900)
    assert dialogs.search_ids() == [ident]
    headers = dialogs.as_user()
    dialogs.app.state.system_users[dialogs.user].rights.clear()

    assert dialogs.search(headers=headers).json()["items"]
    dialogs.pass_time(901)
    assert dialogs.search_ids() == []


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


def test_behaviour_18_default_bin_and_archive_exclude_each_other(dialogs: DialogRig) -> None:
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
    path = f"{DIALOGS}/context/systemlabels/actions/bulkset"

    def bulk(*idents: str, **more: str) -> int:
        body = {"dialogs": [{"dialogId": ident, **more} for ident in idents], "addLabels": ["Archive"]}
        return dialogs.http.post(path, json=body, headers=dialogs.as_user()).status_code

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


# tokens, look-up, settings


def test_behaviour_20_the_dialog_token_is_signed_and_lives_ten_minutes(dialogs: DialogRig) -> None:
    ident = dialogs.open()
    token = dialogs.get(f"{DIALOGS}/{ident}").json()["dialogToken"]
    keys = jwt.PyJWKSet.from_dict(dialogs.http.get(f"{D}/.well-known/jwks.json").json())
    header = jwt.get_unverified_header(token)

    unclocked = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}  # the sandbox's clock is frozen
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


def test_behaviour_21_the_look_up_tells_why_the_dialog_may_be_seen(dialogs: DialogRig) -> None:
    dialogs.app.state.system_users[dialogs.user].packages = ["urn:altinn:accesspackage:skattegrunnlag"]
    ask = {"instanceRef": f"URN:altinn:dialog-id:{dialogs.open()}"}

    payload = dialogs.get(f"{D}/enduser/dialoglookup", params=ask).json()

    why = payload["authorizationEvidence"]
    assert payload["instanceRef"] == ask["instanceRef"].lower()
    assert (why["viaResourceDelegation"], why["viaAccessPackage"], why["currentAuthenticationLevel"]) == (True, True, 3)
    assert [(row["grantType"], row["subject"]) for row in why["evidence"]] == [
        ("ResourceDelegation", URN + SHARES), ("AccessPackage", "urn:altinn:accesspackage:skattegrunnlag")
    ]  # fmt: skip


def test_behaviour_21_what_is_only_remembered_of_a_removed_system_user_is_no_evidence(dialogs: DialogRig) -> None:
    dialogs.settings(rights_cache_seconds=900)
    ident, headers = dialogs.open(), dialogs.as_user()
    dialogs.get(f"{DIALOGS}/{ident}")
    dialogs.control(f"system-users/{dialogs.user}", method="DELETE")

    ask = {"instanceRef": f"urn:altinn:dialog-id:{ident}"}
    response = dialogs.http.get(f"{D}/enduser/dialoglookup", params=ask, headers=headers)

    assert (response.status_code, response.json()["authorizationEvidence"]["evidence"]) == (200, [])


def test_own_resources_are_narrowed_by_party_and_tell_what_opens_them(dialogs: DialogRig) -> None:
    def ids(**query: object) -> list[str]:
        result = dialogs.get(f"{D}/enduser/serviceresources", params=query).json()["items"]
        return [row["serviceResource"]["id"] for row in result]

    assert SHARES in ids() == ids(party=[ORGANISATION + W, PARTY])
    assert ids(party=ORGANISATION + W) == []
    assert errors(dialogs.get(f"{D}/enduser/serviceresources", params={"party": [PARTY] * 101}))[0] == 400
    all_of_them = dialogs.http.get(f"{D}/metadata/serviceresources").json()["items"]
    opened = next(row for row in all_of_them if row["serviceResource"]["id"] == SHARES)["accessPackages"]
    assert "urn:altinn:accesspackage:skattegrunnlag" in [package["urn"] for package in opened]


def test_content_is_unopened_until_an_activity_says_it_was_opened(dialogs: DialogRig) -> None:
    ident = dialogs.open()
    letter = dialogs.add(ident, "transmissions", type="Information", title="Brev")
    dialogs.get(f"{DIALOGS}/{ident}")
    before = dialogs.item(ident)["hasUnopenedContent"]

    dialogs.add(ident, "activities", type="TransmissionOpened", transmission_id=letter)

    assert (before, dialogs.item(ident)["hasUnopenedContent"]) == (True, False)
    assert dialogs.get(f"{DIALOGS}/{ident}").json()["hasUnopenedContent"] is False


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
