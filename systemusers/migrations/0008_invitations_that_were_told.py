"""Each question that waits is asked whether its customer was told: that is answered by an index alone."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("systemusers", "0007_accesses_by_one_index")]

    operations = [
        AddIndexConcurrently(
            model_name="invitation",
            index=models.Index(
                fields=["access"],
                condition=(Q(told_at__isnull=False) | Q(stopped_at__isnull=True, next_attempt_at__isnull=False))
                & ~Q(stopped_why__in=["APPROVED", "ENDED"]),
                name="invitation_told",
            ),
        ),
    ]
