"""Every call of the description × scope × who is behind it × environment × own or foreign rows: a new call cannot be forgotten.

What is expected follows from the tables of scopes and capabilities, and from whose rows the caller sees.
"""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.capabilities import CHANGES, role_may
from accounts.models import Capability, Customer, Integration, Portfolio, Role, Scope, User, Vendor
from accounts.services.staff import Rights
from portal.core.audit import AuditEvent
from portal.core.environments import Environment
from systemusers.models import Access
from tests.api.erp import Erp, make_integration
from tests.api.test_description import OPERATIONS
from tests.fixtures import give, make_user
from tests.submissions.opened.rig import Desk
from tests.submissions.orders.rig import ALL, Rig, person
from tests.submissions.test_queue import make_ready
from tests.submissions.world import SERVICE, World

pytestmark = pytest.mark.django_db
CARDS = "skattekorttilarbeidsgiver"
GUARDED = {name: each for name, each in OPERATIONS.items() if name != "get_token"}
HERE, ELSEWHERE = Environment.SANDBOX, Environment.TEST
NOBODY, NO_ROLE = "nobody@vendor.example", "without@vendor.example"
BODIES = {
    "put_customers", "ask_access", "ask_accesses", "validate_submission", "create_submission", "create_submission_with_files",
    "place_order",
}  # fmt: skip
"""Name customers in what is sent."""
LISTS = {
    "list_customers", "list_accesses", "list_submissions", "list_orders", "list_dialogs", "list_letters", "list_events",
}  # fmt: skip
"""Rows of all customers that the caller sees."""
GENERAL = {"list_profiles", "list_services", "list_deadlines"}
"""Say the same whoever asks."""
ABOUT_ONE = {name for name, (_method, path, _details) in GUARDED.items() if "{" in path}
REFUSED = (403, 404)


@dataclass
class Rows:
    """One customer with an access, a report and its files, an order with its answer, a dialog and a letter.

    `keys` are those of addresses, by the collection that an address begins with.
    """

    access: Access
    keys: dict[str, str]

    def url(self, path: str) -> str:
        key = self.keys.get(path.split("/")[3], "")
        values = {"orgnr": key, "reference": key, "id": key, "service": SERVICE}
        if path.endswith("/documents/{id}"):
            values["id"] = self.keys["documents"]
        return re.sub(r"\{(\w+)\}", lambda match: values[match[1]], path)

    def nowhere(self) -> Rows:
        """With keys that lead to nothing, but for the customer's own number."""
        numbers = dict.fromkeys(("documents", "dialogs", "letters"), str(2**62))
        references = dict.fromkeys(("accesses", "submissions", "orders"), "00000000-0000-4000-8000-000000000000")
        return replace(self, keys={**self.keys, **numbers, **references})

    def body(self, name: str) -> dict[str, Any]:
        orgnr, profile = self.access.customer.orgnr, self.access.profile_id
        report = {"orgnr": orgnr, "service": SERVICE, "period": "2025"}
        bodies: dict[str, dict[str, Any]] = {
            "put_customer": {"name": "Another AS"}, "put_customers": {"rows": [{"orgnr": orgnr, "name": "Another AS"}]},
            "ask_access": {"orgnr": orgnr, "profile": profile}, "ask_accesses": {"orgnrs": [orgnr], "profile": profile},
            "validate_submission": {**report, "files": [{"name": "a.xml", "text": "<a/>"}]},
            "create_submission": {**report, "files": []},
            "place_order": {"orgnr": orgnr, "service": CARDS, "period": str(timezone.localdate().year), "people": [person("4")]},
        }  # fmt: skip
        return bodies.get(name, {})


@pytest.fixture
def rows(world: World, portfolio: Portfolio) -> Rows:
    access = world.access
    access.customer.portfolio = portfolio
    access.customer.save(update_fields=["portfolio"])
    ready, letter, rig = make_ready(access), Desk(world).letter(), Rig(world, CARDS)
    order = rig.finish(rig.ask(kind=ALL, listed=person("4").encode()))
    keys = {
        "customers": access.customer.orgnr, "accesses": access.reference, "submissions": ready.reference,
        "documents": ready.documents.values_list("pk", flat=True)[0], "orders": order.reference, "dialogs": letter.dialog_id,
        "letters": letter.pk,
    }  # fmt: skip
    return Rows(access, {name: str(key) for name, key in keys.items()})


def call(erp: Erp, name: str, rows: Rows, **headers: str) -> Any:
    method, path, details = OPERATIONS[name]
    url, named = rows.url(path), {"Idempotency-Key": str(uuid.uuid4()), **headers}
    content = details.get("requestBody", {}).get("content", {})
    if "multipart/form-data" in content:
        about = {"orgnr": rows.access.customer.orgnr, "service": SERVICE, "period": "2025"}
        form: dict[str, Any] = {**(about if name in BODIES else {}), "files": [SimpleUploadedFile("a.xml", b"<a/>")]}
        return erp.client.post(url, form, headers=erp.headers(**named))
    body = rows.body(name) if method in ("post", "put") else None
    data = json.dumps(body) if body is not None else ""
    reply = erp.client.generic(method.upper(), url, data, "application/json", headers=erp.headers(**named))
    if reply.streaming:
        reply.getvalue()
        for close in reply._resource_closers:  # type: ignore[attr-defined] # of Django's file responses
            close()
    return reply


def test_every_call_has_its_place_in_this_matrix() -> None:
    assert {*ABOUT_ONE, *BODIES, *LISTS, *GENERAL} == set(GUARDED)
    assert not ABOUT_ONE & (BODIES | LISTS | GENERAL)


def scope_of(name: str) -> Scope:
    return Scope(OPERATIONS[name][2]["security"][0]["OAuth2"][0])


@pytest.fixture
def people(vendor: Vendor) -> dict[str, str | None]:
    """By address: the role of each employee here. None for those who have none here, or do not exist."""
    found: dict[str, str | None] = {NOBODY: None}
    for role in Role:
        user = make_user(email=f"only-{role.lower()}@vendor.example")
        give(user, Rights({HERE.value: role}, frozenset({HERE.value})))
        found[user.email] = role
    away = make_user(email=NO_ROLE)
    give(away, Rights({ELSEWHERE.value: Role.ADMINISTRATOR}, frozenset({ELSEWHERE.value})))
    return {**found, NO_ROLE: None}


def expected(name: str, *, has_scope: bool, employee: str, role: str | None) -> str:
    """The code of the problem; "" when the call is let in."""
    if employee and (role is None or not role_may(role, Capability.SEE, HERE)):
        return "EMPLOYEE_UNKNOWN"
    needs = Capability.WORK if scope_of(name) in CHANGES else Capability.SEE
    may = not employee or (role is not None and role_may(role, needs, HERE))
    return "" if has_scope and may else "SCOPE_MISSING"


def test_a_call_is_let_in_by_its_scope_and_by_the_role_of_who_is_behind_it(
    erp: Erp, rows: Rows, people: dict[str, str | None]
) -> None:
    """With a token for the scope alone, and with one for all others. What is let in is asked with an address that leads nowhere."""
    Integration.objects.update(calls_a_minute=100_000)
    nowhere = rows.nowhere()
    wrong = []
    for scope, has_scope in product(Scope, (True, False)):
        theirs = [each for each in Scope if (each == scope) == has_scope]
        erp.token = erp.ask_token(scope=" ".join(theirs)).json()["access_token"]
        for name, employee in product((each for each in GUARDED if scope_of(each) == scope), ("", *people)):
            headers = {"On-Behalf-Of": employee} if employee else {}
            code = expected(name, has_scope=has_scope, employee=employee, role=people.get(employee))
            if code or name in ABOUT_ONE:
                reply = call(erp, name, nowhere, **headers)
                told = reply.json().get("code", "") if reply.status_code == 403 else ""
                wrong += [(name, has_scope, employee, code, told)] if told != code else []

    assert wrong == []


@pytest.mark.parametrize("how", ["integration", "employee"])
def test_an_answer_is_given_again_only_to_who_still_sees_the_customer(
    erp: Erp, rows: Rows, case_worker: User, how: str
) -> None:
    """Each POST that did something, and then is sent again with its key."""
    Integration.objects.update(calls_a_minute=100_000)
    posts = [name for name in GUARDED if OPERATIONS[name][0] == "post"]
    behind = {"On-Behalf-Of": case_worker.email} if how == "employee" else {}
    first = {name: call(erp, name, rows, **{"Idempotency-Key": name, **behind}) for name in posts}
    done = [name for name, reply in first.items() if reply.status_code < 300]
    same = {name: call(erp, name, rows, **{"Idempotency-Key": name, **behind}) for name in done}
    Customer.objects.update(portfolio=Portfolio.objects.create(name="Another"))
    if how == "integration":
        Integration.objects.update(sees_all_customers=False)

    again = {name: call(erp, name, rows, **{"Idempotency-Key": name, **behind}) for name in done}

    assert len(done) >= 6
    assert [name for name in done if same[name].json() != first[name].json()] == []
    assert [name for name in done if "orgnrs" not in rows.body(name) and "rows" not in rows.body(name)
            and again[name].status_code != 404] == []  # fmt: skip
    for name in ("put_customers", "ask_accesses"):
        (row,), told = again[name].json()["rows"], again[name].json()
        assert (row["outcome"], row["code"], row.get("reference")) == ("refused", "NOT_FOUND", None)
        assert told["refused"] == 1


def test_without_a_token_and_with_one_that_is_none_no_call_is_answered(erp: Erp, rows: Rows) -> None:
    for erp.token in ("", "nonsense"):
        assert {name: call(erp, name, rows).status_code for name in GUARDED} == dict.fromkeys(GUARDED, 401)


@dataclass
class Foreign:
    """Who does not see the customer, and the headers of the call."""

    erp: Erp
    headers: dict[str, str]


@pytest.fixture
def strangers(rows: Rows, administrator: User) -> list[Foreign]:
    """Of another portfolio, for an employee of another portfolio, and of another environment."""
    north = Portfolio.objects.create(name="Nord")
    other = make_user(Role.CASE_WORKER, "nord@vendor.example")
    other.portfolios.add(north)
    return [
        Foreign(Erp(make_integration(administrator, "nord", portfolios=[north])), {}),
        Foreign(Erp(make_integration(administrator, "alle")), {"On-Behalf-Of": other.email}),
        Foreign(Erp(make_integration(administrator, "test", environment=ELSEWHERE)), {}),
    ]


def is_kept_out(reply: Any, rows: Rows, name: str) -> bool:
    if name in LISTS:
        return bool(reply.status_code == 200 and reply.json()["items"] == [])
    if reply.status_code == 200 and name in ("put_customers", "ask_accesses"):
        outcome = reply.json()["rows"][0]["outcome"]  # it may make one of its own, in another environment
        return outcome not in ("changed", "asked")
    return bool(reply.status_code in REFUSED or rows.access.customer.name not in reply.text)


def test_rows_of_others_and_of_other_environments_are_not_there(rows: Rows, strangers: list[Foreign]) -> None:
    """And nothing of them is changed, whatever is sent."""
    before = AuditEvent.objects.filter(customer_id_ref=rows.access.customer_id).count()
    names = [*sorted(LISTS), *sorted(ABOUT_ONE | BODIES)]
    leaks = []
    for stranger, name in product(strangers, names):
        reply = call(stranger.erp, name, rows, **stranger.headers)
        if not is_kept_out(reply, rows, name):
            leaks.append((stranger.erp.integration.name, name, reply.status_code, reply.text[:200]))

    rows.access.customer.refresh_from_db()
    assert leaks == []
    assert rows.access.customer.name != "Another AS"
    assert AuditEvent.objects.filter(customer_id_ref=rows.access.customer_id).count() == before


def test_own_rows_are_there(rows: Rows, administrator: User, portfolio: Portfolio) -> None:
    """So that the answers above say something. Reading first, as some of the rest ends what it is about."""
    own = Erp(make_integration(administrator, "vest", portfolios=[portfolio]))
    reading = sorted(GUARDED, key=lambda name: (OPERATIONS[name][0] != "get", name == "remove_file", name))

    statuses = {name: call(own, name, rows).status_code for name in reading}

    assert {name: status for name, status in statuses.items() if status in (401, 403, 404) or status >= 500} == {}
    assert {statuses[name] for name in reading if OPERATIONS[name][0] == "get"} == {200}
