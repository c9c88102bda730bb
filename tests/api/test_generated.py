"""Calls made from the description, with values that fit it and values that do not: no mistake of ours, no answer that it does
not have, and nothing without a token. What fits the schema may be refused all the same: a number with a wrong check digit.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from accounts.models import Integration
from tests.api.erp import Erp
from tests.api.test_description import OPERATIONS
from tests.submissions.world import World
from tests.world import make_draft

EXAMPLES = int(os.environ.get("EXAMPLES", "12"))
"""For each call, of those that fit its schema and of those that do not."""
CALLS = [
    (ident, mode) for ident in OPERATIONS for mode in GenerationMode if (ident, mode.value) != ("get_token", "negative")
]
"""Every form fits the schema of the token's, as OAuth has all of its fields optional."""


@pytest.fixture
def described(erp: Erp, world: World) -> Iterator[Any]:
    """A portal with a customer, an access and a report, and calls without a limit."""
    make_draft(world.access)
    Integration.objects.update(calls_a_minute=100_000)
    signals.request_started.disconnect(close_old_connections)  # as Django's own test client does
    signals.request_finished.disconnect(close_old_connections)
    yield schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
    signals.request_started.connect(close_old_connections)
    signals.request_finished.connect(close_old_connections)


@pytest.mark.parametrize(("ident", "mode"), CALLS)
def test_every_answer_is_one_that_the_description_has(
    described: Any, erp: Erp, ident: str, mode: GenerationMode
) -> None:
    method, path, _details = OPERATIONS[ident]

    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=described[path][method.upper()].as_strategy(generation_mode=mode))
    def call(case: Any) -> None:
        headers = {"Authorization": f"Bearer {erp.token}"}
        case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])

    call()


@pytest.mark.parametrize("authorization", [None, "Bearer x", "Basic x", "Bearer"])
def test_nothing_is_answered_without_a_token(erp: Erp, authorization: str | None) -> None:
    sample = {"{orgnr}": "310987654", "{reference}": "00000000-0000-4000-8000-000000000000", "{id}": "1"}
    headers = {"Idempotency-Key": "a", **({"Authorization": authorization} if authorization else {})}
    for ident, (method, path, _details) in OPERATIONS.items():
        address = re.sub(r"\{\w+\}", lambda name: sample[name[0]], path)
        reply = erp.client.generic(method.upper(), address, "{}", "application/json", headers=headers)
        assert reply.status_code == (400 if ident == "get_token" else 401), ident
