"""A kind of alarm. The choices are Python's alone: the table stays as it is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0013_scopes_of_orders_and_dialogs"),
    ]

    operations = [
        migrations.AlterField(
            model_name="alarm",
            name="kind",
            field=models.CharField(
                choices=[
                    ("LOG_INS", "Mange mislykkede innlogginger"),
                    ("READING", "Mye lest på kort tid"),
                    ("EXPORTS", "Mye lastet ned på kort tid"),
                    ("ROWS", "Mange rader lastet ned på kort tid"),
                    ("ADMINISTRATOR", "Ny administrator"),
                    ("ODD_HOURS", "Lest på uvanlig tid"),
                    ("APPROVAL_OFF", "Krav om godkjenning slått av"),
                ],
                max_length=20,
                verbose_name="alarm",
            ),
        ),
    ]
