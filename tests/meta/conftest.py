from tests.fixtures import case_worker, portfolio

__all__ = ["case_worker", "portfolio"]
