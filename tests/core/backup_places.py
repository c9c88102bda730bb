"""What tests of backups share: a pair of keys, and an empty database instead of the one of the test."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyrage
from django.core.management import call_command
from django.db import connection

from portal.core.database_roles import give_rights


@dataclass(frozen=True)
class Keys:
    """`recipient` makes backups, the file `identity` opens them."""

    recipient: str
    identity: Path


def new_keys(folder: Path, name: str = "identity.txt") -> Keys:
    """As age-keygen writes them."""
    identity = pyrage.x25519.Identity.generate()
    file = folder / name
    file.write_text(f"# public key: {identity.to_public()}\n{identity}\n", encoding="utf-8")
    return Keys(str(identity.to_public()), file)


def forget_connections() -> None:
    """Those of the pool know tables that are replaced."""
    connection.close()
    connection.close_pool()


def empty_database() -> None:
    """As a new one: without tables."""
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    forget_connections()


def tables_again() -> None:
    """For the tests that follow: the tables, and what the application's role may do on them."""
    if not connection.introspection.table_names():
        call_command("migrate", interactive=False, verbosity=0)
    give_rights()
