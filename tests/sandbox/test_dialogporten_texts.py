"""Dialogporten's texts: which language is shown, where a search looks, who has seen, and parts that no policy names."""

from __future__ import annotations

from typing import Any

import pytest

from .altinn_rig import SHARES
from .dialog_rig import DIALOGS, DialogRig, dialogs

__all__ = ["dialogs"]
TITLE = {"nb": "Krav", "nn": "Krav på nynorsk", "en": "Claim"}


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("nn", "nn"),
        ("en;q=0.3, nn;q=0.9", "nn"),
        ("fr, en;q=0", "en"),
        ("NB-no", "nb"),
        ("fr-FR", "en"),
        ("fr;q=1, nb;q=0.1", "nb"),
    ],
)
def test_the_language_with_the_highest_weight_is_shown(dialogs: DialogRig, accept: str, language: str) -> None:
    dialogs.open(TITLE)

    item = dialogs.search(headers={**dialogs.as_user(), "Accept-Language": accept}).json()["items"][0]

    assert [text["languageCode"] for text in item["content"]["title"]["value"]] == [language]


def test_without_a_language_all_are_shown(dialogs: DialogRig) -> None:
    dialogs.open(TITLE)

    item = dialogs.search(headers={**dialogs.as_user(), "Accept-Language": "*"}).json()["items"][0]

    assert len(item["content"]["title"]["value"]) == 3


@pytest.mark.parametrize(
    "words",
    [
        "overskrift",
        "sammendraget",
        "avsender",
        "utdypning",
        "forsendelsen",
        "hendelsen",
        "vedlegget",
        "ukjent hendelsen",
    ],
)
def test_a_search_looks_in_all_text(dialogs: DialogRig, words: str) -> None:
    ident = _told(dialogs)
    dialogs.open("Noe annet")

    assert dialogs.search_ids(search=words) == [ident]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ('"krav om opplysninger"', True),
        ('"opplysninger om krav"', False),
        ("krav -opplysninger", False),
        ("krav -skatt", True),
        ("krav or skatt", True),
        ('"krav om" skatt', False),
    ],
)
def test_operators_ask_for_all_words(dialogs: DialogRig, words: str, found: bool) -> None:
    ident = dialogs.open("Krav om opplysninger")

    assert dialogs.search_ids(search=words) == ([ident] if found else [])


def test_the_log_of_seen_names_the_system_user(dialogs: DialogRig) -> None:
    ident = dialogs.open()
    dialogs.get(f"{DIALOGS}/{ident}")

    (seen,) = dialogs.get(f"{DIALOGS}/{ident}/seenlog").json()

    assert seen["seenBy"]["actorName"] == dialogs.app.state.system_users[dialogs.user].title != ""


def test_a_part_that_no_policy_names_is_not_ours(dialogs: DialogRig) -> None:
    part = "urn:altinn:subresource:vedtak"
    attachment = {"id": "0198c1f2-7c1e-7b52-9a55-3f2d6b9f0a11", "urls": [{"url": "https://skatteetaten.no/d/1"}]}
    ident = dialogs.open()
    dialogs.add(
        ident, "transmissions", type="Information", title="Del", authorization_attribute=part, attachments=[attachment]
    )

    refused = _only(dialogs, ident)
    dialogs.control("resources", {"id": SHARES, "parts": ["vedtak"]})

    assert (refused["isAuthorized"], _url(refused)) == (False, "urn:dialogporten:unauthorized")
    # the new entry has no packages, and the system user holds the resource as a single right
    assert (_only(dialogs, ident)["isAuthorized"], _url(_only(dialogs, ident))) == (True, "https://skatteetaten.no/d/1")


def test_a_bulk_change_of_labels_names_the_dialogs_that_are_not_found(dialogs: DialogRig) -> None:
    missing = "0198c1f2-7c1e-7b52-9a55-3f2d6b9f0a99"
    body = {"dialogs": [{"dialogId": dialogs.open()}, {"dialogId": missing}], "addLabels": ["Archive"]}

    path = "/platform/dialogporten/api/v1/enduser/dialogs/context/systemlabels/actions/bulkset"
    answer = dialogs.http.post(path, json=body, headers=dialogs.as_user())

    assert answer.status_code == 404
    assert missing in answer.json()["errors"]["DialogEntity"][0]


def _told(dialogs: DialogRig) -> str:
    ident = dialogs.open(
        "Overskrift",
        summary={"nb": "Sammendraget"},
        sender_name={"nb": "Avsender"},
        additional_info={"nb": "Utdypning"},
    )
    attachment = {
        "id": "0198c1f2-7c1e-7b52-9a55-3f2d6b9f0a12", "name": "Vedlegget",
        "urls": [{"url": "https://skatteetaten.no/d/2"}],
    }  # fmt: skip
    dialogs.add(
        ident,
        "transmissions",
        type="Information",
        title="Forsendelsen",
        attachments=[attachment],
    )
    dialogs.add(ident, "activities", type="Information", description={"nb": "Hendelsen"})
    return ident


def _only(dialogs: DialogRig, ident: str) -> dict[str, Any]:
    (transmission,) = dialogs.get(f"{DIALOGS}/{ident}/transmissions").json()
    shown: dict[str, Any] = transmission
    return shown


def _url(transmission: dict[str, Any]) -> str:
    return str(transmission["attachments"][0]["urls"][0]["url"])
