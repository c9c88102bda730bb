"""Questions that wait and have an open link are few among many: their number is counted by an index."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("systemusers", "0004_invitations_that_reach_nobody")]

    operations = [
        AddIndexConcurrently(
            model_name="access",
            index=models.Index(
                fields=["environment"],
                include=["customer"],
                condition=Q(status__in=["DRAFT", "FORWARDED", "OPENED", "SENT"], link_revoked_at__isnull=True),
                name="access_asking",
            ),
        ),
    ]
