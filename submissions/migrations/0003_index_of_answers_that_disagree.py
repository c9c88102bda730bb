from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("submissions", "0002_answers_that_disagree"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="submission",
            index=models.Index(
                condition=models.Q(("contradicted_at__isnull", False)),
                fields=["contradicted_at"],
                name="submission_contradicted",
            ),
        ),
    ]
