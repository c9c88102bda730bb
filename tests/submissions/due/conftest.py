from tests.fixtures import administrator, case_worker, customer, portfolio, reader, vendor
from tests.submissions.rows import access, own_storage
from tests.submissions.world import World, world

__all__ = [
    "World",
    "access",
    "administrator",
    "case_worker",
    "customer",
    "own_storage",
    "portfolio",
    "reader",
    "vendor",
    "world",
]
