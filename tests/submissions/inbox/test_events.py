"""Altinn Events: subscriptions that the sandbox confirms, a webhook that trusts nobody, and a poll that follows."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from portal.core.logging import redact
from portal.sandbox import webhooks
from portal.sandbox.dialogs import update_dialog
from submissions import tasks
from submissions.models import Dialog, EventSubscription, PollCursor, ReceivedEvent
from submissions.services import events
from tests.fixtures import CUSTOMER_ORGNR
from tests.submissions.inbox.reading import Reading

SUBSCRIPTIONS = "/platform/events/api/v1/subscriptions"
SUBJECT = f"urn:altinn:organization:identifier-no:{CUSTOMER_ORGNR}"


@pytest.fixture(autouse=True)
def same_clock(reading: Reading, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(timezone, "now", lambda: reading.world.at)
    settings.PORTAL_URL = "https://portal.example"
    client = next(iter(reading.world.app.state.clients.values()))
    client.scopes = [*client.scopes, "altinn:events.subscribe"]


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any) -> list[int]:
    """The cursors a poll was rung for."""
    cursors: list[int] = []
    monkeypatch.setattr(tasks.poll_one, "apply_async", lambda kwargs, **_: cursors.append(kwargs["cursor_id"]))
    return cursors


@pytest.fixture
def altinn(reading: Reading, client: Client, django_capture_on_commit_callbacks: Any) -> Any:
    """Let Altinn send what waits; gives the statuses our webhook answered."""
    answers: list[int] = []

    def deliver(url: str, body: bytes, headers: dict[str, str]) -> int:
        with django_capture_on_commit_callbacks(execute=True):
            reply = client.post(urlsplit(url).path, body, content_type=headers["Content-Type"])
        answers.append(reply.status_code)
        return reply.status_code

    def send() -> list[int]:
        answers.clear()
        webhooks.pump(reading.world.app, deliver=deliver)
        return list(answers)

    return send


def subscribe(reading: Reading, altinn: Any) -> EventSubscription:
    events.subscribe(access_id=reading.world.access.pk, at=reading.world.at)
    altinn()
    return EventSubscription.objects.get()


def endpoint(reading: Reading) -> str:
    return urlsplit(next(iter(reading.world.app.state.subscriptions.values())).endpoint).path


def event(**changes: Any) -> dict[str, Any]:
    plain = {
        "specversion": "1.0", "id": "0198c2aa-1f0e-7c31-8a44-0d7a5a1b2c3d", "type": "dialogporten.dialog.updated.v1",
        "source": "https://platform.example/dialogs/1", "subject": SUBJECT, "resource": "urn:altinn:resource:x",
    }  # fmt: skip
    return {**plain, **changes}


def post(client: Client, path: str, body: Any) -> int:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(path, content, content_type="application/json").status_code


def test_a_subscription_is_confirmed_by_altinns_own_call(reading: Reading, altinn: Any) -> None:
    row = subscribe(reading, altinn)

    remote = reading.world.app.state.subscriptions[row.altinn_id]
    assert (remote.validated, row.validated_at) == (True, reading.world.at)
    assert remote.subject == SUBJECT


def test_the_secret_in_the_address_is_kept_nowhere(
    reading: Reading, altinn: Any, caplog: pytest.LogCaptureFixture
) -> None:
    row = subscribe(reading, altinn)

    secret = endpoint(reading).rsplit("/", 1)[-1]
    assert len(secret) >= 43
    assert secret not in json.dumps(list(EventSubscription.objects.values()), default=str) + caplog.text
    assert row.secret_hash == events.hashed(secret)


def test_an_event_leads_to_a_poll_and_the_dialog(reading: Reading, altinn: Any, rung: list[int]) -> None:
    subscribe(reading, altinn)
    reading.poll()
    reading.opens(title="Kom med en hendelse")

    answers = altinn()

    assert answers == [204]
    assert rung == [reading.cursor.pk]
    assert reading.cursor.due_at <= reading.world.at
    tasks.poll_one.apply(kwargs={"cursor_id": rung[0]}, throw=True)
    assert Dialog.objects.filter(title="Kom med en hendelse").exists()


def test_an_event_that_comes_twice_rings_once(reading: Reading, altinn: Any, rung: list[int]) -> None:
    reading.world.app.state.settings.duplicate_events = True
    subscribe(reading, altinn)
    reading.poll()
    reading.opens()

    answers = altinn()

    assert answers == [204, 204]
    assert (len(rung), ReceivedEvent.objects.count()) == (1, 1)


def test_a_forged_secret_does_not_exist(reading: Reading, altinn: Any, client: Client, rung: list[int]) -> None:
    subscribe(reading, altinn)

    assert post(client, "/hooks/events/guessed", event()) == 404
    assert (rung, ReceivedEvent.objects.count()) == ([], 0)


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "urn:altinn:organization:identifier-no:310629499"},
        {"subject": ""},
        {"type": "dialogporten.dialog.seen.v1"},
    ],
    ids=["another customer", "no customer", "seen"],
)
def test_what_is_nothing_to_us_is_dropped(
    reading: Reading, altinn: Any, client: Client, rung: list[int], changes: dict[str, str]
) -> None:
    subscribe(reading, altinn)
    reading.poll()

    assert post(client, endpoint(reading), event(**changes)) == 204
    assert (rung, ReceivedEvent.objects.count()) == ([], 0)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{}", b"[]", b"null", b"not json", b"\xff\xfe", b'{"specversion":"1.0"}',
        b'{"specversion":"1.0","id":1,"source":"x","type":"y"}', b"[" * 60000,
    ],
)  # fmt: skip
def test_what_is_no_event_is_refused(reading: Reading, altinn: Any, client: Client, body: bytes) -> None:
    subscribe(reading, altinn)

    assert post(client, endpoint(reading), body) == 400


def test_a_refused_call_leaves_no_secret_in_the_log(
    reading: Reading, altinn: Any, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    subscribe(reading, altinn)

    post(client, endpoint(reading), b"not json")

    written = redact(caplog.text)
    assert "/hooks/events/[secret]" in written
    assert endpoint(reading).rsplit("/", 1)[-1] not in written


def test_a_body_that_is_too_large_is_not_read(reading: Reading, altinn: Any, client: Client) -> None:
    subscribe(reading, altinn)

    assert post(client, endpoint(reading), b"x" * (64 * 1024 + 1)) == 413


def test_long_words_of_strangers_fit(reading: Reading, altinn: Any, client: Client, rung: list[int]) -> None:
    subscribe(reading, altinn)
    reading.poll()

    assert post(client, endpoint(reading), event(id="i" * 5000, source="s" * 9000, type="t" * 5000)) == 204
    assert post(client, endpoint(reading), event(id="null\x00byte")) == 400


def test_only_post_is_answered(client: Client, reading: Reading) -> None:
    assert client.get("/hooks/events/anything").status_code == 405


def test_the_webhook_answers_within_a_second(reading: Reading, altinn: Any, client: Client, rung: list[int]) -> None:
    subscribe(reading, altinn)
    reading.poll()
    started = time.perf_counter()

    post(client, endpoint(reading), event())

    assert time.perf_counter() - started < 1


def test_an_access_without_subscription_is_wanting_until_it_has_one(reading: Reading, altinn: Any) -> None:
    before = events.wanting(at=reading.world.at)
    subscribe(reading, altinn)

    assert before == [reading.world.access.pk]
    assert events.wanting(at=reading.world.at + timedelta(days=2)) == []


def test_a_refusal_is_kept_and_tried_again_much_later(reading: Reading) -> None:
    user = next(iter(reading.world.app.state.system_users.values()))
    user.rights = []

    events.subscribe(access_id=reading.world.access.pk, at=reading.world.at)

    row = EventSubscription.objects.get()
    assert (row.refused_code, row.altinn_id) == ("403", None)
    assert events.wanting(at=reading.world.at + timedelta(hours=5)) == []
    assert events.wanting(at=reading.world.at + timedelta(hours=7)) == [reading.world.access.pk]


def test_a_scope_we_lack_is_kept_as_a_refusal(reading: Reading) -> None:
    client = next(iter(reading.world.app.state.clients.values()))
    client.scopes = [scope for scope in client.scopes if "events" not in scope]

    events.subscribe(access_id=reading.world.access.pk, at=reading.world.at)

    assert EventSubscription.objects.get().refused_code


def test_a_lost_answer_leaves_one_subscription_in_the_end(reading: Reading, altinn: Any) -> None:
    reading.fault("events", kind="lost", path=SUBSCRIPTIONS)
    tasks.subscribe_access.apply(kwargs={"access_id": reading.world.access.pk}, throw=True)
    reading.world.let_pass(events.UNANSWERED.total_seconds() + 1)

    again = events.wanting(at=reading.world.at)
    row = subscribe(reading, altinn)

    assert again == [reading.world.access.pk]
    assert list(reading.world.app.state.subscriptions) == [row.altinn_id]


def test_the_forgotten_address_of_an_older_subscription_is_gone(reading: Reading, altinn: Any, client: Client) -> None:
    subscribe(reading, altinn)
    older = endpoint(reading)

    subscribe(reading, altinn)

    assert post(client, older, event()) == 404
    assert endpoint(reading) != older


def test_without_https_only_the_sandbox_is_asked(reading: Reading, settings: Any) -> None:
    settings.PORTAL_URL = "http://localhost:8000"

    assert events.can_subscribe("SANDBOX")
    assert not events.can_subscribe("TEST")


def test_polling_finds_what_no_event_told(reading: Reading, altinn: Any) -> None:
    remote = reading.opens(title="Uten hendelse")
    update_dialog(reading.world.app, remote, {"status": "RequiresAttention"}, now=reading.world.at, silent=True)

    reading.poll()

    assert Dialog.objects.get().title == "Uten hendelse"


def test_old_events_are_forgotten(reading: Reading, altinn: Any, client: Client, rung: list[int]) -> None:
    subscribe(reading, altinn)
    reading.poll()
    post(client, endpoint(reading), event())

    kept = events.forget_old(at=reading.world.at + timedelta(days=89))
    gone = events.forget_old(at=reading.world.at + timedelta(days=91))

    assert (kept, gone) == (0, 1)


def test_an_event_before_the_first_round_is_no_fault(
    reading: Reading, altinn: Any, client: Client, rung: list[int]
) -> None:
    subscribe(reading, altinn)

    assert post(client, endpoint(reading), event()) == 204
    assert (rung, PollCursor.objects.count()) == ([], 0)
