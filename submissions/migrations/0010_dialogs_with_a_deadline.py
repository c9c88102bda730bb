"""How many dialogs are to be answered by a day, and whose, is answered by an index alone. It takes the place of `dialog_by_deadline`."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("submissions", "0009_letters_nobody_has_read")]

    operations = [
        AddIndexConcurrently(
            model_name="dialog",
            index=models.Index(
                fields=["environment", "due_at", "id"],
                include=["customer", "status", "handled_at"],
                condition=Q(due_at__isnull=False, gone_at__isnull=True) & ~Q(status="Completed"),
                name="dialog_deadline",
            ),
        ),
    ]
