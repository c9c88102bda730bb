"""Altinn Events: subscriptions that the sandbox confirms, a webhook that trusts nobody, and a poll that follows."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.core import lease
from portal.core.audit import AuditEvent
from portal.core.logging import OneLineForStrangers, redact
from portal.gateways.events import parse_event
from portal.sandbox import webhooks
from portal.sandbox.dialogs import delete_dialog, update_dialog
from submissions import tasks
from submissions.models import Dialog, EventSubscription, PollCursor, ReceivedEvent
from submissions.services.inbox import events
from submissions.services.inbox.subscriptions import asking, wanted
from submissions.views import hooks
from systemusers.models import Access
from tests.core.purging import purged
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
def woken(monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any) -> list[dict[str, Any]]:
    """What the messages held that woke a worker to poll."""
    messages: list[dict[str, Any]] = []
    monkeypatch.setattr(tasks.poll_cursors, "apply_async", lambda kwargs, **_: messages.append(kwargs))
    return messages


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


def ask(reading: Reading) -> int:
    """What sweep_subscriptions does; gives how many subscriptions Altinn was asked for."""
    wanted.make_subscriptions(at=reading.world.at)
    return asking.subscribe_due(at=reading.world.at)


def subscribe(reading: Reading, altinn: Any) -> EventSubscription:
    ask(reading)
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
    assert (remote.validated, row.validated_at, row.next_attempt_at) == (True, reading.world.at, None)
    assert remote.subject == SUBJECT


def test_a_token_that_altinn_no_longer_takes_is_replaced_at_once(reading: Reading, altinn: Any) -> None:
    reading.fault("events", path=SUBSCRIPTIONS, status=401, times=1)

    row = subscribe(reading, altinn)

    assert (row.validated_at, row.problem_code, row.failures) == (reading.world.at, "", 0)
    assert len(reading.world.app.state.subscriptions) == 1


def test_a_fresh_token_is_asked_for_once_only(reading: Reading) -> None:
    reading.fault("events", path=SUBSCRIPTIONS, status=401, times=2)

    ask(reading)

    row = EventSubscription.objects.get()
    calls = [call for call in reading.calls(SUBSCRIPTIONS) if call.startswith("POST")]
    assert (row.problem_code, row.altinn_id, len(calls)) == ("HTTP-401", None, 2)


def test_the_secret_in_the_address_is_kept_nowhere(
    reading: Reading, altinn: Any, caplog: pytest.LogCaptureFixture
) -> None:
    row = subscribe(reading, altinn)

    secret = endpoint(reading).rsplit("/", 1)[-1]
    assert len(secret) >= 43
    assert secret not in json.dumps(list(EventSubscription.objects.values()), default=str) + caplog.text
    assert row.secret_hash == wanted.hashed(secret)


def test_an_event_leads_to_a_poll_and_the_dialog(reading: Reading, altinn: Any, woken: list[dict[str, Any]]) -> None:
    subscribe(reading, altinn)
    reading.poll()
    reading.opens(title="Kom med en hendelse")

    answers = altinn()

    assert answers == [204]
    assert woken == [{}]
    assert reading.cursor.next_attempt_at <= reading.world.at  # type: ignore[operator]
    tasks.poll_cursors.apply(throw=True)
    assert Dialog.objects.filter(title="Kom med en hendelse").exists()


def test_an_event_that_comes_twice_rings_once(reading: Reading, altinn: Any, woken: list[dict[str, Any]]) -> None:
    reading.world.app.state.settings.duplicate_events = True
    subscribe(reading, altinn)
    reading.poll()
    reading.opens()

    answers = altinn()

    assert answers == [204, 204]
    assert (len(woken), ReceivedEvent.objects.count()) == (1, 1)


def test_a_forged_secret_does_not_exist(
    reading: Reading, altinn: Any, client: Client, woken: list[dict[str, Any]]
) -> None:
    subscribe(reading, altinn)

    assert post(client, "/hooks/events/guessed", event()) == 404
    assert (woken, ReceivedEvent.objects.count()) == ([], 0)


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
    reading: Reading, altinn: Any, client: Client, woken: list[dict[str, Any]], changes: dict[str, str]
) -> None:
    subscribe(reading, altinn)
    reading.poll()

    assert post(client, endpoint(reading), event(**changes)) == 204
    assert (woken, ReceivedEvent.objects.count()) == ([], 0)


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


def test_a_stranger_fills_neither_the_log_nor_our_time(
    reading: Reading, altinn: Any, client: Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe(reading, altinn)
    own = endpoint(reading)
    monkeypatch.setattr("portal.core.rate.WINDOW", 10**10)  # so that no minute ends meanwhile
    monkeypatch.setattr(caplog.handler, "filters", [OneLineForStrangers()])  # as of the handler that writes the log

    statuses = [post(client, f"/hooks/events/guess-{n}", event()) for n in range(hooks.MOST_REFUSED)]
    with CaptureQueriesContext(connection) as queries:
        statuses += [post(client, f"/hooks/events/more-{n}", event()) for n in range(5)]
    elsewhere = client.post(own, event(), content_type="application/json", REMOTE_ADDR="192.0.2.7").status_code

    lines = [one for one in caplog.records if one.name == "django.request"]
    assert list(queries) == []
    assert statuses == [404] * hooks.MOST_REFUSED + [429] * 5
    assert {one.status_code for one in lines} == {404, 429}  # type: ignore[attr-defined]
    assert len(lines) < 10
    assert elsewhere == 204


def test_what_altinn_sends_is_not_counted(
    reading: Reading, altinn: Any, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe(reading, altinn)
    monkeypatch.setattr(hooks, "MOST_REFUSED", 2)

    assert {post(client, endpoint(reading), event(id=f"e{n}")) for n in range(5)} == {204}


def test_a_body_that_is_too_large_is_not_read(reading: Reading, altinn: Any, client: Client) -> None:
    subscribe(reading, altinn)

    assert post(client, endpoint(reading), b"x" * (64 * 1024 + 1)) == 413


def test_long_words_of_strangers_fit(
    reading: Reading, altinn: Any, client: Client, woken: list[dict[str, Any]]
) -> None:
    subscribe(reading, altinn)
    reading.poll()

    assert post(client, endpoint(reading), event(id="i" * 5000, source="s" * 9000, type="t" * 5000)) == 204
    assert post(client, endpoint(reading), event(id="null\x00byte")) == 400


def test_only_post_is_answered(client: Client, reading: Reading) -> None:
    assert client.get("/hooks/events/anything").status_code == 405


def test_the_webhook_answers_within_a_second(
    reading: Reading, altinn: Any, client: Client, woken: list[dict[str, Any]]
) -> None:
    subscribe(reading, altinn)
    reading.poll()
    started = time.perf_counter()

    post(client, endpoint(reading), event())

    assert time.perf_counter() - started < 1


def test_a_subscription_is_asked_for_until_altinn_confirms_it(reading: Reading, altinn: Any) -> None:
    asked = [ask(reading)]
    reading.world.let_pass(asking.RETRY.total_seconds() + 5)
    asked.append(ask(reading))
    altinn()
    reading.world.let_pass(2 * 24 * 3600)
    asked.append(ask(reading))

    assert asked == [1, 1, 0]
    assert len(reading.world.app.state.subscriptions) == 1


def test_the_second_right_gets_its_subscription_too(reading: Reading, altinn: Any) -> None:
    subscribe(reading, altinn)
    access = reading.world.access
    access.rights = [*access.rights, "ske-krav-og-betalinger"]
    access.save()
    next(iter(reading.world.app.state.system_users.values())).rights = access.rights

    asked = ask(reading)
    altinn()

    assert asked == 1
    assert EventSubscription.objects.filter(validated_at__isnull=False).count() == 2


def test_a_right_that_was_taken_away_is_not_asked_for(reading: Reading) -> None:
    wanted.make_subscriptions(at=reading.world.at)
    Access.objects.update(rights=[])

    ask(reading)

    assert EventSubscription.objects.count() == 0
    assert reading.world.app.state.subscriptions == {}


def test_an_access_that_is_not_in_use_is_not_asked_for(reading: Reading) -> None:
    wanted.make_subscriptions(at=reading.world.at)
    Access.objects.update(status="REMOVED")

    assert ask(reading) == 0


def test_one_event_for_two_accesses_makes_both_due_and_a_second_delivery_none(
    reading: Reading, altinn: Any, client: Client, woken: list[dict[str, Any]]
) -> None:
    reading.world.another_access()
    ask(reading)
    reading.poll()
    PollCursor.objects.update(next_attempt_at=reading.world.at + timedelta(hours=1))
    addresses = [urlsplit(row.endpoint).path for row in reading.world.app.state.subscriptions.values()]

    answers = [post(client, address, event()) for address in addresses]
    due = PollCursor.objects.filter(next_attempt_at__lte=reading.world.at).count()
    PollCursor.objects.update(next_attempt_at=reading.world.at + timedelta(hours=1))
    again = post(client, addresses[0], event())

    assert (len(addresses), answers, due) == (2, [204, 204], 2)
    assert (again, PollCursor.objects.filter(next_attempt_at__lte=reading.world.at).count()) == (204, 0)


def test_a_refusal_is_kept_and_tried_again_much_later(reading: Reading) -> None:
    user = next(iter(reading.world.app.state.system_users.values()))
    user.rights = []

    ask(reading)

    row = EventSubscription.objects.get()
    assert (row.problem_code, row.altinn_id) == ("HTTP-403", None)
    reading.world.let_pass(5 * 3600)
    assert ask(reading) == 0
    reading.world.let_pass(2 * 3600)
    assert ask(reading) == 1


def test_a_subscription_that_goes_on_being_refused_is_counted_and_audited_once(reading: Reading) -> None:
    next(iter(reading.world.app.state.system_users.values())).rights = []

    for _ in range(4):
        ask(reading)
        reading.world.let_pass(7 * 3600)

    row = EventSubscription.objects.get()
    assert (row.failures, list(lease.lasting_problems(EventSubscription.objects.all()))) == (4, [row])
    assert AuditEvent.objects.filter(what="subscribe").count() == 1


def test_a_scope_we_lack_is_kept_as_a_refusal(reading: Reading) -> None:
    client = next(iter(reading.world.app.state.clients.values()))
    client.scopes = [scope for scope in client.scopes if "events" not in scope]

    ask(reading)

    assert EventSubscription.objects.get().problem_code == "MP-200"


def test_a_lost_answer_leaves_one_subscription_in_the_end(reading: Reading, altinn: Any) -> None:
    reading.fault("events", kind="lost", path=SUBSCRIPTIONS)
    tasks.sweep_subscriptions.apply(throw=True)
    waits = EventSubscription.objects.get().problem_code
    reading.world.let_pass(5)

    row = subscribe(reading, altinn)

    assert waits == "UNAVAILABLE"
    assert list(reading.world.app.state.subscriptions) == [row.altinn_id]


def test_the_forgotten_address_of_an_older_subscription_is_gone(reading: Reading, altinn: Any, client: Client) -> None:
    subscribe(reading, altinn)
    older = endpoint(reading)
    EventSubscription.objects.update(validated_at=None, next_attempt_at=reading.world.at)

    subscribe(reading, altinn)

    assert post(client, older, event()) == 404
    assert endpoint(reading) != older


def test_without_https_only_the_sandbox_is_asked(reading: Reading, settings: Any) -> None:
    settings.PORTAL_URL = "http://localhost:8000"

    assert wanted.can_subscribe("SANDBOX")
    assert not wanted.can_subscribe("TEST")


def test_polling_finds_what_no_event_told(reading: Reading, altinn: Any) -> None:
    remote = reading.opens(title="Uten hendelse")
    update_dialog(reading.world.app, remote, {"status": "RequiresAttention"}, now=reading.world.at, silent=True)

    reading.poll()

    assert Dialog.objects.get().title == "Uten hendelse"


def test_old_events_are_forgotten(reading: Reading, altinn: Any, client: Client, woken: list[dict[str, Any]]) -> None:
    subscribe(reading, altinn)
    reading.poll()
    post(client, endpoint(reading), event())

    kept = purged("events", at=reading.world.at + timedelta(days=89))
    gone = purged("events", at=reading.world.at + timedelta(days=91))

    assert (kept, gone) == (0, 1)


def test_an_event_before_the_first_round_is_no_fault(
    reading: Reading, altinn: Any, client: Client, woken: list[dict[str, Any]]
) -> None:
    subscribe(reading, altinn)

    assert post(client, endpoint(reading), event()) == 204
    assert (woken, PollCursor.objects.count()) == ([], 0)


def test_one_event_for_two_accesses_makes_both_due_and_a_repetition_neither(reading: Reading, altinn: Any) -> None:
    second = reading.world.another_access()
    reading.poll()
    secrets = {}
    for access in (reading.world.access, second):
        secrets[access.pk] = wanted.new_secret()
        EventSubscription.objects.create(
            access=access, resource="urn:altinn:resource:x", secret_hash=wanted.hashed(secrets[access.pk]),
            created_at=reading.world.at, validated_at=reading.world.at,
        )  # fmt: skip
    body = parse_event(json.dumps(event()).encode())
    reading.world.let_pass(1)

    first = [events.receive(secret=secret, event=body, at=reading.world.at) for secret in secrets.values()]
    again = [events.receive(secret=secret, event=body, at=reading.world.at) for secret in secrets.values()]

    assert (first, again) == ([True, True], [False, False])
    assert PollCursor.objects.filter(next_attempt_at__lte=reading.world.at).count() == 2


def test_an_event_of_a_deleted_dialog_marks_it_at_once(reading: Reading, altinn: Any) -> None:
    subscribe(reading, altinn)
    remote = reading.opens()
    reading.round()
    altinn()
    delete_dialog(reading.world.app, remote, now=reading.world.at)

    altinn()
    reading.pull()

    assert Dialog.objects.get().gone_reason == "DELETED"
