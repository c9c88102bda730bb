from tests.accounts.world import sandbox
from tests.fixtures import administrator, case_worker, customer, portfolio, reader, vendor

__all__ = ["administrator", "case_worker", "customer", "portfolio", "reader", "sandbox", "vendor"]
