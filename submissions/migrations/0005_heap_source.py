"""What a command made a heap of files of, so that one heap is made of the same files."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("submissions", "0004_submission_by_period")]

    operations = [
        migrations.CreateModel(
            name="HeapSource",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=100, unique=True, verbose_name="nøkkel")),
                ("sends", models.BooleanField(default=False, verbose_name="sendes av seg selv")),
                (
                    "heap",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="source",
                        to="submissions.heap",
                        verbose_name="filsamling",
                    ),
                ),
            ],
            options={"verbose_name": "opphav til filsamling", "verbose_name_plural": "opphav til filsamlinger"},
        ),
    ]
