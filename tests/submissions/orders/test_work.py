"""The worker's part of an order: placed once, asked for with patience, stored encrypted; nothing repeated in doubt."""

from __future__ import annotations

import json
import logging
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from portal.core.audit import AuditEvent
from portal.core.states import IllegalTransition
from submissions.models import NOT_READY, Document, Order, SendingHold
from submissions.services.documents import read_document, storage, storage_path
from submissions.services.orders import making, work
from systemusers.models import Access
from tests.submissions.orders.rig import ALL, CHANGES, Rig, listed, person
from tests.submissions.world import BY

PLACE, ANSWER = "/bestillSkattekort", "/skattekortTilArbeidsgiver"
S = Order.Status
OK, NO_CARD = person("4"), person("9")


def placed(rig: Rig) -> Order:
    return rig.work(rig.ask(kind=ALL, listed=listed(OK, NO_CARD)))


def test_an_order_is_placed_polled_and_stored_encrypted(cards: Rig) -> None:
    order = placed(cards)
    assert (order.status, order.remote_id[:2]) == (S.ORDERED, "BR")

    order = cards.finish(order)

    document = Document.objects.get(order=order)
    answered = json.loads(read_document(document))["arbeidsgiver"][0]["arbeidstaker"]
    assert order.status == S.FETCHED
    assert [each["arbeidstakeridentifikator"] for each in answered] == [OK, NO_CARD]
    assert order.facts == {"results": {"skattekortopplysningerOK": 1, "ikkeSkattekort": 1}}
    with storage().open(storage_path(document.sha256)) as file:
        assert OK.encode() not in file.read()


def test_the_trail_has_the_intent_before_the_call_and_no_number(cards: Rig) -> None:
    order = cards.finish(placed(cards))

    events = AuditEvent.objects.filter(target=f"submissions.Order:{order.pk}").order_by("pk")
    steps = ["created", "QUEUED->ORDERING", "ORDERING->ORDERED", "ORDERED->FETCHED"]
    assert [event.what for event in events] == steps
    assert OK not in "".join(str(event.detail) for event in events)


def test_no_number_reaches_a_log(cards: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    cards.fault(PLACE, status=400, body=json.dumps({"kode": "FOR_001", "melding": f"feil ved {OK}"}))

    order = cards.finish(placed(cards))

    assert order.status == S.FAILED
    assert OK not in caplog.text
    assert OK not in order.problem_detail


def test_changes_are_asked_for_without_a_list(cards: Rig) -> None:
    even = next(number for n in range(40) if (number := person("4", but=n))[-2] in "02468")
    cards.finish(cards.ask(kind=ALL, listed=listed(even)))

    order = cards.finish(cards.ask(kind=CHANGES))

    sent = [r for r in cards.world.transport.requests if r.url.path.endswith(PLACE)][-1]
    assert "forespoerselOmSkattekortTilArbeidsgiver" not in json.loads(sent.content)
    assert order.facts == {"results": {"skattekortopplysningerOK": 1}}


LOST: list[dict[str, Any]] = [{"kind": "lost"}, {"kind": "truncated"}, {"status": 500}, {"status": 200, "body": "{}"}]


@pytest.mark.parametrize("fault", LOST, ids=str)
def test_a_lost_answer_is_left_to_a_person(cards: Rig, fault: dict[str, Any]) -> None:
    cards.fault(PLACE, **fault)
    order = placed(cards)

    for _ in range(5):
        cards.world.let_pass(hours=1)
        order = cards.work(order)

    assert (order.status, order.next_attempt_at, cards.calls(PLACE)) == (S.UNCERTAIN, None, 1)
    assert list(Order.objects.needing_a_person()) == [order]


def test_a_person_orders_again_after_a_lost_answer(cards: Rig) -> None:
    cards.fault(PLACE, status=504)
    order = placed(cards)

    making.order_again(order=order, by=BY, at=cards.world.at)
    order = cards.finish(order)

    assert (order.status, order.problem_code, cards.calls(PLACE)) == (S.FETCHED, "", 2)
    assert AuditEvent.objects.filter(what="UNCERTAIN->QUEUED", by=BY).count() == 1


def test_a_worker_that_died_while_ordering_leaves_the_decision_to_a_person(cards: Rig) -> None:
    order = cards.ask(kind=ALL, listed=listed(OK))
    Order.objects.filter(pk=order.pk).update(status=S.ORDERING)

    order = cards.finish(order)

    assert (order.status, cards.calls(PLACE)) == (S.UNCERTAIN, 0)


def test_an_order_from_before_a_restore_is_not_placed_by_itself(cards: Rig) -> None:
    order = cards.ask(kind=ALL, listed=listed(OK))
    since = cards.world.at + timedelta(seconds=1)
    SendingHold.objects.create(environment=order.environment, since=since, by="task:restored")

    order = cards.finish(order)

    assert (order.status, cards.calls(PLACE)) == (S.UNCERTAIN, 0)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"status": 429, "retry_after": "1"}, "HTTP-429"),
        ({"status": 403}, "HTTP-403"),
        ({"status": 404}, "HTTP-404"),
    ],
)
def test_what_was_certainly_not_ordered_waits_and_is_ordered_once_more(
    cards: Rig, fault: dict[str, Any], code: str
) -> None:
    cards.fault(PLACE, **fault)
    order = placed(cards)
    assert (order.status, order.problem_code) == (S.QUEUED, code)

    order = cards.finish(order, rounds=40)

    assert (order.status, order.problem_code, cards.calls(PLACE)) == (S.FETCHED, "", 2)


def test_a_refused_order_fails_with_the_reason(cards: Rig) -> None:
    body = {"kode": "FOR_001", "melding": "bestillingstype mangler", "korrelasjonsid": "k-1"}
    cards.fault(PLACE, status=400, body=json.dumps(body))

    order = placed(cards)

    assert (order.status, order.problem_code, order.problem_detail) == (S.FAILED, "FOR_001", "bestillingstype mangler")
    assert order.correlation_id == "k-1"
    assert order.next_attempt_at is None


def test_a_refused_token_is_renewed_once_and_the_order_placed_once(cards: Rig) -> None:
    cards.fault(PLACE, status=401)

    order = placed(cards)

    assert (order.status, cards.calls(PLACE)) == (S.ORDERED, 2)
    assert len(cards.world.app.state.skatteetaten.orders) == 1


def test_an_answer_that_does_not_come_is_given_to_a_person(cards: Rig) -> None:
    order = placed(cards)
    cards.world.app.state.skatteetaten.orders.clear()

    order = cards.finish(order, rounds=400)

    assert (order.status, order.problem_code, order.next_attempt_at) == (S.ORDERED, NOT_READY, None)
    assert order.give_up_at is not None
    assert cards.world.at >= order.give_up_at
    assert 20 < cards.calls(order.remote_id) < 60
    assert list(Order.objects.needing_a_person()) == [order]


def test_a_person_may_wait_longer(cards: Rig) -> None:
    order = placed(cards)
    stored = dict(cards.world.app.state.skatteetaten.orders)
    cards.world.app.state.skatteetaten.orders.clear()
    order = cards.finish(order, rounds=400)

    making.wait_longer(order=order, by=BY, at=cards.world.at)
    cards.world.app.state.skatteetaten.orders.update(stored)

    assert cards.finish(order).status == S.FETCHED


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 503}, {"status": 200, "body": "[]"}], ids=str)
def test_asking_for_the_answer_is_repeated(cards: Rig, fault: dict[str, Any]) -> None:
    order = placed(cards)
    cards.world.let_pass(60)
    cards.fault(ANSWER, **fault)

    order = cards.work(order)
    assert (order.status, order.failures) == (S.ORDERED, 1)

    assert cards.finish(order).status == S.FETCHED


def test_a_cancelled_order_is_not_asked_for(cards: Rig) -> None:
    order = placed(cards)

    making.cancel(order=order, by=BY, at=cards.world.at)
    order = cards.finish(order)

    assert (order.status, cards.calls(order.remote_id)) == (S.CANCELLED, 0)
    with pytest.raises(IllegalTransition):
        making.order_again(order=order, by=BY, at=cards.world.at)


def test_without_a_token_nothing_is_ordered_and_a_removed_access_ends_it(cards: Rig) -> None:
    order = cards.ask(kind=ALL, listed=listed(OK))
    cards.world.app.state.system_users[str(cards.world.access.system_user.altinn_id)].deleted = True
    order = cards.work(order)
    assert (order.status, order.problem_code) == (S.QUEUED, "MP-303")

    Access.objects.filter(pk=order.access_id).update(status=Access.Status.REMOVED)
    cards.world.let_pass(minutes=20)
    order = cards.work(order)

    assert (order.status, cards.calls(PLACE)) == (S.FAILED, 0)


def test_claims_are_read_in_four_calls_of_at_most_a_year(claims: Rig) -> None:
    order = claims.finish(claims.ask(kind="2025"))

    sent = [r for r in claims.world.transport.requests if "kravogbetalinger" in r.url.path]
    asked = [dict(r.url.params) for r in sent[1:]]
    assert order.status == S.FETCHED
    assert [r.url.path.rsplit("/", 1)[1] for r in sent] == ["aapnekrav", "krav", "innbetalinger", "utbetalinger"]
    assert asked == [{"fraOgMed": "2025-01-01", "tilOgMed": "2025-12-31"}] * 3
    assert order.facts == {"counts": {"aapnekrav": 1, "krav": 3, "innbetalinger": 2, "utbetalinger": 0}}


def test_reading_fails_for_good_when_the_organisation_is_unknown(claims: Rig) -> None:
    claims.fault(status=404, body=json.dumps({"kode": "KB-009", "melding": "Ukjent identifikator"}))

    order = claims.work(claims.ask(kind="LATEST"))

    assert (order.status, order.problem_code) == (S.FAILED, "KB-009")


def test_reading_is_repeated_when_the_authority_is_away(claims: Rig) -> None:
    claims.fault(status=500, body=json.dumps({"kode": "KB-001", "melding": "Uventet feil"}))
    order = claims.work(claims.ask(kind="LATEST"))
    assert (order.status, order.problem_code) == (S.QUEUED, "KB-001")

    assert claims.finish(order).status == S.FETCHED


def test_deadlines_are_for_customers_who_have_delivered_only(deadlines: Rig) -> None:
    with pytest.raises(making.NotAllowed, match="levert minst én oppgave"):
        deadlines.ask()

    deadlines.deliver()
    order = deadlines.finish(deadlines.ask())

    assert order.facts is not None
    assert [title for _day, title in order.facts["deadlines"]] == ["Mva-melding", "Skattemelding for næringsdrivende"]


def test_no_deadlines_is_an_answer(deadlines: Rig) -> None:
    deadlines.deliver()
    deadlines.fault(status=404, body=json.dumps({"kode": "FRI-007", "melding": "Fant ingen frister"}))

    order = deadlines.finish(deadlines.ask())

    assert (order.status, order.problem_code, order.facts) == (S.FETCHED, "", {"deadlines": []})
    assert not order.documents.exists()


def test_two_clicks_ask_once(claims: Rig) -> None:
    customer, access = claims.world.access.customer, claims.world.access
    first = making.ask_anew(customer=customer, access=access, service=claims.service.id, by=BY, at=claims.world.at)
    second = making.ask_anew(customer=customer, access=access, service=claims.service.id, by=BY, at=claims.world.at)

    assert (first, Order.objects.count()) == (second, 1)


def test_a_form_that_is_sent_twice_orders_once(cards: Rig) -> None:
    first = cards.ask(kind=ALL, listed=listed(OK))

    again = cards.ask(kind=ALL, listed=listed(OK), reference=first.reference)

    assert (again, Order.objects.count()) == (first, 1)


def test_the_sweep_takes_a_batch(cards: Rig) -> None:
    for _ in range(3):
        cards.ask(kind=ALL, listed=listed(OK))

    assert work.work_due(at=cards.world.at, limit=2) == 2


def test_the_day_is_that_of_norway(claims: Rig) -> None:
    new_year = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    claims.world.let_pass((new_year - claims.world.at).total_seconds())
    access = claims.world.access

    order = making.ask_anew(
        customer=access.customer, access=access, service=claims.service.id, by=BY, at=claims.world.at
    )
    claims.work(order)

    (asked,) = (dict(r.url.params) for r in claims.world.transport.requests if r.url.path.endswith("/krav"))
    assert order.period_start == date(2027, 1, 1)
    assert asked == {"fraOgMed": "2026-01-02", "tilOgMed": "2027-01-01"}


def test_a_refused_order_need_not_wait_for_a_person_for_ever(claims: Rig) -> None:
    claims.fault(status=404, body=json.dumps({"kode": "KB-009", "melding": "Ukjent identifikator"}))
    order = claims.work(claims.ask(kind="LATEST"))
    assert Order.objects.needing_a_person().get() == order

    making.cancel(order=order, by=BY, at=claims.world.at)

    assert claims.fresh(order).status == S.CANCELLED
    assert not Order.objects.needing_a_person().exists()


def test_a_form_that_is_used_again_for_something_else_is_told(cards: Rig) -> None:
    first = cards.ask(kind=ALL, listed=listed(OK))
    stranger = cards.world.new_customer("310203335", "Annen AS")

    with pytest.raises(making.NotAllowed, match="brukt til en annen bestilling"):
        cards.ask(kind=ALL, listed=listed(OK, person("7")), reference=first.reference)
    with pytest.raises(making.NotAllowed, match="brukt til en annen bestilling"):
        making._sent_before(
            first.reference, access=first.access, customer=stranger, service=first.service, period=first.period,
            question=first.question,
        )  # fmt: skip

    assert list(Order.objects.all()) == [first]
