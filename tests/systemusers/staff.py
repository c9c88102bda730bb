"""An administrator before the pages, with the world's clock."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests.systemusers.world import World


@pytest.fixture
def now(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: world.at)


@pytest.fixture
def staff(administrator: User, vendor: Any, now: None) -> Client:
    client = Client()
    client.force_login(administrator)
    return client


def page(client: Client, path: str, **options: Any) -> str:
    reply = client.get(f"/sandbox/{path}", **options)
    assert reply.status_code == 200
    return reply.content.decode()


def post(client: Client, path: str, data: dict[str, Any] | None = None, *, status: int = 200) -> str:
    """The page one ends on."""
    reply = client.post(f"/sandbox/{path}", data or {}, follow=True)
    assert reply.status_code == status
    return reply.content.decode()
