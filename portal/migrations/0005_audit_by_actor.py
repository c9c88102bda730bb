"""The report of who acted for which customer reads a period, and the acts of one employee in it."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("portal", "0004_audit_by_time")]
    operations = [
        AddIndexConcurrently(
            "auditevent", models.Index(fields=["environment", "by", "-at", "-id"], name="audit_by_actor")
        ),
    ]
