"""Messages of one lane leave one after the other."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("portal", "0007_feed_and_webhooks")]
    operations = [
        AddIndexConcurrently(
            "outboxmessage",
            models.Index(
                fields=["lane", "id"],
                condition=Q(status__in=["WAITING", "SENDING"]) & ~Q(lane=""),
                name="outbox_by_lane",
            ),
        ),
    ]
