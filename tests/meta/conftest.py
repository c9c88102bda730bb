from tests.fixtures import case_worker, portfolio, vendor
from tests.submissions.rows import own_storage

__all__ = ["case_worker", "own_storage", "portfolio", "vendor"]
