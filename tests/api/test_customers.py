"""Customers over the API: made and changed by number, many at once, and only those that the integration sees."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Customer, Portfolio, Role, User, Vendor
from accounts.services.actors import names_of, person
from accounts.services.staff import Rights
from portal.core.audit import AuditEvent
from tests.api.erp import Erp, make_integration
from tests.fixtures import CUSTOMER_ORGNR, give, make_user

OTHER, THIRD = "310123455", "310629499"


def errors(reply: Any) -> dict[str, str]:
    return {error["field"]: error["code"] for error in reply.json()["errors"]}


class TestOne:
    def test_a_put_makes_a_customer_and_a_second_one_changes_what_is_given(self, erp: Erp) -> None:
        made = erp.put(f"/customers/{CUSTOMER_ORGNR}", {"name": "Nordlys AS", "reference": "10042"})
        changed = erp.put(f"/customers/{CUSTOMER_ORGNR}", {"contact_email": "kari@nordlys.example"})

        assert (made.status_code, changed.status_code) == (201, 200)
        body = changed.json()
        assert (body["name"], body["reference"], body["contact_email"]) == (
            "Nordlys AS",
            "10042",
            "kari@nordlys.example",
        )
        assert body["created_at"].endswith("Z")
        assert erp.get(f"/customers/{CUSTOMER_ORGNR}").json() == body

    def test_the_trail_says_which_system_and_hides_contacts(self, erp: Erp) -> None:
        erp.put(f"/customers/{CUSTOMER_ORGNR}", {"name": "Nordlys AS", "contact_email": "kari@nordlys.example"})

        event = AuditEvent.objects.get(what="added", target__startswith="accounts.Customer")

        assert event.by == "integration:erp"
        assert "kari@nordlys.example" not in str(event.detail)
        assert person(event.by, {}) == "Integrasjonen erp"

    def test_nothing_is_recorded_when_nothing_changes(self, erp: Erp) -> None:
        fields = {"name": "Nordlys AS"}
        erp.put(f"/customers/{CUSTOMER_ORGNR}", fields)
        before = AuditEvent.objects.count()

        assert erp.put(f"/customers/{CUSTOMER_ORGNR}", fields).status_code == 200
        assert AuditEvent.objects.count() == before

    def test_with_if_match_nobody_overwrites_what_they_have_not_seen(self, erp: Erp) -> None:
        path = f"/customers/{CUSTOMER_ORGNR}"
        seen = erp.put(path, {"name": "Nordlys AS"})["ETag"]
        erp.put(path, {"name": "Nordlys Eiendom AS"})

        late = erp.put(path, {"reference": "7"}, **{"If-Match": seen})
        fresh = erp.put(path, {"reference": "7"}, **{"If-Match": erp.get(path)["ETag"]})
        missing = erp.put(f"/customers/{OTHER}", {"name": "Ny AS"}, **{"If-Match": "*"})

        assert [reply.status_code for reply in (late, fresh, missing)] == [412, 200, 412]
        assert late.json()["code"] == "CHANGED_MEANWHILE"

    @pytest.mark.parametrize(
        ("number", "body", "wrong"),
        [
            ("310987655", {"name": "A"}, {"orgnr": "BAD_ORGNR"}), ("914286018", {"name": "A"}, {"orgnr": "BAD_ORGNR"}),
            (CUSTOMER_ORGNR, {}, {"name": "NAME_MISSING"}), (CUSTOMER_ORGNR, {"name": " \u200b"}, {"name": "string_too_short"}),
            (CUSTOMER_ORGNR, {"name": "A", "nmae": "B"}, {"nmae": "extra_forbidden"}),
            (CUSTOMER_ORGNR, {"name": 7}, {"name": "string_type"}),
            (CUSTOMER_ORGNR, {"name": "A", "language": "sv"}, {"language": "literal_error"}),
            (CUSTOMER_ORGNR, {"name": "A", "contact_email": "kari"}, {"contact_email": "value_error"}),
            (CUSTOMER_ORGNR, {"name": "A", "portfolio": "Ukjent"}, {"portfolio": "PORTFOLIO_UNKNOWN"}),
        ],
    )  # fmt: skip
    def test_a_field_that_is_wrong_is_named(
        self, erp: Erp, number: str, body: dict[str, Any], wrong: dict[str, str]
    ) -> None:
        reply = erp.put(f"/customers/{number}", body)

        assert (reply.status_code, reply.json()["code"], errors(reply)) == (422, "INVALID", wrong)
        assert reply["Content-Type"] == "application/problem+json"
        assert not Customer.objects.exists()

    def test_texts_are_in_the_language_that_is_asked_for(self, erp: Erp) -> None:
        replies = {
            code: erp.get("/customers/310123455", **{"Accept-Language": code}).json()["title"]
            for code in ("nb", "nn", "en")
        }

        assert replies["nb"] == "Det finnes ikke, eller integrasjonen ser det ikke."
        assert len(set(replies.values())) == 3

    def test_a_body_that_is_no_json_is_refused(self, erp: Erp) -> None:
        reply = erp.client.put(f"/api/v1/customers/{OTHER}", "{", "application/json", headers=erp.headers())

        assert (reply.status_code, reply.json()["code"]) == (400, "BAD_REQUEST")


class TestMany:
    def test_each_row_gets_a_verdict_and_the_good_ones_are_stored(self, erp: Erp, customer: Customer) -> None:
        rows = [
            {"orgnr": CUSTOMER_ORGNR, "name": "Nytt navn AS"}, {"orgnr": "310 123 455", "name": "Ny AS"},
            {"orgnr": "12", "name": "Feil"}, {"orgnr": OTHER, "name": "Igjen"}, {"orgnr": THIRD},
        ]  # fmt: skip

        reply = erp.post("/customers/bulk", {"rows": rows})

        body = reply.json()
        assert reply.status_code == 200
        assert [(row["outcome"], row["code"]) for row in body["rows"]] == [
            ("changed", ""), ("created", ""), ("refused", "BAD_ORGNR"), ("refused", "TWICE"), ("refused", "NAME_MISSING"),
        ]  # fmt: skip
        assert (body["created"], body["changed"], body["refused"]) == (1, 1, 3)
        assert set(Customer.objects.values_list("orgnr", "name")) == {
            (CUSTOMER_ORGNR, "Nytt navn AS"),
            (OTHER, "Ny AS"),
        }

    def test_the_number_of_queries_does_not_grow_with_the_rows(
        self, erp: Erp, django_assert_max_num_queries: Any
    ) -> None:
        rows = [{"orgnr": number, "name": f"Kunde {number}"} for number in valid_numbers(200)]

        with django_assert_max_num_queries(40):
            reply = erp.post("/customers/bulk", {"rows": rows})

        assert reply.json()["created"] == 200
        assert AuditEvent.objects.filter(what="added", target__startswith="accounts.Customer").count() == 200

    def test_a_page_ends_with_the_cursor_of_the_next(self, erp: Erp) -> None:
        numbers = valid_numbers(5)
        erp.post("/customers/bulk", {"rows": [{"orgnr": number, "name": "A"} for number in numbers]})
        found, after = [], ""

        for _ in range(3):
            page = erp.get("/customers", {"limit": 2, "after": after}).json()
            found += [row["orgnr"] for row in page["items"]]
            after = page["next"]

        assert (found, after) == (numbers, "")

    @pytest.mark.parametrize("query", [{"after": "xx"}, {"limit": 0}, {"limit": 201}, {"limit": "x"}, {"q": "nord"}])
    def test_a_query_that_is_wrong_is_refused_by_name(self, erp: Erp, query: dict[str, Any]) -> None:
        reply = erp.get("/customers", query)

        assert (reply.status_code, list(errors(reply))) == (422, list(query))


class TestSight:
    @pytest.fixture
    def limited(self, administrator: User, vendor: Vendor, portfolio: Portfolio) -> Erp:
        """It sees the customers of Vest."""
        return Erp(make_integration(administrator, "vest", portfolios=[portfolio]))

    def test_customers_of_other_portfolios_do_not_exist(self, limited: Erp, customer: Customer) -> None:
        foreign = make(OTHER, Portfolio.objects.create(name="Nord"))

        assert [row["orgnr"] for row in limited.get("/customers").json()["items"]] == [customer.orgnr]
        assert limited.get(f"/customers/{foreign.orgnr}").status_code == 404

    def test_they_are_neither_changed_nor_taken(self, limited: Erp, customer: Customer) -> None:
        foreign = make(OTHER, Portfolio.objects.create(name="Nord"))

        one = limited.put(f"/customers/{OTHER}", {"name": "Min nå"})
        many = limited.post("/customers/bulk", {"rows": [{"orgnr": OTHER, "name": "Min nå"}]})
        given_away = limited.put(f"/customers/{customer.orgnr}", {"portfolio": "Nord"})

        foreign.refresh_from_db()
        assert (one.status_code, one.json()["code"]) == (403, "CUSTOMER_OF_OTHERS")
        assert many.json()["rows"][0]["code"] == "CUSTOMER_OF_OTHERS"
        assert errors(given_away) == {"portfolio": "PORTFOLIO_UNKNOWN"}
        assert foreign.name == f"Kunde {OTHER}"

    def test_a_new_customer_goes_into_the_only_portfolio(self, limited: Erp) -> None:
        assert limited.put(f"/customers/{OTHER}", {"name": "Ny AS"}).json()["portfolio"] == "Vest"

    def test_another_environment_is_not_seen(self, erp: Erp) -> None:
        Customer.objects.create(environment="TEST", orgnr=OTHER, name="I test")

        assert erp.get(f"/customers/{OTHER}").status_code == 404


class TestOnBehalf:
    def test_the_trail_names_both_and_pages_show_the_person(
        self, erp: Erp, case_worker: User, portfolio: Portfolio
    ) -> None:
        reply = erp.put(
            f"/customers/{OTHER}", {"name": "Ny AS", "portfolio": "Vest"}, **{"On-Behalf-Of": case_worker.email}
        )

        event = AuditEvent.objects.get(what="added", target__startswith="accounts.Customer")
        assert reply.status_code == 201
        assert event.by == f"integration:erp user:{case_worker.email}"
        assert person(event.by, names_of([event.by])) == f"{case_worker.name}, gjennom erp"

    def test_what_the_employee_does_not_see_or_may_not_do_is_refused(
        self, erp: Erp, case_worker: User, reader: User
    ) -> None:
        foreign = make(OTHER, Portfolio.objects.create(name="Nord"))

        unseen = erp.get(f"/customers/{foreign.orgnr}", **{"On-Behalf-Of": case_worker.email})
        unable = erp.put(f"/customers/{THIRD}", {"name": "A"}, **{"On-Behalf-Of": reader.email})
        seen = erp.get(f"/customers/{foreign.orgnr}", **{"On-Behalf-Of": reader.email})

        assert (unseen.status_code, unable.status_code, unable.json()["code"]) == (404, 403, "SCOPE_MISSING")
        assert seen.status_code == 200

    def test_somebody_unknown_or_without_a_role_here_is_refused(self, erp: Erp) -> None:
        elsewhere = make_user(Role.CASE_WORKER, "there@vendor.example")
        give(elsewhere, Rights({"TEST": Role.CASE_WORKER}, frozenset({"TEST"})))

        invited = make_user(Role.ADMINISTRATOR, "invited@vendor.example", invited_at=timezone.now())

        codes = [
            erp.get("/customers", **{"On-Behalf-Of": address}).json()["code"]
            for address in ("nobody@vendor.example", elsewhere.email, invited.email)
        ]

        assert codes == ["EMPLOYEE_UNKNOWN"] * 3

    def test_one_that_must_name_an_employee_is_told(self, administrator: User, vendor: Vendor) -> None:
        erp = Erp(make_integration(administrator, needs_employee=True))

        without, with_one = erp.get("/customers"), erp.get("/customers", **{"On-Behalf-Of": administrator.email})

        assert (without.status_code, without.json()["code"], with_one.status_code) == (403, "EMPLOYEE_NEEDED", 200)


def make(orgnr: str, portfolio: Portfolio) -> Customer:
    return Customer.objects.create(environment="SANDBOX", orgnr=orgnr, name=f"Kunde {orgnr}", portfolio=portfolio)


def valid_numbers(count: int) -> list[str]:
    """Synthetic numbers with right check digits."""
    weights = (3, 2, 7, 6, 5, 4, 3, 2)
    found: list[str] = []
    stem = 31_100_000
    while len(found) < count:
        stem += 1
        rest = -sum(int(digit) * weight for digit, weight in zip(str(stem), weights, strict=True)) % 11
        if rest < 10:
            found.append(f"{stem}{rest}")
    return found


def test_nobody_else_comes_in_with_a_session(client: Client, administrator: User, vendor: Vendor) -> None:
    client.force_login(administrator)

    assert client.get("/api/v1/customers").status_code == 401
