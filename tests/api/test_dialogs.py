"""Dialogs and letters through the API: our copies only. No dialog is opened at Dialogporten, and nothing is marked as read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import ENDED, Alarm, Customer, Portfolio, User
from accounts.services import alarms
from portal.api.resources import dialogs as resource
from portal.api.resources import letters as letter_resource
from portal.core import alarm_limits
from portal.core.audit import AuditEvent
from portal.core.required import required
from submissions.models import Dialog, Opening, Submission, Transmission
from submissions.services.casework.unread import mark_seen
from submissions.services.pages import dialogs as pages
from submissions.services.pages import letters as letter_pages
from tests.api.erp import Erp, make_integration
from tests.fixtures import CUSTOMER_ORGNR
from tests.submissions.inbox.reading import Reading, opened_dialogs
from tests.submissions.opened.rig import Desk
from tests.submissions.test_material import SAFT, Audit, audit
from tests.submissions.world import RESOURCE, SERVICE, World

__all__ = ["audit"]
NOW = "Vedtak om tvangsmulkt"


@pytest.fixture
def reading(world: World) -> Reading:
    return Reading(world)


@pytest.fixture
def desk(world: World) -> Desk:
    """The vendor wants Skatteetaten to be told of what a person opens."""
    made = Desk(world)
    made.switch()
    return made


@pytest.fixture(autouse=True)
def leaves_no_trace(world: World) -> Iterator[None]:
    """The calls of these tests are an integration's, and open nothing."""
    yield
    assert opened_dialogs(world) == []
    assert not Opening.objects.exists()
    assert not Transmission.objects.exclude(read_by="").exists()


def ordered(reading: Reading, title: str = "Krav", **fields: Any) -> Dialog:
    body = {
        "orgnr": reading.world.access.customer.orgnr, "title": {"nb": title}, "org": "ske",
        "service_resource": f"urn:altinn:resource:{RESOURCE}", **fields,
    }  # fmt: skip
    made = reading.world.control("/control/dialogs", body)
    reading.world.let_pass(3600)
    reading.round()
    return Dialog.objects.get(dialog_id=made["id"])


def titles(reply: Any) -> list[str]:
    assert reply.status_code == 200, reply.text
    return [row["title"] for row in reply.json()["items"]]


class TestReading:
    def test_filters_are_those_of_the_page(self, erp: Erp, reading: Reading, case_worker: User) -> None:
        asks = ordered(reading, "Svar", status="RequiresAttention", due_at="2020-01-01T00:00:00Z")
        other = ordered(reading, "Annet", status="Completed")
        changes = {
            "service_resource": "urn:altinn:resource:ske-annet",
            "handled_at": timezone.now(),
            "handled_by": "user:x",
        }
        Dialog.objects.filter(pk=other.pk).update(**changes)
        orgnr = reading.world.access.customer.orgnr

        for query, expected in [
            ({}, ["Svar", "Annet"]), ({"orgnr": orgnr, "service": SERVICE}, ["Svar"]), ({"status": "Completed"}, ["Annet"]),
            ({"due": "overdue"}, ["Svar"]), ({"due": "none"}, ["Annet"]), ({"group": "attention"}, ["Svar"]),
            ({"group": "done"}, ["Annet"]), ({"group": "open"}, ["Svar"]), ({"group": ENDED}, []), ({"tied": "yes"}, []),
            ({"tied": "no"}, ["Svar", "Annet"]), ({"news_after": "2199-01-01T00:00:00Z"}, []),
            ({"assignee": case_worker.email}, ["Svar", "Annet"]), ({"assignee": "none"}, []), ({"orgnr": "1"}, []),
        ]:  # fmt: skip
            assert titles(erp.get("/dialogs", query)) == expected, query
        assert asks.status == "RequiresAttention"

    @pytest.mark.parametrize("query", [{"service": "nothing"}, {"status": "x"}, {"assignee": "ola@nowhere.example"}])
    def test_a_value_that_is_none_of_a_filter_is_refused(self, erp: Erp, query: dict[str, str], world: World) -> None:
        reply = erp.get("/dialogs", query)

        assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, next(iter(query)))

    def test_unread_is_of_a_named_employee(self, erp: Erp, reading: Reading, case_worker: User) -> None:
        ordered(reading, "Lest")
        Dialog.objects.update(news_at=timezone.now())
        mark_seen(dialogs=Dialog.objects.all(), user=case_worker)
        ordered(reading, "Ulest")
        Dialog.objects.filter(title="Ulest").update(news_at=timezone.now())
        behalf = {"On-Behalf-Of": case_worker.email}

        assert titles(erp.get("/dialogs", {"read": "unread"}, **behalf)) == ["Ulest"]
        assert titles(erp.get("/dialogs", {"assignee": "me"}, **behalf)) == ["Lest", "Ulest"]
        assert [erp.get("/dialogs", query).status_code for query in ({"read": "unread"}, {"assignee": "me"})] == [
            403
        ] * 2

    def test_one_has_its_transmissions_and_documents_that_are_fetched_and_recorded(
        self, erp: Erp, desk: Desk, case_worker: User
    ) -> None:
        document = desk.answered()
        row, orgnr = required(document.transmission, because="it is of an answer").dialog, CUSTOMER_ORGNR
        told = erp.get(f"/dialogs/{row.pk}").json()
        attached = [each for one in told["transmissions"] for each in one["documents"] if each["document"]]

        file = erp.get(f"/documents/{document.pk}", **{"On-Behalf-Of": case_worker.email})

        assert (told["orgnr"], told["service"], bool(told["submission"])) == (orgnr, SERVICE, True)
        assert (file.status_code, len(file.getvalue())) == (200, document.size)
        read = AuditEvent.objects.filter(target=f"submissions.Document:{document.pk}")
        assert [(event.what, event.by) for event in read] == [("fetched", f"integration:erp {case_worker.actor}")]
        assert document.pk in [each["document"] for each in attached]

    def test_a_letter_is_loaded_once(self, erp: Erp, desk: Desk) -> None:
        letter = desk.letter()

        with CaptureQueriesContext(connection) as asked:
            erp.get(f"/letters/{letter.pk}")

        loads = [each["sql"] for each in asked if each["sql"].startswith('SELECT "submissions_attachment"')]
        assert len(loads) == 1

    def test_letters_are_listed_and_read_without_being_marked(self, erp: Erp, desk: Desk) -> None:
        letter = desk.letter(title=NOW)

        listed = erp.get("/letters", {"group": "unread", "orgnr": CUSTOMER_ORGNR})
        one = erp.get(f"/letters/{letter.pk}").json()

        assert (titles(listed), one["content"]["id"], one["dialog"]) == ([NOW], letter.pk, letter.dialog_id)
        assert titles(erp.get("/letters", {"came_after": "2199-01-01T00:00:00Z"})) == []
        assert titles(erp.get("/letters", {"group": ENDED})) == []
        letter.refresh_from_db()
        assert letter.read_at is None

    def test_each_dialog_and_letter_is_in_the_trail_as_read_and_counts_towards_the_alarm(
        self, erp: Erp, reading: Reading, desk: Desk, case_worker: User, settings: Any
    ) -> None:
        settings.ALARMS = alarm_limits.Limits(log_ins=9, reading=4, exports=9, rows=9, hours=None)
        one, other = ordered(reading, "Krav til Kari"), desk.letter(title=NOW)
        last = desk.letter(title="Et brev til")
        behalf = {"On-Behalf-Of": case_worker.email}

        for path in (f"/dialogs/{one.pk}", f"/dialogs/{one.pk}", f"/letters/{other.pk}", f"/letters/{last.pk}"):
            erp.get(path, **behalf)
        erp.post(f"/dialogs/{other.dialog_id}/done")
        alarms.look(at=timezone.now())

        events = AuditEvent.objects.filter(by__startswith="integration:", what__in=["read", "letter-read"])
        assert [(each.what, each.target.rpartition(":")[2], each.by.partition(" ")[2]) for each in events.order_by("pk")] == [
            ("read", str(one.pk), case_worker.actor), ("letter-read", str(other.dialog_id), case_worker.actor),
            ("letter-read", str(last.dialog_id), case_worker.actor), ("read", str(other.dialog_id), ""),
        ]  # fmt: skip
        assert {(each.detail["ip"], each.customer_id_ref) for each in events} == {("127.0.0.1", one.customer_id)}
        assert [(each.kind, each.about) for each in Alarm.objects.all()] == [("READING", "integration:erp")]

    def test_a_list_has_headings_only(self) -> None:
        for row, detail in (
            (resource.DialogShape, resource.DialogDetail),
            (letter_resource.LetterShape, letter_resource.LetterDetail),
        ):
            texts = {"summary", "content", "transmissions", "activities"}
            assert (texts & row.model_fields.keys(), bool(texts & detail.model_fields.keys())) == (set(), True)

    def test_those_of_others_are_not_there(
        self, erp: Erp, desk: Desk, administrator: User, portfolio: Portfolio
    ) -> None:
        letter = desk.letter(title=NOW)
        Customer.objects.update(portfolio=None)
        west = Erp(make_integration(administrator, "vest", portfolios=[portfolio]))

        assert titles(west.get("/dialogs")) == titles(west.get("/letters")) == []
        assert [west.get(path).status_code for path in (f"/dialogs/{letter.dialog_id}", f"/letters/{letter.pk}")] == [
            404
        ] * 2
        assert west.post(f"/dialogs/{letter.dialog_id}/done").status_code == 404
        assert erp.get(f"/dialogs/{10**20}").status_code == 404

    def test_the_groups_are_those_of_the_pages(self, administrator: User) -> None:
        at = timezone.now()
        for_all = [group.code for group in pages.groups_for_all(at=at)]

        assert ["open", *for_all, ENDED] == resource.GROUPS
        assert [*(group.code for group in letter_pages.groups()), ENDED] == letter_resource.GROUPS


class TestMaterial:
    def test_what_is_asked_for_is_sent_to_the_dialog_and_nobody_has_read_it(self, erp: Erp, audit: Audit) -> None:
        """The open draft again, also under another key."""
        asking = audit.asks()
        (found,) = erp.get("/dialogs", {"group": "material"}).json()["items"]
        made, again = (erp.post(f"/dialogs/{found['id']}/answer") for _ in range(2))
        path = f"/submissions/{made.json()['reference']}"
        erp.upload(f"{path}/files", [("saft.xml", SAFT)])
        codes = [each["code"] for each in erp.get(f"{path}/preflight").json()["questions"]]
        queued = erp.post(f"{path}/queue", {"confirm": codes})

        audit.world.at = timezone.now()  # queued by the clock of the day
        row = audit.world.settle(audit.world.send(Submission.objects.get()))

        assert (made.status_code, again.json(), queued.status_code) == (201, made.json(), 202)
        assert (row.answers, row.status, row.created_by) == (asking, "DELIVERED", "integration:erp")
        assert Transmission.objects.letters().filter(dialog=asking, read_at__isnull=True).exists()
        assert erp.get("/dialogs", {"group": "material"}).json()["items"] == []

    def test_a_dialog_that_asks_for_nothing_is_a_conflict(self, erp: Erp, reading: Reading) -> None:
        reply = erp.post(f"/dialogs/{ordered(reading).pk}/answer")

        assert (reply.status_code, reply.json()["code"], Submission.objects.exists()) == (409, "MOVED_ON", False)


class TestOurWork:
    def test_done_and_undone_here_only(self, erp: Erp, reading: Reading, case_worker: User) -> None:
        row = ordered(reading)
        calls = len(reading.world.transport.requests)

        done = erp.post(f"/dialogs/{row.pk}/done", **{"On-Behalf-Of": case_worker.email}).json()
        twice = erp.post(f"/dialogs/{row.pk}/done").json()
        undone = erp.post(f"/dialogs/{row.pk}/undone").json()

        by = f"integration:erp {case_worker.actor}"
        assert (done["handled_by"], twice["handled_at"], undone["handled_at"]) == (by, done["handled_at"], None)
        events = AuditEvent.objects.filter(what__in=["dialog-done", "dialog-undone"]).order_by("pk")
        assert list(events.values_list("by", flat=True)) == [by, "integration:erp"]
        assert len(reading.world.transport.requests) == calls

    def test_new_content_since_it_was_read_is_no_done(self, erp: Erp, reading: Reading) -> None:
        row = ordered(reading)
        etag = erp.get(f"/dialogs/{row.pk}")["ETag"]
        Dialog.objects.update(news_at=timezone.now())

        replies = [erp.post(f"/dialogs/{row.pk}/{act}", **{"If-Match": etag}) for act in ("done", "undone")]

        assert [(reply.status_code, reply.json()["code"]) for reply in replies] == [(412, "CHANGED_MEANWHILE")] * 2
        fresh = erp.get(f"/dialogs/{row.pk}")["ETag"]
        assert erp.post(f"/dialogs/{row.pk}/done", **{"If-Match": fresh}).status_code == 200

    def test_it_is_given_to_an_employee_who_sees_the_customer(
        self, erp: Erp, reading: Reading, case_worker: User
    ) -> None:
        row = ordered(reading)

        given = erp.post(f"/dialogs/{row.pk}/assign", {"employee": case_worker.email})
        back = erp.post(f"/dialogs/{row.pk}/assign", {"employee": ""})
        nobody = erp.post(f"/dialogs/{row.pk}/assign", {"employee": "ola@nowhere.example"})

        assert (given.json()["assignee"], back.json()["assignee"]) == (case_worker.email, "")
        assert (nobody.status_code, nobody.json()["errors"][0]["field"]) == (422, "employee")

    def test_it_takes_the_scope_and_a_named_reader_may_not(
        self, erp: Erp, reading: Reading, administrator: User, reader: User
    ) -> None:
        row = ordered(reading)
        others = Erp(make_integration(administrator, "other", scopes=["dialogs:read"]))

        assert others.get(f"/dialogs/{row.pk}").status_code == 200
        assert others.post(f"/dialogs/{row.pk}/done").status_code == 403
        assert erp.post(f"/dialogs/{row.pk}/done", **{"On-Behalf-Of": reader.email}).status_code == 403
        assert Transmission.objects.count() == 0
