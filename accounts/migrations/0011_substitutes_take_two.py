from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_integrations"),
    ]

    operations = [
        migrations.AlterField(
            model_name="proposal",
            name="kind",
            field=models.CharField(
                choices=[
                    ("KEY_USED", "Ta en nøkkel i bruk"),
                    ("KEY_RETIRED", "Ta en nøkkel ut av bruk"),
                    ("SYSTEM_UPDATED", "Skrive til systemregisteret i Altinn"),
                    ("SYSTEM_DELETED", "Slette et system i Altinn"),
                    ("CUSTOMERS_ASKED", "Spørre mange kunder"),
                    ("RIGHTS_GIVEN", "Gi roller og ansvar"),
                    ("SUBSTITUTE_NAMED", "Sette inn en vikar"),
                ],
                max_length=20,
                verbose_name="handling",
            ),
        ),
    ]
