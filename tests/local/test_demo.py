"""The demonstration data."""

from __future__ import annotations

import pytest

from portal.core.environments import Environment
from portal.local import demo
from systemusers.models import MaskinportenClient
from systemusers.services.keys import self_service
from systemusers.services.wanted_scopes import wanted
from tests.fixtures import AT

pytestmark = pytest.mark.django_db


def test_the_client_has_every_scope_that_the_guide_asks_for() -> None:
    demo.seed(at=AT)

    (client,) = MaskinportenClient.objects.all()
    assert {one.scope for one in wanted(Environment.SANDBOX)} <= set(client.scopes)
    assert self_service.can_use(Environment.SANDBOX)
