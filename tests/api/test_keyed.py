"""A call with a key is carried out once: sent again, sent twice at once, and after a process that ended at any point."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Customer, Integration, KeyedCall, Portfolio
from accounts.services.retention import KEYED_CALLS
from portal.api import keyed
from portal.api.problems import Problem
from portal.api.resources import drafts as drafts_api
from portal.core.audit import AuditEvent
from portal.core.problems import StorageFailed
from submissions.models import Submission
from submissions.services import catalogue, local
from submissions.services.drafting import drafts, package_check
from tests.api.erp import Erp, make_integration
from tests.fixtures import CUSTOMER_ORGNR
from tests.submissions.world import SERVICE, World, package
from tests.world import make_draft

ROWS = {"rows": [{"orgnr": CUSTOMER_ORGNR, "name": "Nordlys AS"}]}
OTHER = {"rows": [{"orgnr": CUSTOMER_ORGNR, "name": "Et annet navn AS"}]}


def _no_storage(**_given: Any) -> Any:
    raise StorageFailed("gone")


class Ended(BaseException):
    """A process that is killed: no handler of ours catches it."""


class TestAnswers:
    def test_the_same_key_and_body_give_the_same_answer_and_do_nothing_more(self, erp: Erp) -> None:
        first = erp.post("/customers/bulk", ROWS, key="a")
        events = AuditEvent.objects.count()

        again = erp.post("/customers/bulk", ROWS, key="a")

        assert (again.status_code, again.json()) == (200, first.json())
        assert (again.headers.get("Idempotency-Replayed"), "Idempotency-Replayed" in first.headers) == ("true", False)
        assert AuditEvent.objects.count() == events

    def test_the_order_of_members_is_no_other_body(self, erp: Erp) -> None:
        erp.post("/customers/bulk", {"rows": [{"orgnr": CUSTOMER_ORGNR, "name": "A"}]}, key="a")

        assert (
            erp.post("/customers/bulk", {"rows": [{"name": "A", "orgnr": CUSTOMER_ORGNR}]}, key="a").status_code == 200
        )

    def test_another_body_or_another_address_with_the_key_is_refused(self, erp: Erp) -> None:
        erp.post("/customers/bulk", ROWS, key="a")

        replies = [
            erp.post("/customers/bulk", OTHER, key="a"),
            erp.post("/accesses", {"orgnr": "1", "profile": 1}, key="a"),
        ]

        assert [(reply.status_code, reply.json()["code"]) for reply in replies] == [(409, "KEY_USED")] * 2
        assert Customer.objects.get().name == "Nordlys AS"

    def test_what_was_refused_is_tried_anew_with_the_same_key(self, erp: Erp, world: World) -> None:
        body = {"orgnr": "310123455", "profile": world.access.profile_id}
        first = erp.post("/accesses", body, key="a")
        Customer.objects.create(environment="SANDBOX", orgnr="310123455", name="Kom senere")

        again, other = erp.post("/accesses", body, key="a"), erp.post("/accesses", {**body, "mail": True}, key="a")

        assert (first.status_code, again.status_code) == (404, 201)
        assert (other.status_code, other.json()["code"]) == (409, "KEY_USED")

    def test_a_refused_body_may_be_corrected_under_its_key(self, erp: Erp, world: World) -> None:
        """The key is the id of the row in the caller's system, and that row is what is corrected."""
        body = {"orgnr": CUSTOMER_ORGNR, "service": SERVICE, "period": "2025", "files": []}
        replies = [
            erp.post("/submissions", {**body, **wrong}, key="row-1")
            for wrong in ({"period": "2025-03"}, {}, {}, {"service": "x"})
        ]

        assert [reply.status_code for reply in replies] == [422, 201, 201, 409]
        assert (replies[1].json(), replies[3].json()["code"]) == (replies[2].json(), "KEY_USED")

    def test_the_answer_to_a_corrected_body_is_kept_as_long_as_any_other(self, erp: Erp, world: World) -> None:
        body = {"orgnr": "310123455", "profile": world.access.profile_id}
        erp.post("/accesses", body, key="a")
        KeyedCall.objects.update(begun_at=timezone.now() - timedelta(days=1))

        erp.post("/accesses", {**body, "orgnr": CUSTOMER_ORGNR}, key="a")

        assert KeyedCall.objects.get().begun_at > timezone.now() - timedelta(hours=1)

    def test_what_does_not_work_now_is_never_the_answer(
        self, erp: Erp, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Too many calls, a storage that is away, conditions that are not met: the key is good for the next attempt."""
        files = package(make_draft(world.access, status="CANCELLED"))
        form = {"orgnr": CUSTOMER_ORGNR, "service": SERVICE, "period": "2025"}
        with monkeypatch.context() as patch:
            patch.setattr(drafts, "begin", _no_storage)
            away = erp.upload("/submissions/files", files, key="a", **form)
        made = erp.upload("/submissions/files", files, key="a", **form)
        path = f"/submissions/{made.json()['reference']}/queue"
        Integration.objects.update(calls_a_minute=0)
        too_many = erp.post(path, {}, key="b")
        Integration.objects.update(calls_a_minute=1000)
        local.switch(
            service=catalogue.service(SERVICE),
            environment="SANDBOX",
            on=False,
            by="user:ida@vendor.example",
            at=timezone.now(),
        )
        not_ready = erp.post(path, {}, key="b")
        local.switch(
            service=catalogue.service(SERVICE),
            environment="SANDBOX",
            on=True,
            by="user:ida@vendor.example",
            at=timezone.now(),
        )

        sent = erp.post(path, {}, key="b")

        codes = [reply.json()["code"] for reply in (away, too_many, not_ready)]
        assert codes == ["UNAVAILABLE", "TOO_MANY_CALLS", "NOT_READY"]
        assert (made.status_code, sent.status_code, sent.json()["status"]) == (201, 202, "QUEUED")
        assert set(KeyedCall.objects.values_list("status", flat=True)) == {201, 202}

    @pytest.mark.parametrize("key", ["", "x" * 101, "to ord", "blå"])
    def test_a_post_needs_a_key_that_can_be_one(self, erp: Erp, key: str) -> None:
        headers = erp.headers(**({"Idempotency-Key": key} if key else {}))

        reply = erp.client.post("/api/v1/customers/bulk", ROWS, "application/json", headers=headers)

        assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, "Idempotency-Key")
        assert not Customer.objects.exists()

    def test_keys_of_two_integrations_are_two_keys(self, erp: Erp, administrator: Any) -> None:
        other = Erp(make_integration(administrator, "lonn"))

        assert [each.post("/customers/bulk", ROWS, key="a").status_code for each in (erp, other)] == [200, 200]
        assert KeyedCall.objects.count() == 2

    def test_answers_are_encrypted_and_deleted_after_some_days(self, erp: Erp) -> None:
        erp.post("/customers/bulk", ROWS, key="a")
        call = KeyedCall.objects.get()
        cutoff = KEYED_CALLS.cutoff(at=timezone.now() + timedelta(days=3))

        assert call.answer["created"] == 1
        assert cutoff
        assert list(KEYED_CALLS.find(cutoff)) == [call]
        assert not KEYED_CALLS.find(timezone.now() - timedelta(days=1)).exists()


class TestEndedInTheMiddle:
    def killed(self, erp: Erp, monkeypatch: pytest.MonkeyPatch, place: tuple[Any, str], send: Any) -> None:
        """The process ends where `place` is called."""
        owner, name = place

        def end(*_args: Any, **_given: Any) -> None:
            raise Ended

        with monkeypatch.context() as patch, pytest.raises(Ended):
            patch.setattr(owner, name, end)
            send()

    def test_before_the_answer_is_stored_nothing_is_done_and_the_next_one_does_it(
        self, erp: Erp, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.killed(erp, monkeypatch, (keyed, "_keep"), lambda: erp.post("/customers/bulk", ROWS, key="a"))
        nothing_yet, busy = Customer.objects.exists(), erp.post("/customers/bulk", ROWS, key="a")
        KeyedCall.objects.update(busy_until=timezone.now())

        reply = erp.post("/customers/bulk", ROWS, key="a")

        assert (nothing_yet, busy.status_code, busy.json()["code"]) == (False, 409, "KEY_BUSY")
        assert int(busy["Retry-After"]) > 0
        assert (reply.status_code, reply.json()["created"]) == (200, 1)

    def test_who_was_so_slow_that_another_took_the_call_up_does_nothing(
        self, erp: Erp, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def begun_and_lost(request: Any, *, at: Any) -> KeyedCall:
            call = begin(request, at=at)
            KeyedCall.objects.filter(pk=call.pk).update(busy_until=at + timedelta(hours=1))
            return call

        begin = keyed._begin
        monkeypatch.setattr(keyed, "_begin", begun_and_lost)

        reply = erp.post("/customers/bulk", ROWS, key="a")

        assert (reply.status_code, reply.json()["code"], Customer.objects.exists()) == (409, "KEY_BUSY", False)
        assert KeyedCall.objects.get().status is None

    @pytest.mark.parametrize("place", [(keyed, "_keep"), (package_check, "begin"), (drafts, "_add")])
    def test_a_draft_is_made_once_wherever_it_ended(
        self, erp: Erp, world: World, monkeypatch: pytest.MonkeyPatch, place: tuple[Any, str]
    ) -> None:
        files = package(make_draft(world.access, status="CANCELLED"))
        form = {"orgnr": CUSTOMER_ORGNR, "service": SERVICE, "period": "2025"}
        before = Submission.objects.count()
        self.killed(erp, monkeypatch, place, lambda: erp.upload("/submissions/files", files, key="a", **form))
        KeyedCall.objects.update(busy_until=timezone.now())

        replies = [erp.upload("/submissions/files", files, key="a", **form) for _ in range(2)]

        assert [reply.status_code for reply in replies] == [201, 201]
        assert replies[0].json()["reference"] == replies[1].json()["reference"]
        assert Submission.objects.count() == before + 1

    def test_another_body_does_not_take_the_key_of_what_may_be_done(
        self, erp: Erp, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The files are stored, and the answer is not: only the same call may go on under the key."""
        draft = make_draft(world.access)
        path, files = f"/submissions/{draft.reference}/files", package(draft)
        self.killed(erp, monkeypatch, (keyed, "_keep"), lambda: erp.upload(path, files, key="a"))
        KeyedCall.objects.update(busy_until=timezone.now())

        other, same = erp.upload(path, files[:1], key="a"), erp.upload(path, files, key="a")

        assert draft.documents.count() == len(files)
        assert (other.status_code, other.json()["code"], same.status_code) == (409, "KEY_USED", 200)

    def test_a_refusal_after_a_row_was_made_leaves_the_key_to_that_row(
        self, erp: Erp, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(_row: Any) -> Any:
            raise Problem("UNAVAILABLE")

        body = {"orgnr": CUSTOMER_ORGNR, "service": SERVICE, "period": "2025", "files": []}
        with monkeypatch.context() as patch:
            patch.setattr(drafts_api, "detailed", refuse)
            refused = erp.post("/submissions", body, key="a")
        made = Submission.objects.latest("pk")

        other, same = (
            erp.post("/submissions", {**body, "period": "2024"}, key="a"),
            erp.post("/submissions", body, key="a"),
        )

        assert (refused.status_code, other.status_code) == (503, 409)
        assert (same.status_code, same.json()["reference"]) == (201, str(made.reference))

    def test_who_was_so_slow_that_the_key_is_another_calls_keeps_no_answer(
        self, erp: Erp, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def slow(**_given: Any) -> None:
            KeyedCall.objects.update(fingerprint="f" * 64, busy_until=timezone.now() + timedelta(minutes=2))

        draft = make_draft(world.access)
        monkeypatch.setattr(drafts, "add_files", slow)

        erp.upload(f"/submissions/{draft.reference}/files", package(draft), key="a")

        assert KeyedCall.objects.get().status is None

    def test_a_mistake_of_ours_lets_the_next_one_try_at_once(self, erp: Erp, monkeypatch: pytest.MonkeyPatch) -> None:
        erp.client.raise_request_exception = False
        with monkeypatch.context() as patch:
            patch.setattr(Portfolio.objects, "all", lambda: 1 / 0)
            broken = erp.post("/customers/bulk", ROWS, key="a")

        assert (broken.status_code, broken.json()["code"]) == (500, "INTERNAL_ERROR")
        assert erp.post("/customers/bulk", ROWS, key="a").status_code == 200
