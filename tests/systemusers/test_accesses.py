"""From asking to the customer's answer, with the sandbox behind the gateways."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import Customer
from portal.core.audit import AuditEvent
from systemusers.models import Access, AccessProfile, Kind, System, SystemUser
from systemusers.services import access
from systemusers.services.tokens import PATIENCE
from tests.systemusers.world import AGENT_PACKAGE, BY, REQUESTS, RETURN, World, fresh, make_profile

S = Access.Status


def test_a_draft_is_stored_with_what_is_asked_and_is_due_at_once(asked: Access, world: World) -> None:
    assert (asked.status, world.is_due(asked)) == (S.DRAFT, True)
    assert AuditEvent.objects.get(what="requested").by == BY


def test_the_first_profile_is_known_by_the_customers_number_and_the_second_by_its_own(
    asked: Access, known_customer: Customer, system: System, world: World
) -> None:
    second = make_profile(system, "Lønn")

    other = access.ask_access(customer=known_customer, profile=second, by=BY, at=world.at)

    assert asked.external_ref == known_customer.orgnr
    assert other.external_ref == f"{known_customer.orgnr}-{second.pk}"


def test_asking_twice_points_to_the_first(asked: Access, world: World) -> None:
    with pytest.raises(access.AlreadyRequested) as caught:
        access.ask_access(customer=asked.customer, profile=asked.profile, by=BY, at=world.at)

    assert caught.value.access == asked


def test_a_system_that_altinn_does_not_know_cannot_be_asked_for(
    known_customer: Customer, profile: AccessProfile, world: World
) -> None:
    System.objects.filter(pk=profile.system_id).update(status=System.Status.DRAFT)

    with pytest.raises(access.NotPossible, match="ikke registrert"):
        access.ask_access(customer=known_customer, profile=fresh(profile), by=BY, at=world.at)


def test_sending_gives_the_address_of_altinns_page_and_our_link_as_the_way_back(sent: Access, world: World) -> None:
    stored = world.app.state.requests[sent.altinn_id]

    assert (sent.status, sent.remote_status, world.is_now(sent.sent_at)) == (S.SENT, "New", True)
    assert sent.altinn_id in sent.confirm_url
    assert stored.redirect_url == f"{RETURN}?t={sent.link_token}"
    assert (stored.external_ref, stored.rights[0]["resource"][0]["value"]) == (sent.external_ref, sent.rights[0])


def test_an_agent_access_goes_to_the_agents_endpoint(known_customer: Customer, system: System, world: World) -> None:
    System.objects.filter(pk=system.pk).update(packages=[AGENT_PACKAGE])
    world.app.state.systems[system.system_id].packages = [AGENT_PACKAGE]
    profile = make_profile(fresh(system), "Regnskap", kind=Kind.AGENT, rights=[], packages=[AGENT_PACKAGE])

    row = world.send(access.ask_access(customer=known_customer, profile=profile, by=BY, at=world.at))
    world.decide(row, "approve")
    row = world.poll(row)

    assert (row.status, row.system_user.kind) == (S.APPROVED, Kind.AGENT)


def test_what_altinn_refuses_stays_a_draft_with_the_reason(asked: Access, world: World) -> None:
    world.app.state.organisations[asked.customer.orgnr].known = False

    row = world.send(asked)

    assert (row.status, row.problem_code, row.next_attempt_at, row.lease_until) == (S.DRAFT, "AUTH-00000", None, None)


def test_a_missing_scope_is_told_by_its_code(asked: Access, world: World) -> None:
    world.introduce_client(world.client, scopes=[])

    assert world.send(asked).problem_code == "MP-200"


@pytest.mark.parametrize("kind", ["timeout", "reset", "status", "lost", "truncated"])
def test_when_altinn_is_away_the_draft_waits_and_goes_later_without_a_second_one(
    asked: Access, world: World, kind: str
) -> None:
    world.fault(kind=kind, path=REQUESTS)

    waiting = world.send(asked)
    world.let_pass(minutes=1)
    row = world.send(asked)

    assert (waiting.status, waiting.problem_code, row.problem_code) == (S.DRAFT, "UNAVAILABLE", "")
    assert waiting.next_attempt_at > waiting.status_at
    assert (row.status, len(world.app.state.requests)) == (S.SENT, 1)


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "HTTP-401"), (403, "HTTP-403"), (408, "UNAVAILABLE"), (425, "UNAVAILABLE"), (429, "HTTP-429")],
)
def test_a_request_waits_for_what_passes_or_is_ours_to_mend_and_is_then_sent(
    asked: Access, world: World, status: int, code: str
) -> None:
    world.fault(kind="status", status=status, path=REQUESTS, times=1)

    waiting = world.send(asked)

    assert (waiting.status, waiting.problem_code) == (S.DRAFT, code)
    assert waiting.next_attempt_at is not None
    assert world.send(asked).status == S.SENT


def test_when_maskinporten_is_away_nothing_reaches_altinn(asked: Access, world: World) -> None:
    world.app.faults.clear()
    world.fault(service="maskinporten", kind="status", status=503, times=9)
    world.let_pass(minutes=5)  # the token of the registration has run out

    row = world.send(asked)

    assert (row.status, row.problem_code) == (S.DRAFT, "UNAVAILABLE")
    assert (fresh(asked).status, world.calls("POST", REQUESTS)) == (S.DRAFT, [])


def test_an_unreadable_answer_alarms_and_is_asked_again(asked: Access, world: World) -> None:
    world.fault(kind="status", status=201, body="{}", path=REQUESTS)

    row = world.send(asked)

    assert (row.status, row.problem_code) == (S.DRAFT, "BROKEN_REPLY")
    assert row.next_attempt_at > world.at


def test_an_access_in_other_hands_is_left_alone(asked: Access, world: World) -> None:
    Access.objects.filter(pk=asked.pk).update(lease_until=world.at.replace(year=2027))

    assert access.send_due(at=world.at) == 0
    assert world.calls("POST", REQUESTS) == []


def test_the_same_message_twice_makes_one_request_at_altinn(sent: Access, world: World) -> None:
    assert access.send_due(at=world.at) == 0
    assert len(world.calls("POST", REQUESTS)) == 1


def test_approval_is_told_by_altinn_and_brings_the_system_user(approved: Access, world: World) -> None:
    user = SystemUser.objects.get(access=approved)

    assert (approved.status, approved.remote_status, approved.next_attempt_at) == (S.APPROVED, "Accepted", None)
    assert world.is_now(approved.answered_at)
    assert AuditEvent.objects.get(what="SENT->APPROVED").by == "remote:altinn"
    assert (str(user.altinn_id), user.kind) == (approved.altinn_id, Kind.STANDARD)


def test_rejection_is_told_by_altinn(sent: Access, world: World) -> None:
    world.decide(sent, "reject")

    row = world.poll(sent)

    assert (row.status, row.remote_status, row.next_attempt_at) == (S.REJECTED, "Rejected", None)


def test_an_open_access_runs_out_by_altinns_word_only(sent: Access, world: World) -> None:
    world.let_pass(days=179)
    before = world.poll(sent)
    world.let_pass(days=2)

    after = world.poll(sent)

    assert (before.status, after.status, after.remote_status) == (S.SENT, S.EXPIRED, "New")


def test_what_the_customer_forwards_is_read_from_the_list(sent: Access, world: World) -> None:
    world.decide(sent, "escalate", person="Per Hansen")

    count = access.note_escalations(system=sent.profile.system, at=world.at)

    assert (count, fresh(sent).status) == (1, S.FORWARDED)
    assert world.poll(fresh(sent)).status == S.FORWARDED


def test_a_system_user_that_was_there_before_is_adopted(asked: Access, world: World) -> None:
    first = world.send(asked)
    world.decide(first, "approve")
    Access.objects.filter(pk=asked.pk).update(status=S.DRAFT, altinn_id="", lease_until=None)

    row = world.send(asked)

    assert (row.status, row.altinn_id) == (S.APPROVED, first.altinn_id)


def test_a_waiting_altinn_request_left_by_another_installation_is_replaced(asked: Access, world: World) -> None:
    first = world.send(asked)
    world.app.state.requests[first.altinn_id].redirect_url = f"{RETURN}?t=somebody-else"
    Access.objects.filter(pk=asked.pk).update(status=S.DRAFT, altinn_id="", lease_until=None)

    row = world.send(asked)

    assert row.status == S.SENT
    assert list(world.app.state.requests) == [row.altinn_id] != [first.altinn_id]


def test_an_access_that_vanished_is_unknown_until_looked_into(sent: Access, world: World) -> None:
    del world.app.state.requests[sent.altinn_id]

    row = world.poll(sent)

    assert (row.status, world.is_now(row.missing_since)) == (S.UNKNOWN, True)
    assert world.is_now(row.next_attempt_at - PATIENCE)


def test_one_refusal_decides_nothing(sent: Access, world: World) -> None:
    world.fault(kind="status", status=403, path=REQUESTS)

    row = world.poll(sent)

    assert (row.status, row.lease_until) == (S.SENT, None)
    assert row.next_attempt_at > world.at


@pytest.mark.parametrize(
    ("hours", "minutes"), [(0.5, 5), (2, 60), (24 * 8, 24 * 60)], ids=["first hour", "first week", "later"]
)
def test_open_accesses_are_asked_for_more_rarely_as_they_age(
    sent: Access, world: World, hours: float, minutes: int
) -> None:
    world.let_pass(hours=hours)

    row = world.poll(sent)

    assert world.is_now(row.next_attempt_at - timedelta(minutes=minutes))


def test_somebody_who_looks_makes_it_due_but_not_all_the_time(sent: Access, world: World) -> None:
    world.let_pass(seconds=20)
    access.watch(access=sent, at=world.at)
    first = world.is_due(sent)
    world.poll(sent)

    world.let_pass(seconds=5)
    access.watch(access=sent, at=world.at)

    assert (first, world.is_due(sent)) == (True, False)
