"""The oldest and the newest period of an environment are read from an index."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("submissions", "0003_index_of_answers_that_disagree")]

    operations = [
        AddIndexConcurrently(
            model_name="submission",
            index=models.Index(fields=["environment", "period_start"], name="submission_by_period"),
        ),
    ]
