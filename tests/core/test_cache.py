"""Without Valkey the pages still answer; only what it remembered is gone. What somebody else puts there runs no code."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

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


class Planted:
    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.file,)


def plant(key: str, stored: bytes) -> None:
    """Write past the serializer, as whoever knows Valkey's password can."""
    cache._cache.get_client(write=True).set(cache.make_key(key), stored)


def test_a_planted_pickle_is_a_miss_and_runs_nothing(tmp_path: Path) -> None:
    plant("limits", pickle.dumps(Planted(tmp_path / "ran")))

    assert cache.get("limits", "asked again") == "asked again"
    assert cache.get_many(["limits"]) == {}
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("stored", [b"", b"\xff", b"no json", b"[" * 100_000, b'{"$at": "yesterday"}'])
def test_other_bytes_are_a_miss_too(stored: bytes) -> None:
    plant("list", stored)

    assert cache.get("list") is None


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        7,
        1.5,
        "Ærlig",
        ["a", 1],
        {"a": {"b": None}},
        [["x", datetime(2026, 11, 29, 8, tzinfo=UTC)]],
        [date(2026, 11, 29), timedelta(days=2, seconds=3.5)],
    ],
)
def test_plain_values_come_back_as_they_were(value: Any) -> None:
    cache.set("value", value)

    assert cache.get("value", "gone") == value


def test_other_objects_are_refused_when_they_are_written() -> None:
    with pytest.raises(TypeError, match="a set cannot be cached"):
        cache.set("value", {"a"})


def test_a_number_can_be_counted_up() -> None:
    cache.set("number", 1)

    assert cache.incr("number") == 2
    assert cache.get("number") == 2


@pytest.mark.django_db
@pytest.mark.usefixtures("no_valkey", "administrator")
def test_staff_can_log_in_while_valkey_is_away(client: Client) -> None:
    given = {"login": "administrator@vendor.example", "password": "a long enough password"}

    reply = client.post("/accounts/login/", given)

    assert reply.status_code == 302
    assert reply["Location"] == "/"
