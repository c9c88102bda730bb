"""Dialogs that are gone are few among many: they are counted by an index."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("submissions", "0005_heap_source")]

    operations = [
        AddIndexConcurrently(
            model_name="dialog",
            index=models.Index(
                fields=["environment", "-content_updated_at", "-id"],
                condition=models.Q(gone_at__isnull=False),
                name="dialog_gone",
            ),
        ),
    ]
