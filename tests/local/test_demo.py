"""The demonstration data."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

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


def test_the_password_is_made_once_also_where_no_other_secret_is_kept(tmp_path: Path, settings: Settings) -> None:
    """On a machine whose keys are settings, as after a restore."""
    settings.SECRETS_DIR = tmp_path / "secrets"

    made = demo.password()

    assert made.startswith("fjord-")
    assert demo.password() == made
    assert (settings.SECRETS_DIR / "demo-password").stat().st_mode & 0o777 == 0o600
