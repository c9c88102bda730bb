"""Letters that nobody has read are few among many: their list is read from an index, the newest first."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("submissions", "0008_refused_resources")]

    operations = [
        AddIndexConcurrently(
            model_name="transmission",
            index=models.Index(
                fields=["-created_at", "-id"],
                include=["dialog"],
                condition=Q(
                    ("related_id__isnull", True),
                    ("submission__isnull", True),
                    Q(("type__in", ["Acceptance", "Correction", "Rejection", "Submission"]), _negated=True),
                    ("deleted_at__isnull", True),
                    ("read_at__isnull", True),
                ),
                name="letter_unread_newest",
            ),
        ),
    ]
