"""From files to evidence over the API, through the same checks as the pages: findings, questions, two persons, states."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.models import Customer, Portfolio, User
from portal.api.resources.submissions import GROUPS
from portal.core.audit import AuditEvent
from submissions.models import Approval, Document, Submission
from submissions.services import catalogue, local
from submissions.services.drafting.preflight import preflight, token
from submissions.services.pages import listing
from submissions.services.sending import approvals, queue
from tests.api.erp import Erp, make_integration
from tests.fixtures import CUSTOMER_ORGNR, make_user
from tests.submissions.world import BY, SERVICE, World, package
from tests.world import make_draft

ABOUT = {"orgnr": CUSTOMER_ORGNR, "service": SERVICE, "period": "2025"}


@pytest.fixture
def files(world: World) -> list[tuple[str, bytes]]:
    """A package without faults."""
    return package(make_draft(world.access, status="CANCELLED"))


def inline(files: list[tuple[str, bytes]]) -> list[dict[str, str]]:
    return [{"name": name, "text": content.decode()} for name, content in files]


def begin(erp: Erp, files: list[tuple[str, bytes]]) -> dict[str, Any]:
    reply = erp.upload("/submissions/files", files, **ABOUT)
    assert reply.status_code == 201, reply.json()
    return dict(reply.json())


class TestServices:
    def test_what_is_on_is_listed(self, erp: Erp, world: World) -> None:
        row = next(row for row in erp.get("/services").json() if row["id"] == SERVICE)

        assert (row["period"], row["needs_approval"], ".xml" in row["extensions"]) == ("YEAR", False, True)

    def test_a_customer_has_what_can_be_sent_first_and_the_reason_for_the_rest(self, erp: Erp, world: World) -> None:
        offers = erp.get(f"/customers/{CUSTOMER_ORGNR}/services").json()

        assert (offers[0]["service"], offers[0]["access"]) == (SERVICE, str(world.access.reference))
        assert all(offer["reasons"] for offer in offers if not offer["is_allowed"])
        assert any(not offer["is_allowed"] for offer in offers)

    def test_deadlines_are_listed_in_the_order_of_their_days(self, erp: Erp, world: World) -> None:
        found = erp.get("/deadlines", {"first": "2026-01-01", "last": "2026-03-31"}).json()

        days = [row["last_day"] for row in found if row["last_day"]]
        assert days == sorted(days)
        assert ("2025", True) in [
            (row["period"], row["last_day"] <= "2026-03-31") for row in found if row["service"] == SERVICE
        ]

    @pytest.mark.parametrize(
        "query", [{"first": "2026-01-01", "last": "2027-02-01"}, {"first": "2026-02-01", "last": "2026-01-01"}]
    )
    def test_a_span_that_is_too_long_or_backwards_is_refused(self, erp: Erp, query: dict[str, str]) -> None:
        assert erp.get("/deadlines", query).json()["errors"][0]["field"] == "last"

    @pytest.mark.parametrize(
        ("day", "status"),
        [("0001-01-01", 422), ("1900-01-01", 200), ("2199-12-31", 200), ("9999-12-31", 422), ("i dag", 422)],
    )
    def test_a_day_is_in_a_year_that_reports_are_about(self, erp: Erp, world: World, day: str, status: int) -> None:
        assert erp.get("/deadlines", {"first": day}).status_code == status


class TestDrafts:
    def test_uploaded_files_make_a_draft_that_is_ready(self, erp: Erp, files: list[tuple[str, bytes]]) -> None:
        made = begin(erp, files)

        row = Submission.objects.get(reference=made["reference"])
        assert (made["status"], made["is_checked"], made["errors"], row.created_by) == (
            "READY",
            True,
            0,
            "integration:erp",
        )
        assert len(erp.get(f"/submissions/{made['reference']}/documents").json()) == len(files)

    def test_the_same_files_as_text_are_the_same_draft(self, erp: Erp, files: list[tuple[str, bytes]]) -> None:
        made = begin(erp, files)

        reply = erp.post("/submissions", {**ABOUT, "files": inline(files)})

        assert (reply.status_code, reply.json()["reference"]) == (201, made["reference"])

    def test_other_files_beside_an_open_draft_are_refused_with_the_draft(
        self, erp: Erp, files: list[tuple[str, bytes]]
    ) -> None:
        made = begin(erp, files)

        reply = erp.upload("/submissions/files", files[:1], **ABOUT)
        beside = erp.upload("/submissions/files", files[:1], beside="true", **ABOUT)

        assert (reply.status_code, reply.json()["code"], reply.json()["reference"]) == (
            409,
            "OPEN_DRAFT",
            made["reference"],
        )
        draft = Submission.objects.get(reference=made["reference"])
        assert reply.json()["page"] == f"{settings.PORTAL_URL}/sandbox/submissions/{draft.pk}/"
        assert beside.status_code == 201

    def test_files_that_cannot_be_used_are_refused_with_findings(self, erp: Erp, world: World) -> None:
        reply = erp.upload("/submissions/files", [("rapport.pdf", b"x"), ("a.xml", b"<a>")], **ABOUT)

        assert (reply.status_code, reply.json()["code"]) == (422, "FILES_REFUSED")
        assert {finding["file"] for finding in reply.json()["findings"]} == {"rapport.pdf", "a.xml"}
        assert not Submission.objects.exists()

    def test_a_file_that_was_not_taken_in_beside_good_ones_is_told(
        self, erp: Erp, files: list[tuple[str, bytes]]
    ) -> None:
        made = begin(erp, [*files, ("notat.exe", b"MZ")])

        findings = erp.get(f"/submissions/{made['reference']}/findings").json()

        assert (made["refused_files"], len(files)) == (1, Document.objects.count())
        assert [(one["level"], one["code"], one["file"]) for one in findings] == [
            ("ERROR", "WRONG_ENDING", "notat.exe")
        ]

    def test_files_are_added_to_a_draft(self, erp: Erp, files: list[tuple[str, bytes]]) -> None:
        made = begin(erp, files[:1])

        reply = erp.upload(f"/submissions/{made['reference']}/files", files[1:])

        assert (reply.status_code, reply.json()["status"]) == (200, "READY")

    def test_a_file_is_taken_out_of_a_draft_and_not_of_what_is_sent(
        self, erp: Erp, files: list[tuple[str, bytes]]
    ) -> None:
        path = f"/submissions/{begin(erp, files)['reference']}"
        documents = [row["id"] for row in erp.get(f"{path}/documents").json()]

        replies = [erp.delete(f"{path}/documents/{documents[0]}") for _ in range(2)]
        left = [row["id"] for row in erp.get(f"{path}/documents").json()]
        unknown = erp.delete(f"{path}/documents/1")
        erp.post(f"{path}/cancel")
        late = erp.delete(f"{path}/documents/{documents[1]}")

        assert ([reply.status_code for reply in replies], left) == ([200, 200], documents[1:])
        assert (unknown.status_code, late.status_code, late.json()["code"]) == (404, 409, "MOVED_ON")

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"service": "ukjent"}, "service"),
            ({"period": "2025-03"}, "period"),
            ({"period": ""}, "period"),
            ({"x": "1"}, "x"),
        ],
    )
    def test_what_is_wrong_of_it_is_named(
        self, erp: Erp, files: list[tuple[str, bytes]], change: dict[str, str], field: str
    ) -> None:
        upload = erp.upload("/submissions/files", files, **{**ABOUT, **change})
        text = erp.post("/submissions", {**ABOUT, **change})

        assert [reply.json()["errors"][0]["field"] for reply in (upload, text)] == [field, field]

    def test_a_customer_without_an_access_gets_the_reason(self, erp: Erp, world: World) -> None:
        erp.put("/customers/310123455", {"name": "Uten tilgang AS"})

        reply = erp.post("/submissions", {**ABOUT, "orgnr": "310123455"})

        assert (reply.status_code, reply.json()["code"], bool(reply.json()["detail"])) == (409, "NOT_ALLOWED", True)

    def test_a_file_without_a_token_is_not_taken(self, erp: Erp, files: list[tuple[str, bytes]]) -> None:
        erp.token = "x"

        assert erp.upload("/submissions/files", files, **ABOUT).json()["code"] == "NO_TOKEN"

    def test_a_file_where_none_is_taken_is_refused(self, erp: Erp, files: list[tuple[str, bytes]]) -> None:
        reply = erp.upload("/submissions", files, **ABOUT)

        assert (reply.status_code, reply.json()["code"]) == (415, "WRONG_TYPE")


class TestValidate:
    def test_a_good_package_has_no_errors_and_nothing_is_kept(self, erp: Erp, files: list[tuple[str, bytes]]) -> None:
        before = Submission.objects.count()

        reply = erp.post("/submissions/validate", {**ABOUT, "files": inline(files)})

        assert (reply.status_code, reply.json()["is_valid"]) == (200, True)
        assert Submission.objects.count() == before

    def test_what_is_wrong_is_told_in_words_and_by_code(self, erp: Erp, files: list[tuple[str, bytes]]) -> None:
        broken = [{"name": files[0][0], "text": files[0][1].decode().replace(CUSTOMER_ORGNR, "310123455")}]

        reply = erp.post("/submissions/validate", {**ABOUT, "files": broken}, **{"Accept-Language": "en"})

        finding = next(finding for finding in reply.json()["findings"] if finding["level"] == "ERROR")
        assert reply.json()["is_valid"] is False
        assert finding["code"]
        assert finding["text"]


class TestSending:
    def test_it_is_queued_sent_and_followed_to_the_receipt(
        self, erp: Erp, world: World, files: list[tuple[str, bytes]]
    ) -> None:
        path = f"/submissions/{begin(erp, files)['reference']}"
        conditions = erp.get(f"{path}/preflight").json()

        queued = erp.post(f"{path}/queue", {"token": conditions["token"]})
        world.at = timezone.now()
        world.work_submissions()
        sent = erp.get(path).json()

        assert (conditions["problems"], conditions["questions"]) == ([], [])
        assert (queued.status_code, queued.json()["status"], sent["status"]) == (202, "QUEUED", "DELIVERED")
        assert (bool(sent["receipt_reference"]), len(world.received)) == (True, 1)
        receipt = next(row for row in erp.get(f"{path}/documents").json() if row["role"] == "RECEIPT")
        assert erp.get(f"/documents/{receipt['id']}").status_code == 200
        assert b"".join(erp.get(f"{path}/evidence").streaming_content).startswith(b"PK")
        assert AuditEvent.objects.filter(by="integration:erp", what__in=["fetched", "evidence-fetched"]).count() == 2

    def test_queued_twice_it_is_sent_once(self, erp: Erp, files: list[tuple[str, bytes]]) -> None:
        path = f"/submissions/{begin(erp, files)['reference']}/queue"

        first, same, other = erp.post(path, {}, key="a"), erp.post(path, {}, key="a"), erp.post(path, {}, key="b")

        assert [reply.status_code for reply in (first, same, other)] == [202, 202, 409]
        assert other.json()["code"] == "MOVED_ON"

    def test_problems_stop_it(self, erp: Erp, world: World) -> None:
        reference = erp.post("/submissions", ABOUT).json()["reference"]

        reply = erp.post(f"/submissions/{reference}/queue", {})

        assert (reply.status_code, reply.json()["code"]) == (409, "NOT_READY")
        assert reply.json()["problems"]

    def test_a_question_must_be_answered(self, erp: Erp, world: World, files: list[tuple[str, bytes]]) -> None:
        first = begin(erp, files)["reference"]
        erp.post(f"/submissions/{first}/queue", {})
        second = erp.upload("/submissions/files", files, beside="true", **ABOUT).json()["reference"]

        asked = erp.post(f"/submissions/{second}/queue", {})
        answered = erp.post(f"/submissions/{second}/queue", {"confirm": [asked.json()["questions"][0]["code"]]})

        assert (asked.status_code, asked.json()["questions"][0]["code"]) == (409, "duplicate")
        assert answered.status_code == 202

    def test_what_has_changed_since_it_was_read_is_not_sent(self, erp: Erp, files: list[tuple[str, bytes]]) -> None:
        path = f"/submissions/{begin(erp, files[:1])['reference']}"
        shown = erp.get(f"{path}/preflight").json()["token"]
        erp.upload(f"{path}/files", files[1:])

        assert erp.post(f"{path}/queue", {"token": shown}).json()["code"] == "NOT_AS_SHOWN"

    def test_what_waits_is_cancelled_and_what_was_delivered_is_not(
        self, erp: Erp, world: World, files: list[tuple[str, bytes]]
    ) -> None:
        path = f"/submissions/{begin(erp, files)['reference']}"
        cancelled = erp.post(f"{path}/cancel")
        other = f"/submissions/{begin(erp, files)['reference']}"
        erp.post(f"{other}/queue", {})
        world.at = timezone.now()
        world.work_submissions()

        late = erp.post(f"{other}/cancel")
        correction = erp.post(f"{other}/correct")

        assert (cancelled.json()["status"], late.status_code, late.json()["code"]) == ("CANCELLED", 409, "MOVED_ON")
        assert (correction.status_code, correction.json()["corrects"]) == (201, other.rpartition("/")[2])


class TestTwoPersons:
    @pytest.fixture(autouse=True)
    def needed(self, world: World) -> None:
        service = catalogue.service(SERVICE)
        local.switch_approval(
            service=service, environment="SANDBOX", on=True, by="user:ida@vendor.example", at=timezone.now()
        )

    def test_an_integration_asks_for_an_employee_and_another_one_approves(
        self, erp: Erp, case_worker: User, files: list[tuple[str, bytes]]
    ) -> None:
        path = f"/submissions/{begin(erp, files)['reference']}"
        first = make_user("ADMINISTRATOR", "first@vendor.example")

        reply = erp.post(f"{path}/queue", {}, **{"On-Behalf-Of": first.email})
        self.approve(case_worker)

        assert (reply.json()["status"], reply.json()["approval"]["state"]) == ("READY", "asked")
        assert erp.get(path).json()["status"] == "QUEUED"

    def test_without_an_employee_nobody_knows_who_the_first_person_is(
        self, erp: Erp, files: list[tuple[str, bytes]]
    ) -> None:
        path = f"/submissions/{begin(erp, files)['reference']}"

        reply = erp.post(f"{path}/queue", {})

        assert (reply.status_code, reply.json()["code"]) == (403, "EMPLOYEE_NEEDED")
        assert (erp.get(path).json()["status"], Approval.objects.count()) == ("READY", 0)

    def test_the_employee_for_whom_it_asked_is_the_first_person(
        self, erp: Erp, case_worker: User, files: list[tuple[str, bytes]]
    ) -> None:
        path = f"/submissions/{begin(erp, files)['reference']}"
        erp.post(f"{path}/queue", {}, **{"On-Behalf-Of": case_worker.email})

        with pytest.raises(queue.NotSecondPerson):
            self.approve(case_worker)
        self.approve(make_user("CASE_WORKER", "second@vendor.example"), sees_all=True)

        assert erp.get(path).json()["status"] == "QUEUED"

    def approve(self, user: User, *, sees_all: bool = False) -> None:
        if sees_all:
            user.portfolios.set(Portfolio.objects.all())
            user.refresh_from_db()
        row = Submission.objects.get(status="READY")
        approvals.approve(submission=row, user=user, at=timezone.now(), shown=token(row, preflight(row)))


class TestLists:
    def test_they_are_narrowed(self, erp: Erp, world: World, files: list[tuple[str, bytes]]) -> None:
        begin(erp, files)
        found = {
            str(query): len(erp.get("/submissions", query).json()["items"])
            for query in (
                {"status": "READY"}, {"period": "2024"}, {"period": "2025", "orgnr": CUSTOMER_ORGNR}, {"service": "x"},
                {"changed_after": "2100-01-01T00:00:00Z"}, {"changed_after": "2000-01-01T00:00:00Z"},
            )
        }  # fmt: skip

        assert list(found.values()) == [1, 0, 2, 0, 0, 2]
        assert erp.get("/submissions", {"period": "i fjor"}).json()["errors"][0]["field"] == "period"

    def test_those_of_other_portfolios_do_not_exist(
        self, administrator: User, erp: Erp, files: list[tuple[str, bytes]]
    ) -> None:
        made = begin(erp, files)
        document = erp.get(f"/submissions/{made['reference']}/documents").json()[0]["id"]
        other = Erp(make_integration(administrator, "nord", portfolios=[Portfolio.objects.create(name="Nord")]))
        path = f"/submissions/{made['reference']}"

        reads = [other.get(one).status_code for one in (path, f"{path}/findings", f"{path}/preflight", f"{path}/documents",
                                                        f"{path}/evidence", f"/documents/{document}")]  # fmt: skip
        acts = [other.post(f"{path}/{act}", {}).status_code for act in ("queue", "cancel", "correct")]

        assert {*reads, *acts, other.upload(f"{path}/files", files).status_code} == {404}
        assert other.get("/submissions").json()["items"] == []


class TestExamples:
    def test_the_sandbox_makes_a_report_that_can_be_sent(self, erp: Erp, world: World) -> None:
        path = f"/customers/{CUSTOMER_ORGNR}/services/{SERVICE}/example"

        found, wrong = erp.get(path, {"period": "2025"}), erp.get(path, {"wrong": "true"})
        made = erp.post("/submissions", found.json())

        assert (made.status_code, made.json()["status"], made.json()["period"]) == (201, "READY", "2025")
        assert wrong.json()["files"] != found.json()["files"]
        assert erp.get(path, {"period": "2025-03"}).json()["errors"][0]["field"] == "period"
        assert erp.get(f"/customers/{CUSTOMER_ORGNR}/services/nothing/example").status_code == 404

    def test_every_service_has_one_or_says_that_there_is_none(self, erp: Erp, world: World) -> None:
        for service in catalogue.services():
            if service.adapter:
                local.switch(service=service, environment="SANDBOX", on=True, by=BY, at=world.at)
        reports = [row["id"] for row in erp.get("/services").json()]

        replies = {each: erp.get(f"/customers/{CUSTOMER_ORGNR}/services/{each}/example") for each in reports}

        assert len(reports) > 20
        assert {reply.status_code for reply in replies.values()} <= {200, 404}
        assert sum(reply.status_code == 200 for reply in replies.values()) > 20

    def test_no_other_environment_has_any(self, administrator: User, vendor: Any, settings: Any) -> None:
        assert "TEST" in settings.ENVIRONMENTS
        customer = Customer.objects.create(environment="TEST", orgnr="310629499", name="Ekte AS")

        reply = Erp(make_integration(administrator, environment="TEST")).get(
            f"/customers/{customer.orgnr}/services/{SERVICE}/example"
        )

        assert (reply.status_code, reply.json()["code"]) == (404, "NOT_FOUND")


def test_they_are_narrowed_by_group_and_portfolio(erp: Erp, world: World, portfolio: Portfolio) -> None:
    make_draft(world.access)
    Customer.objects.update(portfolio=portfolio)

    for path in ("/submissions", "/accesses"):
        found = [len(erp.get(path, {"portfolio": name}).json()["items"]) for name in (portfolio.name, "Ingen")]
        assert found == [1, 0], path
    groups = {group: len(erp.get("/submissions", {"group": group}).json()["items"]) for group in GROUPS}
    assert [name for name, number in groups.items() if number] == ["drafts"]
    assert GROUPS[:-1] == [group.code for group in listing.groups(timezone.now())]
    assert erp.get("/submissions", {"group": "nothing"}).status_code == 422
