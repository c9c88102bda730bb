import django.contrib.postgres.operations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("systemusers", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="signingkey",
            name="is_held",
            field=models.BooleanField(
                db_default=False, default=False, editable=False, verbose_name="i en nøkkeltjeneste"
            ),
        ),
        migrations.RemoveConstraint(
            model_name="signingkey",
            name="retired_key_has_no_private_half",
        ),
        django.contrib.postgres.operations.AddConstraintNotValid(
            model_name="signingkey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("private_pem__isnull", True), ("status", "RETIRED")),
                    models.Q(("is_held", True), ("private_pem__isnull", True)),
                    models.Q(
                        models.Q(("status", "RETIRED"), _negated=True),
                        ("is_held", False),
                        ("private_pem__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="key_is_here_or_held_or_retired",
            ),
        ),
    ]
