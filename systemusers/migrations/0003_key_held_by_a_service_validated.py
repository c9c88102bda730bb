import django.contrib.postgres.operations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("systemusers", "0002_key_held_by_a_service"),
    ]

    operations = [
        django.contrib.postgres.operations.ValidateConstraint(
            model_name="signingkey",
            name="key_is_here_or_held_or_retired",
        ),
    ]
