"""What an integration may do with orders and dialogs. The choices are Python's alone: the table stays as it is."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0012_alarms_stand_until_seen"),
    ]

    operations = [
        migrations.AlterField(
            model_name="integration",
            name="scopes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("customers:read", "Se kunder"),
                        ("customers:write", "Legge inn og endre kunder"),
                        ("accesses:read", "Se tilganger og lenkene til kundene"),
                        ("accesses:write", "Be om tilgang, trekke tilbake og fornye"),
                        ("submissions:read", "Se innsendinger og hva som kan sendes"),
                        ("submissions:write", "Lage kladder, legge til filer og rette"),
                        ("submissions:send", "Sende og avbryte"),
                        ("documents:read", "Hente filer, tilbakemeldinger og bevispakker"),
                        ("events:read", "Lese hva som har skjedd"),
                        ("orders:read", "Se bestillinger og hva som kan bestilles"),
                        ("orders:write", "Bestille skattekort, krav og frister, og avbryte"),
                        ("answers:read", "Hente svarene på bestillinger, også med fødselsnumre"),
                        ("dialogs:read", "Se dialoger og brev"),
                        ("dialogs:write", "Gi dialoger til noen, og merke dem som ferdige"),
                    ],
                    max_length=30,
                ),
                default=list,
                size=None,
                verbose_name="kan",
            ),
        ),
    ]
