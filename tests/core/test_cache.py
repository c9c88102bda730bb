"""Without Valkey the pages still answer; only what it remembered is gone."""

from __future__ import annotations

import pytest
from django.core.cache import cache, caches
from django.test import Client
from pytest_django import Settings


@pytest.fixture
def no_valkey(settings: Settings) -> None:
    away = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": away}
    caches.close_all()


@pytest.mark.usefixtures("no_valkey")
def test_the_cache_forgets_instead_of_failing() -> None:
    cache.set("a", 1)
    cache.set_many({"b": 2})

    assert cache.get("a", "gone") == "gone"
    assert cache.get_many(["a", "b"]) == {}
    assert cache.add("a", 1) is True
    assert cache.delete("a") is False


@pytest.mark.django_db
@pytest.mark.usefixtures("no_valkey", "administrator")
def test_staff_can_log_in_while_valkey_is_away(client: Client) -> None:
    given = {"login": "administrator@vendor.example", "password": "a long enough password"}

    reply = client.post("/accounts/login/", given)

    assert reply.status_code == 302
    assert reply["Location"] == "/"
