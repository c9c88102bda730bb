"""What one polling cycle asks for when nothing is new, as the sandbox counts it."""

from __future__ import annotations

import math
import os
from collections import Counter
from datetime import timedelta

import pytest

from portal.core import lease
from submissions.models import PollCursor
from submissions.services import catalogue
from submissions.services.inbox import cursors, poll
from systemusers.models import Access
from tests.benchmarks.figures import Figures
from tests.fixtures import customer, portfolio, vendor
from tests.submissions.accountant import Firm
from tests.submissions.inbox.reading import DIALOGS
from tests.submissions.rows import own_storage
from tests.submissions.world import World, world

__all__ = ["customer", "own_storage", "portfolio", "vendor", "world"]
pytestmark = [pytest.mark.benchmark, pytest.mark.django_db]
CLIENTS = [int(number) for number in os.environ.get("CLIENTS", "1,200").split(",")]
OF_ONE_SEARCH = 20
"""Services."""
TOKEN = "/maskinporten/token"


def cycle(world: World, access: Access) -> Counter[str]:
    """Calls of one round of the access, by what they are."""
    rows = PollCursor.objects.filter(access=access)
    rows.update(overlap_at=world.at + timedelta(days=1), full_at=world.at + timedelta(days=2))
    lease.make_due(rows, at=world.at)
    world.app.calls.clear()
    assert poll.poll_due(at=world.at).taken == 1
    return Counter(
        "search" if c["path"] == DIALOGS else "token" if c["path"] == TOKEN else "other" for c in world.app.calls
    )


def all_read(world: World) -> None:
    """What was due is read, so that the next round finds nothing new."""
    cursors.make_cursors(at=world.at)
    for _ in range(6):
        world.let_pass(hours=1)
        while poll.poll_due(at=world.at).taken:
            pass


def test_a_quiet_customer_costs_one_search_and_at_most_one_token(world: World) -> None:
    figures = Figures("a quiet polling cycle")
    all_read(world)

    with_token = cycle(world, world.access)
    world.let_pass(minutes=15)
    later = cycle(world, world.access)

    for name, calls in (("first cycle", with_token), ("next cycle", later)):
        figures.at_most(f"{name}: searches", calls["search"], 1, unit="calls")
        figures.at_most(f"{name}: tokens", calls["token"], 1, unit="calls")
        figures.at_most(f"{name}: others", calls["other"], 0, unit="calls")
    figures.settle()


def test_an_accountant_costs_a_search_for_twenty_services_whatever_the_number_of_clients(world: World) -> None:
    figures = Figures("a quiet polling cycle of an accountant")
    firm, known = Firm(world), 0
    for number in CLIENTS:
        firm.customers(number - known)
        known = number
        all_read(world)
        calls = cycle(world, firm.access)
        services = len(catalogue.resources_of(firm.access, catalogue.local("SANDBOX")))
        about = f"{services} services"
        figures.at_most(
            f"{number} clients: searches",
            calls["search"],
            math.ceil(services / OF_ONE_SEARCH),
            unit="calls",
            about=about,
        )
        figures.at_most(f"{number} clients: tokens", calls["token"], 1, unit="calls")
        figures.at_most(f"{number} clients: others", calls["other"], 0, unit="calls")
    figures.settle()
