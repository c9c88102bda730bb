"""The report of who acted for which customer reads a period."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("portal", "0003_seals_with_keys_and_numbers")]
    operations = [
        AddIndexConcurrently("auditevent", models.Index(fields=["environment", "-at", "-id"], name="audit_by_time")),
    ]
