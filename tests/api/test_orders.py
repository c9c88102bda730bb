"""Orders through the API: placed with the checks of the page; answers take a scope of their own, and no number is shown elsewhere."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import KeyedCall, Portfolio, User
from portal.core.audit import AuditEvent
from submissions.models import NOT_READY, Document, Order
from submissions.services.documents import storage, storage_path
from tests.api.erp import Erp, make_integration
from tests.fixtures import CUSTOMER_ORGNR
from tests.submissions.orders.rig import Rig, person
from tests.submissions.world import World

PLACE = "/bestillSkattekort"
CARDS, CLAIMS = "skattekorttilarbeidsgiver", "kravogbetalinger"
OK, NO_CARD = person("4"), person("9")
YEAR = str(timezone.localdate().year)
"""One that can be ordered whenever the test runs."""


@pytest.fixture
def cards(world: World) -> Rig:
    return Rig(world, CARDS)


@pytest.fixture
def claims(world: World) -> Rig:
    rig = Rig(world, CLAIMS)
    rig.deliver()
    return rig


def wanted(**fields: Any) -> dict[str, Any]:
    return {"orgnr": CUSTOMER_ORGNR, "service": CARDS, "period": YEAR, "people": [OK, NO_CARD], **fields}


def placed(erp: Erp, rig: Rig, **fields: Any) -> Order:
    """As far as it comes."""
    reply = erp.post("/orders", wanted(**fields))
    assert reply.status_code == 201, reply.text
    return rig.finish_clicked(Order.objects.get(reference=reply.json()["reference"]))


class TestPlacing:
    def test_what_can_be_ordered_about_a_customer_and_why_the_rest_can_not(self, erp: Erp, cards: Rig) -> None:
        found = erp.get(f"/customers/{CUSTOMER_ORGNR}/order-services").json()

        assert [(each["service"], each["is_allowed"], each["period"], each["takes_people"]) for each in found] == [
            (CARDS, True, "YEAR", True)
        ]
        assert [kind["code"] for kind in found[0]["kinds"]] == ["HENT_ALLE_OPPGITTE", "HENT_KUN_ENDRING"]

    def test_an_order_is_placed_once_for_a_key_and_no_number_is_shown(self, erp: Erp, cards: Rig) -> None:
        replies = [erp.post("/orders", wanted(), key="cards") for _ in range(2)]
        order = cards.finish_clicked(Order.objects.get())

        told = erp.get(f"/orders/{order.reference}")
        listed = erp.get(
            "/orders", {"service": CARDS, "status": "FETCHED", "orgnr": CUSTOMER_ORGNR, "group": "fetched"}
        )
        assert [reply.status_code for reply in replies] == [201, 201]
        assert (replies[1].json(), order.created_by) == (replies[0].json(), "integration:erp")
        assert (told.json()["status"], told.json()["formats"]) == ("FETCHED", ["csv", "xml", "json"])
        assert [row["reference"] for row in listed.json()["items"]] == [str(order.reference)]
        seen = replies[0].text + told.text + listed.text + json.dumps([*KeyedCall.objects.values("key", "fingerprint")])
        assert not any(number in seen for number in (OK, NO_CARD))

    def test_faults_of_the_list_name_the_line_and_no_number(self, erp: Erp, cards: Rig) -> None:
        wrong = f"{OK[:10]}{(int(OK[10]) + 1) % 10}"
        reply = erp.post("/orders", wanted(people=[OK, wrong]))

        assert (reply.status_code, reply.json()["code"], Order.objects.count()) == (422, "LIST_REFUSED", 0)
        assert [(one["level"], one["line"]) for one in reply.json()["findings"]] == [("ERROR", 2)]
        assert wrong not in reply.text

    def test_a_number_twice_is_a_warning(self, erp: Erp, cards: Rig) -> None:
        reply = erp.post("/orders", wanted(people=[OK, OK]))

        assert (reply.status_code, [one["level"] for one in reply.json()["findings"]]) == (201, ["WARNING"])

    @pytest.mark.parametrize(
        ("field", "value"),
        [("service", "nothing"), ("service", "innrapportering-aksjonaerregisteroppgave"), ("period", "2019"), ("period", ""),
         ("kind", "ALT"), ("people", ["Ola"]), ("mobile", "12"), ("email", "ola")],
    )  # fmt: skip
    def test_a_field_that_is_wrong_is_named(self, erp: Erp, cards: Rig, field: str, value: Any) -> None:
        reply = erp.post("/orders", wanted(**{field: value}))

        assert (reply.status_code, reply.json()["errors"][0]["field"].partition(".")[0]) == (422, field)
        assert not Order.objects.exists()

    def test_a_service_without_a_list_takes_none(self, erp: Erp, claims: Rig) -> None:
        reply = erp.post("/orders", wanted(service=CLAIMS, period=""))

        assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, "people")

    def test_without_access_the_reason_is_told_and_a_later_yes_is_no_other_key(self, erp: Erp, world: World) -> None:
        """The refusal is not the answer for ever."""
        before = erp.post("/orders", wanted(), key="cards")
        Rig(world, CARDS)

        after = erp.post("/orders", wanted(), key="cards")

        assert (before.status_code, before.json()["code"]) == (409, "NOT_ALLOWED")
        assert (after.status_code, Order.objects.count()) == (201, 1)

    def test_one_about_whom_nothing_was_delivered_is_refused_with_the_reason(self, erp: Erp, world: World) -> None:
        Rig(world, "frister")
        body = {"orgnr": CUSTOMER_ORGNR, "service": "frister"}

        reply = erp.post("/orders", body)

        assert (reply.status_code, reply.json()["code"]) == (409, "NOT_ALLOWED")
        assert "levert" in reply.json()["detail"]


class TestAnswers:
    def test_the_answer_as_tables_and_as_a_file_are_recorded(self, erp: Erp, cards: Rig) -> None:
        order = placed(erp, cards)
        path = f"/orders/{order.reference}/answer"

        tables, again, file = erp.get(path), erp.get(path), erp.get(f"{path}/file", {"format": "csv"})

        assert [len(table["rows"]) for table in tables.json()] == [2]
        assert (OK in tables.text, OK in file.text, again.status_code) == (False, True, 200)
        events = AuditEvent.objects.filter(target=f"submissions.Order:{order.pk}", by="integration:erp")
        assert list(events.order_by("pk").values_list("what", flat=True)) == ["created", "read", "order-exported"]
        assert erp.get(f"{path}/file", {"format": "pdf"}).status_code == 422

    def test_the_file_of_claims_is_json(self, erp: Erp, claims: Rig) -> None:
        order = placed(erp, claims, service=CLAIMS, period="", people=[])

        file = erp.get(f"/orders/{order.reference}/answer/file")

        assert (file.status_code, isinstance(json.loads(file.content), dict)) == (200, True)

    def test_before_there_is_an_answer_it_is_a_conflict(self, erp: Erp, cards: Rig) -> None:
        reference = erp.post("/orders", wanted()).json()["reference"]

        reply = erp.get(f"/orders/{reference}/answer")

        assert (reply.status_code, reply.json()["code"]) == (409, "NO_ANSWER")

    def test_a_damaged_answer_is_told(self, erp: Erp, cards: Rig) -> None:
        order = placed(erp, cards)
        storage().delete(storage_path(Document.objects.get(order=order).sha256))

        replies = [erp.get(f"/orders/{order.reference}/answer{end}") for end in ("", "/file")]

        assert [(reply.status_code, reply.json()["code"]) for reply in replies] == [(409, "FILE_DAMAGED")] * 2

    def test_reading_takes_its_own_scope_and_a_named_reader_may_not(
        self, erp: Erp, cards: Rig, administrator: User, reader: User
    ) -> None:
        order = placed(erp, cards)
        path = f"/orders/{order.reference}/answer"
        others = Erp(make_integration(administrator, "other", scopes=["orders:read", "documents:read"]))

        assert others.get(path).json()["code"] == "SCOPE_MISSING"
        assert erp.get(path, **{"On-Behalf-Of": reader.email}).json()["code"] == "SCOPE_MISSING"
        assert others.get(f"/documents/{Document.objects.get(order=order).pk}").status_code == 404


class TestAgain:
    def test_a_refused_order_is_placed_once_more_with_the_same_list(self, erp: Erp, cards: Rig) -> None:
        cards.fault(PLACE, status=400, body=json.dumps({"kode": "FOR_001", "melding": "bestillingstype mangler"}))
        order = placed(erp, cards)
        path = f"/orders/{order.reference}"
        before = erp.get(path).json()

        replies = [erp.post(f"{path}/again", key="again") for _ in range(2)]
        order = cards.finish_clicked(order)

        assert (before["status"], before["problem"]["code"]) == ("FAILED", "FOR_001")
        assert [(reply.status_code, reply.json()["status"], reply.json()["problem"]) for reply in replies] == [
            (200, "QUEUED", None)
        ] * 2
        assert (order.status, cards.calls(PLACE)) == ("FETCHED", 2)
        assert len(erp.get(f"{path}/answer").json()[0]["rows"]) == 2

    def test_one_that_may_have_been_placed_is_for_a_person(self, erp: Erp, cards: Rig, case_worker: User) -> None:
        cards.fault(PLACE, status=504)
        order = placed(erp, cards)
        path = f"/orders/{order.reference}/again"

        replies = [erp.post(path), erp.post(path, **{"On-Behalf-Of": case_worker.email})]

        assert [(reply.status_code, reply.json()["code"]) for reply in replies] == [(409, "PERSON_NEEDED")] * 2
        assert replies[0].json()["page"].endswith(f"/sandbox/orders/{order.pk}/")
        assert (cards.finish_clicked(order).status, cards.calls(PLACE)) == ("UNCERTAIN", 1)

    def test_an_answer_that_did_not_come_is_waited_for_again_and_one_that_is_here_is_not(
        self, erp: Erp, cards: Rig
    ) -> None:
        reference = erp.post("/orders", wanted()).json()["reference"]
        late = Order.objects.filter(reference=reference)
        late.update(status="ORDERED", problem_code=NOT_READY, next_attempt_at=None, remote_id="1")
        here = placed(erp, cards)

        again, done = (erp.post(f"/orders/{each}/again") for each in (reference, here.reference))

        assert (again.status_code, again.json()["status"], again.json()["problem"]) == (200, "ORDERED", None)
        assert late.get().next_attempt_at is not None
        assert (done.status_code, done.json()["code"]) == (409, "MOVED_ON")


class TestStopping:
    def test_what_waits_is_stopped_and_what_is_here_is_not(self, erp: Erp, cards: Rig) -> None:
        waiting = erp.post("/orders", wanted()).json()["reference"]
        stopped = erp.post(f"/orders/{waiting}/cancel")
        done = placed(erp, cards)

        refused = erp.post(f"/orders/{done.reference}/cancel")

        assert (stopped.status_code, stopped.json()["status"]) == (200, "CANCELLED")
        assert (refused.status_code, refused.json()["code"]) == (409, "MOVED_ON")

    def test_those_of_others_are_not_there(
        self, erp: Erp, cards: Rig, administrator: User, portfolio: Portfolio
    ) -> None:
        order = placed(erp, cards)
        cards.world.access.customer.portfolio = None
        cards.world.access.customer.save(update_fields=["portfolio"])
        west = Erp(make_integration(administrator, "vest", portfolios=[portfolio]))

        assert west.get("/orders").json()["items"] == []
        assert [west.get(f"/orders/{order.reference}{end}").status_code for end in ("", "/answer")] == [404, 404]
        assert west.post(f"/orders/{order.reference}/cancel").status_code == 404
