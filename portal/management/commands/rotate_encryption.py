"""`manage.py rotate_encryption`: re-encrypts everything at rest with the first key of ENCRYPTION_KEYS.

Put the new key first and keep the old one behind it; run this; then take the old one away.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management.base import BaseCommand
from django.db import connection, models
from psycopg.sql import SQL, Identifier

from portal.core import crypto


class Command(BaseCommand):
    help = "Re-encrypts keys, answers and documents with the first key."

    def handle(self, *args: Any, **options: Any) -> None:
        columns = [(m, f) for m in apps.get_models() for f in m._meta.fields if isinstance(f, crypto.EncryptedField)]
        for model, field in columns:
            self.stdout.write(f"{model._meta.label}.{field.name}: {rotate_column(model, field)} values")
        self.stdout.write(f"documents: {rotate_documents()} files")


def rotate_column(model: type[models.Model], field: models.Field[Any, Any]) -> int:
    """Re-encrypt one column row by row; a row changed meanwhile is left to its new value. Returns the number written."""
    names = {"table": Identifier(model._meta.db_table), "column": Identifier(str(field.column))}
    select = SQL("SELECT id, {column} FROM {table} WHERE {column} IS NOT NULL").format(**names)
    update = SQL("UPDATE {table} SET {column} = %s WHERE id = %s AND {column} = %s").format(**names)
    written = 0
    with connection.cursor() as cursor:
        cursor.execute(select)
        for pk, sealed in cursor.fetchall():
            cursor.execute(update, [crypto.rotate(bytes(sealed)), pk, bytes(sealed)])
            written += cursor.rowcount
    return written


SPARE = ".rotating"


def rotate_documents() -> int:
    """Re-encrypt every stored document in place, through the storage API. Returns the number of files.

    A copy is stored beside the file while it is rewritten; the next run repairs an interrupted one.
    """
    storage = storages["documents"]
    names = sorted({name.removesuffix(SPARE) for name in _names(storage, "")})
    for name in names:
        _rewrite(storage, name)
    return len(names)


def _rewrite(storage: Any, name: str) -> None:
    spare = name + SPARE
    if not storage.exists(spare):
        storage.save(spare, ContentFile(crypto.rotate(_read(storage, name))))
    fresh = crypto.rotate(_read(storage, spare))
    storage.delete(name)
    storage.save(name, ContentFile(fresh))
    storage.delete(spare)


def _read(storage: Any, name: str) -> bytes:
    with storage.open(name) as file:
        content: bytes = file.read()
    return content


def _names(storage: Any, folder: str) -> Any:
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:  # nothing was stored yet
        return
    yield from (f"{folder}/{name}".lstrip("/") for name in files)
    for inner in folders:
        yield from _names(storage, f"{folder}/{inner}".lstrip("/"))
