"""Reports that wait for an answer are few among many: they are counted by an index alone."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("submissions", "0011_dialogs_with_a_deadline_by_one_index")]

    operations = [
        AddIndexConcurrently(
            model_name="submission",
            index=models.Index(
                fields=["environment", "delivered_at"],
                include=["service", "customer", "status_at", "next_attempt_at", "problem_code"],
                condition=Q(status="DELIVERED"),
                name="submission_unanswered",
            ),
        ),
    ]
