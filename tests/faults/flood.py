"""Tasks for the flood: workers load this module with `--include`."""

from __future__ import annotations

import time

from celery import shared_task

from portal.core.valkey import valkey


@shared_task(name="flood.wait")
def wait(seconds: float) -> None:
    """As a call to a slow service."""
    time.sleep(seconds)


@shared_task(name="flood.tell")
def tell(queue: str) -> None:
    valkey().lpush("told", queue)
