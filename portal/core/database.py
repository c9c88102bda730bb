"""A limit for each SQL statement of a process: no search and no waiting for a lock holds a thread for ever."""

from __future__ import annotations

from django.conf import settings

WEB, WORKER = 5, 300
"""Seconds. Commands, migrations among them, have no limit."""


def limit_statements(*, seconds: int) -> None:
    """For the connections that this process opens from now on."""
    options = settings.DATABASES["default"]["OPTIONS"]
    options["options"] = f"{options.get('options', '')} -c statement_timeout={seconds * 1000}".strip()
