from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("systemusers", "0007_wipe_retired_keys")]

    operations = [
        migrations.AddConstraint(
            model_name="signingkey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("private_pem__isnull", True), ("status", "RETIRED")),
                    models.Q(models.Q(("status", "RETIRED"), _negated=True), ("private_pem__isnull", False)),
                    _connector="OR",
                ),
                name="retired_key_has_no_private_half",
            ),
        ),
    ]
