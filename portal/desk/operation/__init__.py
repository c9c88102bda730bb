"""Drift: the page of administrators about queues, workers, outside services and what waits; and the same numbers as metrics."""
