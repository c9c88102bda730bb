import pytest

from tests.fixtures import administrator, case_worker, customer, portfolio, reader, vendor
from tests.submissions.orders.rig import Rig
from tests.submissions.rows import access, draft, own_storage
from tests.submissions.world import World, world


@pytest.fixture
def cards(world: World) -> Rig:
    return Rig(world, "skattekorttilarbeidsgiver")


@pytest.fixture
def claims(world: World) -> Rig:
    return Rig(world, "kravogbetalinger")


@pytest.fixture
def deadlines(world: World) -> Rig:
    return Rig(world, "frister")


__all__ = [
    "access",
    "administrator",
    "case_worker",
    "customer",
    "draft",
    "own_storage",
    "portfolio",
    "reader",
    "vendor",
    "world",
]
