"""`manage.py rotate_encryption`: re-encrypts everything at rest with the first key of ENCRYPTION_KEYS.

Put the new key first and keep the old one behind it; run this; then take the old one away. It may be interrupted: what is
encrypted with the first key already is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, models, transaction
from psycopg.sql import SQL, Composed, Identifier

from accounts.services import factors
from portal.core import crypto
from portal.core.required import required
from portal.core.storage.names import names
from submissions.services.documents import PLACE

BATCH = 500
"""Rows read and written at once: what the command holds in memory, however large the table is."""
SHOWN = 10


class Command(BaseCommand):
    help = "Re-encrypts keys, answers and documents with the first key."

    def handle(self, *args: Any, **options: Any) -> None:
        self.lost: list[str] = []
        columns = [(m, f) for m in apps.get_models() for f in m._meta.fields if isinstance(f, crypto.EncryptedField)]
        for model, field in columns:
            self.stdout.write(f"{model._meta.label}.{field.name}: {rotate_column(model, field, self.lost)} values")
        self.stdout.write(f"second factors: {rotate_factors(self.lost)} secrets")
        self.stdout.write(f"documents: {rotate_documents(self.lost)} files")
        if self.lost:
            shown = ", ".join(self.lost[:SHOWN])
            raise CommandError(f"No key opens these, so keep the old keys: {shown} ({len(self.lost)} in all)")


def rotate_column(model: type[models.Model], field: crypto.EncryptedField, lost: list[str]) -> int:
    """Re-encrypt one column, a batch at a time; a row changed meanwhile is left to its new value. Returns the number written.

    The names of values that no key opens are added to `lost`.
    """
    written, after = 0, 0
    while rows := _others(model, field, after=after):
        with transaction.atomic(), connection.cursor() as cursor:
            for pk, sealed in rows:
                try:
                    fresh = _rotated(model, field, pk, sealed)
                except crypto.CannotDecrypt:
                    lost.append(f"{field.place} of row {pk}")
                    continue
                cursor.execute(_update(model, field), [fresh, pk, sealed])
                written += cursor.rowcount
        after = rows[-1][0]
    return written


def rotate_factors(lost: list[str]) -> int:
    """The secrets of second factors, which allauth keeps in a column of JSON. There are a few for each member of staff."""
    number = 0
    for pk in Authenticator.objects.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            row = Authenticator.objects.select_for_update(of=("self",)).filter(pk=pk).first()
            if row is None:
                continue
            try:
                row.data = factors.rotated(row.data, owner=row.user_id)
            except crypto.CannotDecrypt:
                lost.append(f"{factors.PLACE} of row {pk}")
                continue
            row.save(update_fields=["data"])
            number += any(name in row.data for name in factors.SECRETS)
    return number


def _others(model: type[models.Model], field: crypto.EncryptedField, *, after: int) -> list[tuple[int, bytes]]:
    """The next values that another than the first key encrypted."""
    select = SQL(
        "SELECT {key}, {column} FROM {table} WHERE {key} > %s AND substring({column} FROM 1 FOR %s) <> %s ORDER BY {key} LIMIT %s"
    ).format(**_names(model, field))
    with connection.cursor() as cursor:
        cursor.execute(select, [after, crypto.HEADER, crypto.header(), BATCH])
        return [(pk, bytes(sealed)) for pk, sealed in cursor.fetchall()]


def _update(model: type[models.Model], field: crypto.EncryptedField) -> Composed:
    return SQL("UPDATE {table} SET {column} = %s WHERE {key} = %s AND {column} = %s").format(**_names(model, field))


def _names(model: type[models.Model], field: crypto.EncryptedField) -> dict[str, Identifier]:
    key = required(model._meta.pk, because="every model with a table has a primary key")
    columns = {"column": field.column, "key": key.column}
    return {"table": Identifier(model._meta.db_table), **{name: Identifier(str(it)) for name, it in columns.items()}}


def _rotated(model: type[models.Model], field: crypto.EncryptedField, pk: int, sealed: bytes) -> bytes:
    instance = model._base_manager.filter(pk=pk).first() if field.bound_to else None
    if field.bound_to and instance is None:  # deleted meanwhile
        return sealed
    return crypto.rotate(sealed, place=field.place, row=field.row_of(instance) if instance else "")


SPARE = ".rotating"


def rotate_documents(lost: list[str]) -> int:
    """Re-encrypt every stored document in place, through the storage API. Returns the number of files written.

    A copy is stored beside the file while it is rewritten; the next run repairs an interrupted one.
    """
    storage = storages["documents"]
    written = 0
    for name in _names_of(storage):
        try:
            written += _rewrite(storage, name)
        except crypto.CannotDecrypt:
            lost.append(name)
        except FileNotFoundError:  # deleted meanwhile
            continue
    return written


def _rewrite(storage: Any, name: str) -> bool:
    spare = name + SPARE
    row = name.rsplit("/", 1)[-1]
    if not storage.exists(spare):
        sealed = _read(storage, name)
        if sealed.startswith(crypto.header()):
            return False
        storage.save(spare, ContentFile(crypto.rotate(sealed, place=PLACE, row=row)))
    fresh = crypto.rotate(_read(storage, spare), place=PLACE, row=row)
    storage.delete(name)
    storage.save(name, ContentFile(fresh))
    storage.delete(spare)
    return True


def _read(storage: Any, name: str) -> bytes:
    with storage.open(name) as file:
        content: bytes = file.read()
    return content


def _names_of(storage: Any) -> Iterator[str]:
    """Each document once, also one of which only the copy is left: its name stands beside that of the document."""
    for name, _both in groupby(names(storage), key=lambda name: name.removesuffix(SPARE)):
        yield name
