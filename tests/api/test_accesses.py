"""Accesses over the API: asked for, followed, taken back and renewed, with the customer's link."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from accounts.models import Customer, Portfolio, User
from portal.core.audit import AuditEvent
from systemusers.models import Access
from systemusers.services import access as services
from tests.api.erp import Erp, make_integration
from tests.submissions.world import World
from tests.world import make_profile

OTHER = "310123455"


def new_customer(orgnr: str = OTHER) -> Customer:
    return Customer.objects.create(environment="SANDBOX", orgnr=orgnr, name=f"Kunde {orgnr}")


def profile_of(world: World) -> int:
    return make_profile(world.system, "For API-et").pk


class TestAsking:
    def test_a_customer_is_asked_and_the_link_leads_to_its_page(self, erp: Erp, world: World) -> None:
        new_customer()

        reply = erp.post("/accesses", {"orgnr": OTHER, "profile": profile_of(world)})
        link = erp.get(f"/accesses/{reply.json()['reference']}/link").json()

        row = Access.objects.get(customer__orgnr=OTHER)
        assert (reply.status_code, reply.json()["status"], row.requested_by) == (201, "DRAFT", "integration:erp")
        assert erp.client.get(link["url"]).status_code == 200
        assert AuditEvent.objects.filter(what="requested", by="integration:erp").count() == 1

    def test_who_was_asked_before_is_not_asked_again(self, erp: Erp, world: World) -> None:
        body = {"orgnr": world.access.customer.orgnr, "profile": world.access.profile_id}

        reply = erp.post("/accesses", body)

        assert (reply.status_code, reply.json()["code"]) == (409, "ALREADY_ASKED")
        assert reply.json()["reference"] == str(world.access.reference)

    def test_many_are_asked_with_a_verdict_for_each(self, erp: Erp, world: World) -> None:
        new_customer()
        numbers = [OTHER, world.access.customer.orgnr, "310629499"]

        reply = erp.post("/accesses/bulk", {"orgnrs": numbers, "profile": world.access.profile_id})

        body = reply.json()
        assert (reply.status_code, body["asked"], body["refused"]) == (200, 1, 2)
        assert [(row["outcome"], row["code"]) for row in body["rows"]] == [
            ("asked", ""), ("refused", "HAS_ACCESS"), ("refused", "NOT_FOUND"),
        ]  # fmt: skip
        assert body["rows"][1]["reference"] == str(world.access.reference)

    def test_the_same_number_twice_is_asked_once(self, erp: Erp, world: World) -> None:
        new_customer()

        reply = erp.post("/accesses/bulk", {"orgnrs": [OTHER, OTHER], "profile": world.access.profile_id})

        assert Access.objects.filter(customer__orgnr=OTHER).count() == 1
        assert reply.json()["rows"][0]["reference"] == reply.json()["rows"][1]["reference"]

    def test_a_profile_that_does_not_exist_is_named(self, erp: Erp, world: World) -> None:
        reply = erp.post("/accesses", {"orgnr": world.access.customer.orgnr, "profile": 10**6})

        assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, "profile")

    def test_profiles_are_listed(self, erp: Erp, world: World) -> None:
        row = erp.get("/profiles").json()[0]

        assert (row["id"], row["name"]) == (world.access.profile_id, world.access.profile.name)


class TestOne:
    def test_it_is_read_and_found_by_customer_and_state(self, erp: Erp, world: World) -> None:
        reference = str(world.access.reference)

        assert erp.get(f"/accesses/{reference}").json()["is_usable"] is True
        queries: list[tuple[dict[str, str], int]] = [
            ({"status": world.access.status}, 1), ({"orgnr": OTHER}, 0), ({}, 1),
            ({"changed_after": "2100-01-01T00:00:00Z"}, 0), ({"changed_after": "2000-01-01T00:00:00+01:00"}, 1),
        ]  # fmt: skip
        for query, found in queries:
            assert len(erp.get("/accesses", query).json()["items"]) == found
        assert erp.get("/accesses", {"status": "GONE"}).status_code == 422

    def test_a_question_is_taken_back_at_altinn_and_asked_again(self, erp: Erp, world: World) -> None:
        new_customer()
        made = erp.post("/accesses", {"orgnr": OTHER, "profile": profile_of(world)}).json()
        services.send_due(at=timezone.now())
        withdrawn = erp.post(f"/accesses/{made['reference']}/withdraw")
        again = erp.post(f"/accesses/{made['reference']}/withdraw")
        renewed = erp.post(f"/accesses/{made['reference']}/renew")

        assert (withdrawn.status_code, withdrawn.json()["status"]) == (200, "WITHDRAWN")
        assert (again.status_code, again.json()["status"]) == (200, "WITHDRAWN")
        assert (renewed.status_code, renewed.json()["status"]) == (200, "DRAFT")

    def test_what_cannot_be_done_in_the_state_is_refused(self, erp: Erp, world: World) -> None:
        path = f"/accesses/{world.access.reference}"

        replies = [erp.post(f"{path}/renew"), erp.post(f"{path}/withdraw")]

        assert [(reply.status_code, reply.json()["code"]) for reply in replies] == [(409, "MOVED_ON")] * 2

    def test_accesses_of_other_portfolios_do_not_exist(self, administrator: User, world: World) -> None:
        erp = Erp(make_integration(administrator, "nord", portfolios=[Portfolio.objects.create(name="Nord")]))
        path = f"/accesses/{world.access.reference}"

        statuses: list[Any] = [erp.get(path).status_code, erp.get(f"{path}/link").status_code]
        statuses += [erp.post(f"{path}/{act}").status_code for act in ("renew", "withdraw")]

        assert statuses == [404] * 4
        assert erp.get("/accesses").json()["items"] == []
