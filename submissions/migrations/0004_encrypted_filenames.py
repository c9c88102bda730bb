"""File names come from outside and may hold a national identity number: they are encrypted at rest."""

from __future__ import annotations

from typing import Any

from django.db import migrations

import portal.core.crypto
from portal.core import crypto

AT_ONCE = 1000


def seal(apps: Any, schema_editor: Any) -> None:
    """Encrypt the names row by row, in batches."""
    Document = apps.get_model("submissions", "Document")
    rows = Document.objects.order_by("pk").only("pk", "filename")
    batch = []
    for row in rows.iterator(chunk_size=AT_ONCE):
        batch.append(row)
        if len(batch) == AT_ONCE:
            _write(schema_editor, Document, batch)
            batch = []
    _write(schema_editor, Document, batch)


def _write(schema_editor: Any, model: Any, batch: list[Any]) -> None:
    if not batch:
        return
    columns = [row.pk for row in batch], [crypto.encrypt(row.filename.encode()) for row in batch]
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {model._meta.db_table} AS d SET sealed_filename = v.name"  # noqa: S608 - no value inside
            " FROM unnest(%s::bigint[], %s::bytea[]) AS v (id, name) WHERE d.id = v.id",
            columns,
        )


class Migration(migrations.Migration):
    dependencies = [("submissions", "0003_earlier_deliveries_and_holds")]

    operations = [
        migrations.AddField(
            "document",
            "sealed_filename",
            portal.core.crypto.EncryptedTextField(editable=False, null=True, verbose_name="filnavn"),
        ),
        migrations.RunPython(seal),
        migrations.RemoveField("document", "filename"),
        migrations.RenameField("document", "sealed_filename", "filename"),
        migrations.AlterField(
            "document",
            "filename",
            portal.core.crypto.EncryptedTextField(editable=False, verbose_name="filnavn"),
        ),
    ]
