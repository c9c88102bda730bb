"""Altinn Events: subscriptions, validation, deliveries with retries that end, and polling."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from .altinn_rig import ACCOUNTANT, FEES, NOW, SHARES, K, V, W, rar
from .dialog_rig import CLOSED, FOLLOW, HOOK, ORGANISATION, PARTY, READ, URN, DialogRig, E, dialogs

__all__ = ["dialogs"]

RETRIES = [10, 30, 60, 300, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 12 * 3600]
VALIDATION = [1, 5, 10, 30, 60, 120, 120, 120]


def refusal_form(response: httpx.Response) -> tuple[int, bool]:
    """The status, and whether the body is a bare JSON string that is not empty."""
    body = response.json() if response.content else None
    return response.status_code, isinstance(body, str) and bool(body)


def subscriptions(dialogs: DialogRig, ident: int | str = "", **more: Any) -> httpx.Response:
    return dialogs.http.get(f"{E}/subscriptions/{ident}".rstrip("/"), headers=dialogs.as_follower(**more))


def poll(dialogs: DialogRig, **query: Any) -> httpx.Response:
    standard = {"resource": URN + SHARES, "subject": PARTY, "after": "0"}
    wanted = {name: value for name, value in {**standard, **query}.items() if value is not None}
    return dialogs.http.get(f"{E}/events", params=wanted, headers=dialogs.as_follower())


# subscribing


def test_behaviour_23_only_an_exchanged_token_with_the_scope(dialogs: DialogRig) -> None:
    assert dialogs.subscribe(headers=dialogs.as_user()).status_code == 401

    without = dialogs.subscribe(headers=dialogs.as_follower(READ))
    assert (without.status_code, without.content) == (403, b"")


@pytest.mark.parametrize(
    "changes",
    [
        {"endPoint": "http://hook.example.no/"}, {"endPoint": "/relative"}, {"endPoint": None},
        {"resourceFilter": None}, {"resourceFilter": "urn:altinn:resource:*"}, {"resourceFilter": "Urn:Altinn:Resource:X"},
        {"sourceFilter": "https://skd.apps.altinn.no/skd/a"}, {"alternativeSubjectFilter": f"/organisation/{K}"},
        {"subjectFilter": None, "includeSubunits": True},
    ],
)  # fmt: skip
def test_behaviour_23_a_wrong_wish_is_400_with_a_bare_string(dialogs: DialogRig, changes: dict[str, Any]) -> None:
    assert refusal_form(dialogs.subscribe(**changes)) == (400, True)


def test_behaviour_23_rights_are_asked_for(dialogs: DialogRig) -> None:
    vendor = dialogs.exchange(dialogs.token(FOLLOW)).text.strip('"')

    assert refusal_form(dialogs.subscribe(headers={"Authorization": f"Bearer {vendor}"})) == (403, True)
    assert refusal_form(dialogs.subscribe(resourceFilter=URN + CLOSED)) == (403, True)  # its policy has no `subscribe`
    assert refusal_form(dialogs.subscribe(resourceFilter=URN + FEES)) == (403, True)
    assert refusal_form(dialogs.subscribe(subjectFilter=ORGANISATION + W)) == (403, True)


def test_behaviour_23_a_good_one_is_stored_and_validated(dialogs: DialogRig) -> None:
    response = dialogs.subscribe()
    stored = response.json()

    assert response.status_code == 201
    assert response.headers["location"] == f"/events/api/v1/subscription/{stored['id']}"
    assert (stored["validated"], stored["consumer"]) == (False, f"/systemuser/{dialogs.user}")

    dialogs.deliver()

    [(url, body)] = dialogs.hooks
    assert (url, body["type"]) == (HOOK, "platform.events.validatesubscription")
    assert set(body) == {"specversion", "id", "type", "source"}
    assert body["source"].endswith(f"/subscriptions/{stored['id']}")
    assert subscriptions(dialogs, stored["id"]).json()["validated"] is True


def test_behaviour_23_the_same_again_is_the_same_and_is_validated_anew(dialogs: DialogRig) -> None:
    first = dialogs.subscribed()

    again = dialogs.subscribe()

    assert (again.status_code, again.json()["id"]) == (201, first)
    assert dialogs.deliver() == 1
    assert subscriptions(dialogs).json()["count"] == 1
    assert dialogs.subscribe(typeFilter="dialogporten.dialog.created.v1").json()["id"] != first


def test_behaviour_23_validation_is_tried_nine_times_and_repaired_by_asking_again(dialogs: DialogRig) -> None:
    dialogs.answer = 500
    ident = dialogs.subscribe().json()["id"]
    assert dialogs.deliver() == 1
    for wait in VALIDATION:
        dialogs.pass_time(wait - 0.5)
        assert dialogs.deliver() == 0, wait
        dialogs.pass_time(0.5)
        assert dialogs.deliver() == 1, wait
    dialogs.pass_time(24 * 3600)
    assert dialogs.deliver() == 0
    assert subscriptions(dialogs, ident).json()["validated"] is False

    dialogs.answer = 204
    dialogs.subscribe()
    dialogs.deliver()

    assert subscriptions(dialogs, ident).json()["validated"] is True


def test_behaviour_23_each_sees_and_deletes_only_its_own(dialogs: DialogRig) -> None:
    mine = dialogs.subscribed()
    dialogs.approved(partyOrgNo=V)
    other = {"orgnr": V}

    assert subscriptions(dialogs, **other).json() == {"count": 0, "subscriptions": []}
    assert subscriptions(dialogs, mine, **other).status_code == 403
    assert dialogs.http.delete(f"{E}/subscriptions/{mine}", headers=dialogs.as_follower(**other)).status_code == 403
    for unknown in (1, "nonsense"):
        assert subscriptions(dialogs, unknown).status_code == 404
    gone = dialogs.http.delete(f"{E}/subscriptions/{mine}", headers=dialogs.as_follower())
    assert (gone.status_code, gone.content) == (200, b"")
    assert subscriptions(dialogs, mine).status_code == 404


# delivery


def test_behaviour_24_an_event_tells_where_and_not_what(dialogs: DialogRig) -> None:
    dialogs.subscribed()
    ident = dialogs.open("Hemmelig tittel", process="urn:example:p:1")
    activity = dialogs.add(ident, "activities", type="FormSubmitted")
    dialogs.deliver()

    created, _updated, submitted = (body for _url, body in dialogs.hooks)

    assert created["data"] == {"process": "urn:example:p:1"}
    assert submitted == {
        "specversion": "1.0", "id": submitted["id"], "type": "dialogporten.dialog.activity.form-submitted.v1",
        "time": "2026-11-23T12:00:00.0000000Z", "resource": URN + SHARES, "resourceinstance": ident, "subject": PARTY,
        "source": f"{created['source']}/activities/{activity}",
        "data": {"activityId": activity, "process": "urn:example:p:1"},
    }  # fmt: skip
    assert len({body["id"] for _url, body in dialogs.hooks}) == 3


def test_behaviour_24_what_fails_is_tried_for_a_day_and_a_half(dialogs: DialogRig) -> None:
    dialogs.subscribed()
    dialogs.answer = 500
    dialogs.open()
    assert dialogs.deliver() == 1
    for wait in RETRIES:
        dialogs.pass_time(wait - 0.5)
        assert dialogs.deliver() == 0, wait
        dialogs.pass_time(0.5)
        assert dialogs.deliver() == 1, wait
    dialogs.pass_time(7 * 24 * 3600)
    assert dialogs.deliver() == 0
    assert len({body["id"] for _url, body in dialogs.hooks}) == 1


def test_behaviour_24_a_later_2xx_ends_it_and_others_are_not_held_up(dialogs: DialogRig) -> None:
    dialogs.subscribed()
    dialogs.answer = 503
    first = dialogs.open()
    dialogs.deliver()
    dialogs.answer = 202
    second = dialogs.open()
    dialogs.deliver()
    dialogs.pass_time(10)
    dialogs.deliver()

    assert [body["resourceinstance"] for _url, body in dialogs.hooks] == [first, second, first]
    dialogs.pass_time(48 * 3600)
    assert dialogs.deliver() == 0


def test_behaviour_24_time_can_be_made_to_run(dialogs: DialogRig) -> None:
    dialogs.subscribed()
    dialogs.settings(events_time_scale=0.1)
    dialogs.answer = 500
    dialogs.open()
    dialogs.deliver()

    dialogs.pass_time(1)

    assert dialogs.deliver() == 1


def test_behaviour_24_events_come_twice_and_out_of_order_by_switch(dialogs: DialogRig) -> None:
    dialogs.subscribed()
    dialogs.settings(duplicate_events=True)
    dialogs.open()
    assert dialogs.kinds() == ["created", "created"]
    assert len({body["id"] for _url, body in dialogs.hooks}) == 1

    dialogs.hooks.clear()
    dialogs.settings(duplicate_events=False, shuffle_events=True)
    for number in range(8):
        dialogs.open(str(number))
    for _tenth in range(10):
        dialogs.deliver()
        dialogs.pass_time(0.1)

    sent = [body["id"] for _url, body in dialogs.hooks]
    registered = [event["id"] for event in dialogs.app.state.events[-8:]]
    assert sent != registered
    assert sorted(sent) == sorted(registered)


def test_behaviour_24_a_new_subscription_waits_for_the_hour_of_what_was_looked_up(dialogs: DialogRig) -> None:
    dialogs.open()  # there is no subscriber, which is cached for an hour
    dialogs.subscribed()

    dialogs.open()
    assert dialogs.kinds() == []
    dialogs.change(dialogs.open(), progress=1)
    assert dialogs.kinds() == ["updated"]  # this type was not looked up before

    dialogs.hooks.clear()
    dialogs.pass_time(3600)
    dialogs.open()
    assert dialogs.kinds() == ["created"]


def test_behaviour_24_a_removed_subscription_may_fire_for_the_hour_it_is_remembered(dialogs: DialogRig) -> None:
    ident = dialogs.subscribed()
    dialogs.open()
    dialogs.http.delete(f"{E}/subscriptions/{ident}", headers=dialogs.as_follower())

    dialogs.open()
    dialogs.change(dialogs.open(), progress=1)
    assert dialogs.kinds() == ["created"] * 3  # nothing for types that were not looked up before

    dialogs.pass_time(3600)
    dialogs.open()
    assert dialogs.kinds() == ["created"] * 3


def test_behaviour_24_a_dialog_opened_with_its_parts_publishes_one_event_for_each(dialogs: DialogRig) -> None:
    dialogs.subscribed()

    ident = dialogs.open(
        transmissions=[{"type": "Submission", "title": "Sendt"}],
        activities=[{"type": "Information", "description": "Hei"}],
    )

    assert dialogs.kinds() == ["created", "transmission.created", "activity.information"]
    item = dialogs.item(ident)
    assert item["createdAt"] == item["updatedAt"] == item["contentUpdatedAt"]
    assert item["endUserContext"]["systemLabels"] == ["Default", "Sent"]


def test_behaviour_24_events_are_dropped_silently_after_the_rights_are_removed(dialogs: DialogRig) -> None:
    dialogs.subscribed()
    dialogs.app.state.system_users[dialogs.user].rights.clear()

    dialogs.open()

    assert dialogs.kinds() == []


def test_behaviour_24_the_filters_hold(dialogs: DialogRig) -> None:
    dialogs.subscribed(typeFilter="dialogporten.dialog.updated.v1")
    dialogs.open(orgnr=W)
    dialogs.open(resource=FEES)
    ident = dialogs.open()
    dialogs.change(ident, progress=1)

    assert dialogs.kinds() == ["updated"]
    assert dialogs.hooks[0][1]["resourceinstance"] == ident


def test_behaviour_24_what_each_change_publishes(dialogs: DialogRig) -> None:
    dialogs.subscribed()

    def after(act: Any) -> list[str]:
        dialogs.hooks.clear()
        act()
        return dialogs.kinds()

    ident = dialogs.open()
    dialogs.deliver()
    assert after(lambda: dialogs.open(visible_from=(NOW + timedelta(days=1)).isoformat())) == ["created"]
    assert after(lambda: dialogs.change(ident, status="Draft")) == ["updated"]
    assert after(lambda: dialogs.change(ident, status="Completed", silent=True)) == []
    assert after(lambda: dialogs.labels(ident, addLabels=["Archive"])) == []
    assert after(lambda: dialogs.add(ident, "activities", type="DialogClosed")) == ["updated", "activity.closed"]
    assert after(lambda: dialogs.add(ident, "transmissions", type="Rejection", title="Avvist")) == [
        "updated",
        "transmission.created",
    ]
    assert dialogs.hooks[-1][1]["data"] == {"senderType": "ServiceOwner"}
    assert after(lambda: dialogs.control(f"dialogs/{ident}", method="DELETE")) == ["deleted"]


# polling


def test_behaviour_25_events_are_read_in_pages_from_the_last_one(dialogs: DialogRig) -> None:
    made = dialogs.open_many(5)
    dialogs.pass_time(30)
    pages, after = [], "0"
    while page := poll(dialogs, size=2, after=after).json():
        pages.append([event["resourceinstance"] for event in page])
        after = page[-1]["id"]

    assert pages == [made[0:2], made[2:4], made[4:5]]
    first = poll(dialogs, size=2)
    assert first.headers["content-type"].startswith("application/cloudevents+json")
    assert f"after={first.json()[-1]['id']}" in first.headers["next"]
    last = poll(dialogs, after=after)
    assert (last.json(), "next" in last.headers) == ([], False)
    assert not any(name.startswith("_") for event in first.json() for name in event)


def test_behaviour_25_the_youngest_wait_half_a_minute_and_the_oldest_go_after_90_days(dialogs: DialogRig) -> None:
    dialogs.open()
    dialogs.pass_time(29)
    assert poll(dialogs).json() == []
    dialogs.pass_time(1)
    assert len(poll(dialogs).json()) == 1

    dialogs.pass_time(91 * 24 * 3600)
    newest = dialogs.open()
    dialogs.pass_time(30)
    assert [event["resourceinstance"] for event in poll(dialogs).json()] == [newest]


def test_behaviour_25_what_is_missing_or_too_much_is_400(dialogs: DialogRig) -> None:
    assert refusal_form(poll(dialogs, after=None)) == (400, True)
    assert refusal_form(poll(dialogs, resource=SHARES)) == (400, True)
    headers = {**dialogs.as_follower(), "Altinn-AlternativeSubject": f"/organisation/{K}"}
    query = {"resource": URN + SHARES, "subject": PARTY, "after": "0"}
    assert refusal_form(dialogs.http.get(f"{E}/events", params=query, headers=headers)) == (400, True)


def test_behaviour_25_without_a_subject_others_events_hide_ones_own(dialogs: DialogRig) -> None:
    for _dialog in range(2):
        dialogs.open(orgnr=W)
    mine = dialogs.open()
    dialogs.pass_time(30)

    stuck = poll(dialogs, subject=None, size=2)

    assert (stuck.json(), "next" in stuck.headers) == ([], False)
    assert [event["resourceinstance"] for event in poll(dialogs, size=2).json()] == [mine]


def test_behaviour_25_types_match_as_patterns_and_an_unknown_cursor_is_the_beginning(dialogs: DialogRig) -> None:
    ident = dialogs.open()
    dialogs.add(ident, "activities", type="FormSaved")
    dialogs.pass_time(30)

    assert len(poll(dialogs, after="unknown").json()) == 3
    liked = poll(dialogs, type=["dialogporten.dialog.activity.%", "dialogporten.dialog.created.v1"]).json()
    assert [event["type"].split(".")[2] for event in liked] == ["created", "activity"]


def test_an_agents_rights_are_remembered_without_the_subject(dialogs: DialogRig) -> None:
    """The first decision of the hour counts for all its clients, as the real service's does."""
    resource = "ske-innrapportering-amelding"
    agent = dialogs.agent(externalRef="agent")
    dialogs.control(f"system-users/{agent}/clients", {"orgnrs": [K]})
    raw = dialogs.token(f"{READ} {FOLLOW}", authorization_details=rar(ACCOUNTANT, externalRef="agent"))
    headers = {"Authorization": f"Bearer {dialogs.exchange(raw).text.strip(chr(34))}"}
    assert dialogs.subscribe(headers=headers, resourceFilter=URN + resource).status_code == 201
    dialogs.deliver()
    dialogs.hooks.clear()
    dialogs.open(resource=resource)
    assert dialogs.kinds() == ["created"]

    user = dialogs.app.state.system_users[agent]
    user.clients = []
    dialogs.open(resource=resource)
    assert dialogs.kinds() == ["created", "created"]

    dialogs.pass_time(3600)
    dialogs.open(resource=resource)
    assert dialogs.kinds() == ["created", "created"]
