"""How many accesses are in a state, and whose, is answered by an index alone. It takes the place of `access_by_status`."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("systemusers", "0005_accesses_that_ask")]

    operations = [
        AddIndexConcurrently(
            model_name="access",
            index=models.Index(
                fields=["environment", "status", "-status_at"],
                include=["id", "customer", "sent_at"],
                name="access_by_state",
            ),
        ),
    ]
