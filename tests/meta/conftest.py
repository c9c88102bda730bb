from tests.fixtures import case_worker, customer, portfolio, vendor
from tests.submissions.rows import own_storage

__all__ = ["case_worker", "customer", "own_storage", "portfolio", "vendor"]
