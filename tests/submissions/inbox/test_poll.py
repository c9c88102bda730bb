"""A polling round: what it costs, where it goes on, what it refuses to believe, and how it waits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from django.db import connection

from portal.core import lease
from portal.gateways import http
from portal.sandbox.dialogs import by_party, update_dialog
from submissions.models import Dialog, PollCursor, Submission
from submissions.services.inbox import cursors, poll
from submissions.services.inbox import reading as pages
from systemusers.models import Access, SigningKey
from systemusers.services import keys
from tests.submissions.inbox.reading import DIALOGS, Reading
from tests.submissions.world import BY

OTHER = "310629499"


def wait_of(reading: Reading) -> float:
    """Whole seconds to the next round. What the round itself took is a small part of one."""
    next_round = reading.cursor.next_attempt_at
    assert next_round is not None
    return round((next_round - reading.world.at).total_seconds())


def next_round(row: PollCursor, *, at: datetime, **pressing: Any) -> datetime:
    given = cursors.Pressing(pressing.get("awaited", {}), frozenset(pressing.get("deadlines", ())))
    return cursors.next_round(row, cursors.tier_of(row, given, at=at), given, at=at)


def test_a_quiet_round_costs_one_token_and_one_search(reading: Reading) -> None:
    reading.poll()

    assert reading.calls() == ["POST /maskinporten/token", f"GET {DIALOGS}"]


def test_the_next_quiet_round_costs_one_search(reading: Reading) -> None:
    reading.opens()
    reading.poll()
    before = len(reading.calls())
    PollCursor.objects.update(next_attempt_at=reading.world.at)

    reading.poll()

    assert reading.calls()[before:] == [f"GET {DIALOGS}"]


def test_no_call_is_made_inside_a_transaction(
    reading: Reading, monkeypatch: pytest.MonkeyPatch, transactional_db: None
) -> None:
    depths: list[bool] = []
    monkeypatch.setattr(http, "observers", [lambda _stats: depths.append(connection.in_atomic_block)])
    reading.opens()

    reading.round()

    assert len(depths) >= 4
    assert not any(depths)


def test_a_place_is_kept_with_the_dialogs_and_only_news_is_asked_for(reading: Reading) -> None:
    remote = reading.opens(title="Først")
    reading.poll()
    reading.world.let_pass(60)
    update_dialog(reading.world.app, remote, {"title": {"nb": "Så"}}, now=reading.world.at)
    PollCursor.objects.update(next_attempt_at=reading.world.at)

    moved = reading.poll()

    assert [row.title for row in Dialog.objects.all()] == ["Så"]
    assert moved == [Dialog.objects.get().pk]
    assert "updatedat_" in reading.cursor.tokens[0]


def test_many_pages_are_read_to_the_end(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "PAGE", 2)
    for number in range(5):
        reading.world.let_pass(1)
        reading.opens(title=f"Nummer {number}")

    reading.poll()

    assert Dialog.objects.count() == 5


def test_what_one_round_does_not_reach_comes_at_once_in_the_next(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PAGE", 2)
    monkeypatch.setattr(pages, "MOST_PAGES", 1)
    for number in range(5):
        reading.world.let_pass(1)
        reading.opens(title=f"Nummer {number}")

    rounds = [len(reading.poll()) for _ in range(3)]

    assert rounds == [2, 2, 1]


def test_a_dialog_of_another_party_is_not_filed(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    """As instance delegation may bring along: the sandbox is made to forget the party filter."""
    reading.opens(title="Fremmed", orgnr=OTHER)
    reading.opens(title="Egen")
    mine = reading.world.access.customer.orgnr
    everything = [d for result in by_party(reading.world.app).values() for d in result]
    monkeypatch.setitem(by_party(reading.world.app), mine, everything)

    reading.poll()

    assert [row.title for row in Dialog.objects.all()] == ["Egen"]


def test_a_second_round_changes_nothing(reading: Reading) -> None:
    reading.opens()
    reading.round()
    before = list(Dialog.objects.values())
    PollCursor.objects.update(next_attempt_at=reading.world.at, tokens=[])

    moved = reading.poll()

    assert moved == []
    assert list(Dialog.objects.values()) == before


def test_two_workers_never_claim_the_same_cursor(reading: Reading) -> None:
    cursors.make_cursors(at=reading.world.at)

    first, second = (lease.claim(cursors.usable(), at=reading.world.at) for _ in range(2))

    assert ([hold.row for hold in first], second) == ([reading.cursor], [])


def test_a_message_that_comes_twice_asks_once(reading: Reading) -> None:
    cursors.make_cursors(at=reading.world.at)
    first = poll.poll_due(at=reading.world.at)
    before = reading.calls()

    again = poll.poll_due(at=reading.world.at)

    assert (first.taken, again.taken, reading.calls()) == (1, 0, before)


def between(monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any]) -> None:
    """Let `act` happen after the answers have come and before they are stored."""
    awaited = cursors.awaited
    monkeypatch.setattr(cursors, "awaited", lambda ids: (act(), awaited(ids))[1])


def test_a_worker_that_has_lost_its_lease_stores_nothing(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    reading.opens()
    later = reading.world.at + timedelta(hours=1)
    between(monkeypatch, lambda: lease.claim(cursors.usable(), at=later))

    moved = reading.poll()

    assert moved == []
    assert (reading.cursor.lease_until, reading.cursor.tokens) == (later + lease.LEASE, [])


def test_a_dead_workers_cursor_is_free_when_the_lease_ends(reading: Reading) -> None:
    cursors.make_cursors(at=reading.world.at)
    lease.claim(cursors.usable(), at=reading.world.at)
    reading.world.let_pass(lease.LEASE.total_seconds())

    assert [hold.row for hold in lease.claim(cursors.usable(), at=reading.world.at)] == [reading.cursor]


def test_a_nudge_during_a_round_is_not_lost(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    at, access_id = reading.world.at, reading.world.access.pk
    between(monkeypatch, lambda: cursors.make_due(access_id=access_id, at=at))

    reading.poll()

    assert wait_of(reading) == 0


def test_an_access_that_is_gone_is_only_noted(reading: Reading) -> None:
    reading.opens()
    user = next(iter(reading.world.app.state.system_users.values()))
    user.deleted = True

    reading.poll()

    access = Access.objects.get()
    assert (reading.cursor.problem_code, reading.cursor.failures) == ("MP-303", 1)
    assert (access.status, access.missing_since) == ("IN_USE", reading.world.at)
    assert wait_of(reading) >= 2


def test_the_first_token_puts_an_approved_access_in_use(reading: Reading) -> None:
    Access.objects.update(status="APPROVED")

    reading.poll()

    assert Access.objects.get().status == "IN_USE"


def test_without_a_key_the_cursor_says_so(reading: Reading) -> None:
    SigningKey.objects.update(status="NEW")

    reading.poll()

    assert reading.cursor.problem_code == "NO_KEY"
    assert reading.calls() == []


def test_a_search_that_takes_too_long_is_asked_again_later_and_later(reading: Reading) -> None:
    reading.world.app.state.settings.slow_search = True

    reading.poll()
    first = wait_of(reading)
    reading.world.let_pass(first + 1)
    reading.poll()

    assert (first, wait_of(reading)) == (2, 4)
    assert not any(reading.cursor.tokens)


def test_maintenance_with_a_date_is_waited_for_until_then(reading: Reading) -> None:
    until = reading.world.at.replace(microsecond=0) + timedelta(minutes=40)
    reading.fault(status=503, retry_after=format_datetime(until, usegmt=True))

    reading.poll()

    assert reading.cursor.problem_code == "UNAVAILABLE"
    assert wait_of(reading) > 0


def test_too_many_calls_are_answered_by_waiting_as_asked(reading: Reading) -> None:
    reading.fault(status=429, retry_after="77")

    reading.poll()

    assert wait_of(reading) == 77


def test_after_a_failure_the_place_is_the_same_and_nothing_is_lost(reading: Reading) -> None:
    reading.opens(title="Først")
    reading.poll()
    place = reading.cursor.tokens
    reading.world.let_pass(3600)
    reading.opens(title="Så")
    reading.fault(status=500)

    reading.poll()
    after_failure = reading.cursor.tokens
    reading.world.let_pass(120)
    reading.poll()

    assert after_failure == place
    assert Dialog.objects.count() == 2
    assert (reading.cursor.failures, reading.cursor.problem_code) == (0, "")


def test_a_place_the_server_no_longer_takes_is_forgotten_and_read_again(reading: Reading) -> None:
    reading.opens()
    reading.poll()
    PollCursor.objects.update(tokens=["dueat_nonsense"], next_attempt_at=reading.world.at)

    reading.poll()
    row = reading.cursor
    is_reset = (row.tokens, row.next_attempt_at == reading.world.at)
    reading.poll()

    assert is_reset == ([], True)
    assert "updatedat_" in reading.cursor.tokens[0]


def test_an_access_with_an_agent_asks_by_service_and_files_each_under_its_customer(reading: Reading) -> None:
    client = reading.world.new_customer(OTHER, "Klient AS")
    reading.world.become_accountant(client)
    cursors.make_cursors(at=reading.world.at)
    own = PollCursor.objects.exclude(access=reading.world.access)
    own.update(next_attempt_at=reading.world.at + timedelta(hours=1))
    reading.opens(orgnr=OTHER)

    reading.poll()

    sent = next(r for r in reading.world.transport.requests if r.url.path == DIALOGS)
    assert "serviceResource" in sent.url.params
    assert "party" not in sent.url.params
    assert Dialog.objects.get().customer == client


def test_now_and_then_the_last_days_are_read_once_more(reading: Reading) -> None:
    reading.opens()
    reading.poll()
    late = reading.opens(title="Kom sent")
    late.updated_at = late.content_updated_at = late.created_at = reading.world.at - timedelta(minutes=5)
    reading.world.let_pass(25 * 60)
    PollCursor.objects.update(next_attempt_at=reading.world.at, rights_at=None)

    reading.poll()

    assert Dialog.objects.filter(title="Kom sent").exists()
    assert reading.cursor.overlap_at == reading.world.at + cursors.OVERLAP_EVERY


def test_what_is_new_is_stored_although_the_second_reading_goes_on_failing(reading: Reading) -> None:
    reading.opens(title="Først")
    reading.poll()
    PollCursor.objects.update(overlap_at=reading.world.at)
    for number in range(3):
        reading.world.let_pass(25 * 60)
        reading.opens(title=f"Ny {number}")
        reading.world.app.faults.clear()
        reading.fault(status=500, after=1)  # the first search is answered
        PollCursor.objects.update(next_attempt_at=reading.world.at)
        reading.poll()

    row = reading.cursor
    failing = (Dialog.objects.count(), row.failures, row.problem_code)
    reading.world.let_pass(25 * 60)
    reading.world.app.faults.clear()
    reading.poll()

    assert failing == (4, 3, "UNAVAILABLE")
    assert row.next_attempt_at is not None
    assert (reading.cursor.failures, reading.cursor.problem_code) == (0, "")
    assert reading.cursor.overlap_at == reading.world.at + cursors.OVERLAP_EVERY


def test_a_customer_with_two_accesses_has_each_dialog_once(reading: Reading) -> None:
    reading.world.another_access()
    reading.opens()

    reading.poll()

    assert Dialog.objects.count() == 1
    assert PollCursor.objects.count() == 2


def test_while_a_verdict_is_awaited_we_ask_every_quarter_of_a_minute(reading: Reading) -> None:
    reading.delivered()

    reading.poll()

    assert wait_of(reading) == 15


@pytest.mark.parametrize(
    ("quiet", "least", "most"), [(1, 12 * 60, 18 * 60), (30, 96 * 60, 144 * 60), (90, 576 * 60, 864 * 60)]
)
def test_the_longer_nothing_changed_the_seldomer_we_ask(reading: Reading, quiet: int, least: int, most: int) -> None:
    cursors.make_cursors(at=reading.world.at)
    row = reading.cursor
    row.changed_at, row.full_at = reading.world.at - timedelta(days=quiet), None

    due = next_round(row, at=reading.world.at)

    assert least <= (due - reading.world.at).total_seconds() <= most


@pytest.mark.parametrize(("since", "least", "most"), [(2, 15, 15), (29, 15, 15), (31, 576, 864)])
def test_a_verdict_that_does_not_come_is_not_awaited_for_ever(
    reading: Reading, since: int, least: int, most: int
) -> None:
    cursors.make_cursors(at=reading.world.at)
    row = reading.cursor
    row.changed_at, row.full_at = reading.world.at - timedelta(days=90), None

    due = next_round(row, at=reading.world.at, awaited={row.access_id: reading.world.at - timedelta(days=since)})

    assert least * 60 <= (due - reading.world.at).total_seconds() <= most * 60


def test_an_answer_that_comes_elsewhere_is_not_awaited_here(reading: Reading) -> None:
    delivered = reading.delivered()
    access = delivered.access_id
    assert access is not None
    before = cursors.awaited([access])

    Submission.objects.filter(pk=delivered.pk).update(service="skattemelding")

    assert (list(before), cursors.awaited([access])) == ([access], {})


def test_an_access_that_is_no_longer_ours_is_not_asked_about(reading: Reading) -> None:
    cursors.make_cursors(at=reading.world.at)
    Access.objects.update(status="REMOVED")

    assert poll.poll_due(at=reading.world.at).taken == 0


def test_a_new_key_makes_what_waited_for_one_due(reading: Reading) -> None:
    reading.opens()
    reading.poll()
    PollCursor.objects.update(next_attempt_at=reading.world.at)
    SigningKey.objects.update(status="NEW")
    for _ in range(8):
        reading.round()
        reading.world.let_pass(300)
    waiting = (reading.cursor.problem_code, Dialog.objects.get().problem_code)
    far = reading.world.at + timedelta(minutes=30)
    for rows in (PollCursor.objects, Dialog.objects):
        rows.update(next_attempt_at=far)

    SigningKey.objects.update(status="NEW")
    keys.activate_key(key=SigningKey.objects.get(), by=BY, at=reading.world.at)
    due = (reading.cursor.next_attempt_at, Dialog.objects.get().next_attempt_at)
    reading.round()

    assert (waiting, due) == (("NO_KEY", "NO_KEY"), (reading.world.at, reading.world.at))
    assert (reading.cursor.problem_code, Dialog.objects.get().next_attempt_at) == ("", None)


def test_a_batch_that_takes_too_long_stores_what_came_and_gives_back_the_rest(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        reading.world.another_access()
    monkeypatch.setattr(poll, "THREADS", 1)
    monkeypatch.setattr(poll, "ENOUGH", 0.3)
    reading.fault(kind="slow", seconds=0.5, times=1)

    reading.poll()

    polled = PollCursor.objects.filter(polled_at__isnull=False)
    left = PollCursor.objects.filter(polled_at__isnull=True)
    assert (polled.count(), left.count()) == (1, 2)
    assert set(left.values_list("next_attempt_at", "lease_until", "failures")) == {(reading.world.at, None, 0)}


def test_a_round_of_many_pages_stops_in_time_and_goes_on_at_once(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PAGE", 1)
    monkeypatch.setattr(poll, "ENOUGH", 0.3)
    for number in range(3):
        reading.world.let_pass(1)
        reading.opens(title=f"Nummer {number}")
    reading.fault(kind="slow", seconds=0.5, times=1)

    first = len(reading.poll())
    rest = len(reading.poll())

    assert (first, rest) == (1, 2)


def test_quick_answers_are_stored_while_a_slow_one_is_waited_for(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading.world.another_access()
    monkeypatch.setattr("portal.core.side_by_side.STORE_EVERY", 0.2)
    stored: list[int] = []
    store_all = poll._store_all
    monkeypatch.setattr(
        poll, "_store_all", lambda answers, known: (stored.append(len(answers)), store_all(answers, known))[1]
    )
    reading.fault(kind="slow", seconds=1.5, times=1)

    reading.poll()

    assert [number for number in stored if number] == [1, 1]


def test_a_fault_of_our_own_in_one_answer_stops_no_other(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    reading.world.another_access()
    read_pages, calls = pages.read_pages, []

    def broken_once(*given: Any) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise KeyError("bug")
        read_pages(*given)

    monkeypatch.setattr(pages, "read_pages", broken_once)
    reading.poll()

    assert sorted(PollCursor.objects.values_list("problem_code", "failures")) == [("", 0), ("INTERNAL_ERROR", 1)]
