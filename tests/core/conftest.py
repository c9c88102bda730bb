from tests.fixtures import administrator, case_worker, customer, portfolio, reader, vendor

__all__ = ["administrator", "case_worker", "customer", "portfolio", "reader", "vendor"]
