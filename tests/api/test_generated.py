"""Calls to a running portal that are made from its description, with values that fit it and values that do not: no mistake of ours,
no answer that it does not have, and nothing without a token. What fits the schema may be refused all the same: a number with a
wrong check digit. Calls with values that fit are about rows that exist, so that their answers are checked too.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import positive_data_acceptance

from accounts.models import Customer, Integration
from submissions.models import Order, Submission, Transmission
from systemusers.models import Access
from tests.api.erp import Erp
from tests.api.running import running_web, shared_documents
from tests.api.test_description import OPERATIONS, SAMPLE
from tests.submissions.opened.rig import Desk
from tests.submissions.orders.rig import ALL, Rig, person
from tests.submissions.world import SERVICE, World
from tests.world import make_draft

EXAMPLES = int(os.environ.get("EXAMPLES", "8"))
"""For each call, of those that fit its schema and of those that do not."""
CALLS = [
    (ident, mode) for ident in OPERATIONS for mode in GenerationMode if (ident, mode.value) != ("get_token", "negative")
]
"""Every form fits the schema of the token's, as OAuth has all of its fields optional."""


@pytest.fixture
def portal(erp: Erp, world: World, tmp_path: Path, settings: Any) -> Iterator[str]:
    """With a customer, an access, a report, an order with its answer and a letter, and calls without a limit."""
    shared_documents(settings)
    make_draft(world.access)
    Desk(world).letter()
    rig = Rig(world, "skattekorttilarbeidsgiver")
    rig.finish(rig.ask(kind=ALL, listed=person("4").encode()))
    Integration.objects.update(calls_a_minute=10**9)
    with running_web(tmp_path) as address:
        yield address


@pytest.mark.django_db(transaction=True)
def test_every_answer_is_one_that_the_description_has(portal: str, erp: Erp) -> None:
    described: Any = schemathesis.openapi.from_url(f"{portal}/api/v1/openapi.json", timeout=60)

    answered: Counter[str] = Counter()

    faults = [fault for ident, mode in CALLS if (fault := _fault(described, erp, ident, mode, answered))]

    assert faults == []
    assert {ident for ident in OPERATIONS if ident.startswith(("get_", "list_")) and not answered[ident]} == {
        "get_token"
    }


def _rows() -> dict[str, str]:
    """The row of each collection that calls are about, by its name in an address."""
    letter = Transmission.objects.letters().get()
    keys = {
        "customers": Customer.objects.get().orgnr, "accesses": Access.objects.latest("pk").reference,
        "submissions": Submission.objects.get().reference, "orders": Order.objects.get().reference,
        "dialogs": letter.dialog_id, "letters": letter.pk, "documents": letter.documents.get().pk,
    }  # fmt: skip
    return {name: str(key) for name, key in keys.items()}


def _fault(described: Any, erp: Erp, ident: str, mode: GenerationMode, answered: Counter[str]) -> str:
    """What was wrong, "" for nothing. Counts answers of 2xx."""
    method, path, _details = OPERATIONS[ident]
    row = _rows().get(path.split("/")[3], "")

    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=described[path][method.upper()].as_strategy(generation_mode=mode))
    def call(case: Any) -> None:
        headers = {"Authorization": f"Bearer {erp.token}"}
        if mode is GenerationMode.POSITIVE:
            case.headers.pop("On-Behalf-Of", None)  # of nobody who works here
            names = [name for name in case.path_parameters if name in ("orgnr", "reference") or path.count("{") == 1]
            case.path_parameters.update(
                dict.fromkeys(names, row) | ({"service": SERVICE} if "{service}" in path else {})
            )
            headers["Idempotency-Key"] = str(uuid4())
        reply = case.call_and_validate(headers=headers, timeout=60, excluded_checks=[positive_data_acceptance])
        answered[ident] += reply.status_code < 300

    try:
        call()
    except FailureGroup as group:
        return f"{ident} {mode.value}: {group} {group.exceptions}"
    return ""


@pytest.mark.django_db(transaction=True)
def test_nothing_is_answered_without_a_token(portal: str) -> None:
    answered = [
        (ident, authorization, reply.status_code)
        for ident, (method, path, _details) in OPERATIONS.items()
        for authorization in ("", "Bearer x", "Basic x", "Bearer")
        if (reply := _call(portal, method, path, authorization)).status_code != (400 if ident == "get_token" else 401)
    ]

    assert answered == []


def _call(portal: str, method: str, path: str, authorization: str) -> httpx.Response:
    address = re.sub(r"\{\w+\}", lambda name: SAMPLE[name[0]], path)
    headers = {"Idempotency-Key": "a", "Content-Type": "application/json", "Authorization": authorization}
    return httpx.request(method, portal + address, content="{}", headers=headers, timeout=60)
