"""Demonstration data never serves production: its people share a password that a command prints.

`portal.local.demo` marks the people that it makes. A process of production refuses to start on a database that holds one of them, and
log-in refuses them there.
"""

from __future__ import annotations

import logging

import psycopg
from django.conf import settings
from django.db import connection
from psycopg.errors import UndefinedColumn, UndefinedTable

_FIND = "SELECT EXISTS (SELECT FROM accounts_user WHERE is_demonstration)"
logger = logging.getLogger(__name__)


class HoldsDemonstration(Exception):
    """The database is that of a demonstration."""

    def __init__(self) -> None:
        super().__init__(
            "the database holds the demonstration: people with a password that is printed, and made-up customers. Production needs a "
            "database and a DATA_DIR of its own, both empty: see docs/operations.md"
        )


def refuse() -> None:
    """At the start of a process in production. Raises HoldsDemonstration. A server that does not answer yet, and one without our
    tables, is left to /readyz.
    """
    if settings.LOCAL:
        return
    try:
        with psycopg.connect(**{**connection.get_connection_params(), "connect_timeout": 5}) as own:
            [is_there] = own.execute(_FIND).fetchone() or (False,)
    except (psycopg.OperationalError, UndefinedTable, UndefinedColumn):
        logger.warning("it is not known whether the database holds the demonstration")
        return
    if is_there:
        raise HoldsDemonstration
