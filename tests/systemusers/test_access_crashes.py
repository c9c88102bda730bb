"""A worker that dies between any two lines, and two workers after one row: at the end one access, one truth."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from portal.core import lease
from portal.core.audit import AuditEvent
from systemusers.models import Access, SystemUser
from systemusers.services import access
from systemusers.services.access import answers, send
from tests.systemusers.world import BY, REQUESTS, World, fresh

S = Access.Status


class Died(BaseException):
    """The worker was killed: no `except Exception` sees it."""


def die(*_args: Any, **_kwargs: Any) -> Any:
    raise Died


def killed(world: World, row: Access) -> Access:
    with pytest.raises(Died):
        access.send_due(at=world.at)
    return fresh(row)


def die_instead_of_writing(monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    """The worker is killed just before it writes this column."""
    original = lease.Hold.write

    def write(self: Any, **fields: Any) -> None:
        if field in fields:
            raise Died
        original(self, **fields)

    monkeypatch.setattr(lease.Hold, "write", write)


@pytest.mark.parametrize("where", [(answers, "vendor_token"), (send, "_clear"), (send, "_create"), (answers, "settle")])
def test_a_worker_that_dies_while_sending_leaves_it_to_the_next(
    asked: Access, world: World, monkeypatch: pytest.MonkeyPatch, where: tuple[Any, str]
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(*where, die)
        dead = killed(world, asked)

    before = world.is_due(asked)
    world.let_pass(minutes=4)
    after = world.is_due(asked)
    row = world.send(asked)

    assert (dead.status, before, after) == (S.DRAFT, False, True)
    assert (row.status, list(world.app.state.requests)) == (S.SENT, [row.altinn_id])


def test_a_worker_that_dies_before_it_writes_the_answer_does_not_ask_twice(
    asked: Access, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(lease.Hold, "move_to", die)
        killed(world, asked)
    at_altinn = list(world.app.state.requests)

    world.let_pass(minutes=4)
    row = world.send(asked)

    assert at_altinn == [row.altinn_id]
    assert len(world.calls("POST", REQUESTS)) == 2


def test_a_worker_that_dies_between_taking_the_old_one_away_and_asking_anew_is_followed_up(
    sent: Access, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.decide(sent, "reject")
    row = world.poll(sent)
    access.renew_access(access=row, by=BY, at=world.at)
    with monkeypatch.context() as patch:
        die_instead_of_writing(patch, "altinn_id")
        killed(world, row)

    world.let_pass(minutes=4)
    renewed = world.send(row)

    assert (renewed.status, renewed.link_token) == (S.SENT, sent.link_token)
    assert list(world.app.state.requests) == [renewed.altinn_id] != [sent.altinn_id]


def test_a_worker_that_dies_on_approval_leaves_no_half_of_it(
    sent: Access, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.decide(sent, "approve")
    with monkeypatch.context() as patch, pytest.raises(Died):
        patch.setattr(lease.Hold, "move_to", die)
        world.poll(sent)
    half = SystemUser.objects.filter(access=sent).exists()

    world.let_pass(minutes=4)

    assert (half, world.poll(sent).status) == (False, S.APPROVED)


def test_the_intent_is_in_the_audit_trail_before_the_call(
    asked: Access, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send, "_create", die)

    killed(world, asked)

    assert AuditEvent.objects.filter(what="send", target=f"systemusers.Access:{asked.pk}").count() == 1


def test_a_worker_that_was_too_slow_does_not_overwrite_the_one_after(
    asked: Access, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = send._create

    def slow(hold: lease.Hold[Access], *args: Any) -> Any:
        answer = original(hold, *args)
        assert len(lease.claim(Access.objects.to_send(), at=world.at + timedelta(minutes=4))) == 1
        return answer

    monkeypatch.setattr(send, "_create", slow)

    access.send_due(at=world.at)

    row = fresh(asked)
    assert (row.status, row.attempts) == (S.DRAFT, 2)
    assert row.lease_until > world.at + timedelta(minutes=4)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run all acts at the same moment in threads of their own; results or the exceptions they raised."""
    barrier, results = threading.Barrier(len(acts)), [None] * len(acts)

    def run(place: int, act: Callable[[], Any]) -> None:
        try:
            barrier.wait(timeout=60)
            results[place] = act()
        except Exception as error:  # the test looks at what came out
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return results


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_one_sends(asked: Access, world: World) -> None:
    def act() -> int:
        return access.send_due(at=world.at)

    results = at_once(act, act, act)

    assert sorted(results) == [0, 0, 1]
    assert (fresh(asked).status, len(world.calls("POST", REQUESTS))) == (S.SENT, 1)


@pytest.mark.django_db(transaction=True)
def test_two_who_ask_for_the_same_at_once_make_one_access(asked: Access, world: World) -> None:
    customer, profile = asked.customer, asked.profile
    asked.delete()

    results = at_once(*[lambda: access.ask_access(customer=customer, profile=profile, by=BY, at=world.at)] * 3)

    assert sum(isinstance(result, access.AlreadyRequested) for result in results) == 2
    assert Access.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_profiles_at_once_get_references_of_their_own(asked: Access, world: World) -> None:
    from tests.systemusers.world import make_profile

    profiles = [make_profile(asked.profile.system, name) for name in ("Lønn", "Moms", "Skatt")]
    customer = asked.customer
    asked.delete()

    at_once(*[lambda p=p: access.ask_access(customer=customer, profile=p, by=BY, at=world.at) for p in profiles])

    references = list(Access.objects.values_list("external_ref", flat=True))
    assert len(set(references)) == len(references) == 3
    assert customer.orgnr in references
