"""Our pages beside bare Django views that answer as many bytes about the same rows, with a log-in and what a user may see."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from django.test import Client, override_settings

from accounts.models import Role
from tests.benchmarks import bare
from tests.benchmarks.figures import Figures
from tests.benchmarks.scale import Scale, scale

pytestmark = pytest.mark.benchmark
__all__ = ["scale"]
LISTS = ("customers", "access", "submissions", "dialogs")
VISITS = 15
LEAST = 0.5


def best(act: Callable[[], object]) -> float:
    taken = []
    for _ in range(VISITS):
        began = time.perf_counter()
        act()
        taken.append(time.perf_counter() - began)
    return min(taken)


@pytest.mark.django_db
def test_a_page_keeps_half_the_pace_of_a_bare_view_that_answers_the_same(scale: Scale) -> None:
    figures = Figures("beside bare Django views")
    with scale.large.used():
        ours, plain = scale.large.client(Role.ADMINISTRATOR), scale.large.client(Role.ADMINISTRATOR)
        for name in LISTS:
            address = f"/sandbox/{name}/"
            bare.answers[name] = ours.get(address).content
            page = best(lambda address=address: _ok(ours, address))  # type: ignore[misc]
            with override_settings(ROOT_URLCONF="tests.benchmarks.bare", MIDDLEWARE=bare.MIDDLEWARE):
                plain.handler.load_middleware()
                ready = best(lambda name=name: _ok(plain, f"/bytes/{name}/"))  # type: ignore[misc]
                rendered = best(lambda name=name: _ok(plain, f"/list/{name}/"))  # type: ignore[misc]
            about = f"{page * 1000:.1f} ms, {rendered * 1000:.1f} ms and {ready * 1000:.1f} ms"
            figures.at_least(f"{name}: of the pace of a plain list", rendered / page, LEAST, about=about)
            figures.at_least(f"{name}: of the pace of bytes that are ready", ready / page, LEAST)
    figures.settle()


def _ok(client: Client, address: str) -> None:
    assert client.get(address).status_code == 200
