from tests.fixtures import administrator, vendor

__all__ = ["administrator", "vendor"]
