from tests.fixtures import administrator, case_worker, customer, portfolio, reader, vendor
from tests.submissions.rows import access, draft, own_storage
from tests.submissions.world import world

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
