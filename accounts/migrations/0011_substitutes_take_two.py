from typing import Any

from django.db import migrations, models


def tell_of_proposals(apps: Any, schema_editor: Any) -> None:
    """Whoever has chosen their mails before they could choose this one gets it."""
    for plan in apps.get_model("accounts", "NotificationPlan").objects.all():
        if "PROPOSAL" not in plan.at_once:
            plan.at_once = [*plan.at_once, "PROPOSAL"]
            plan.save(update_fields=["at_once"])


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_integrations"),
    ]

    operations = [
        migrations.RunPython(tell_of_proposals, migrations.RunPython.noop),
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
