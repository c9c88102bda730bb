"""Orders that need a person are few among many: they are counted by an index."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("submissions", "0006_dialogs_that_are_gone")]

    operations = [
        AddIndexConcurrently(
            model_name="order",
            index=models.Index(
                fields=["environment"],
                condition=models.Q(
                    ("status__in", ["UNCERTAIN", "FAILED"]),
                    models.Q(("problem_code", "ORDER_NOT_READY"), ("status", "ORDERED")),
                    models.Q(
                        ("status__in", ["QUEUED", "ORDERED"]),
                        ("failures__gte", 3),
                        models.Q(("problem_code", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="order_needs_person",
            ),
        ),
    ]
