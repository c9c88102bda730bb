"""What happens with orders is told too."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0009_first_failure_and_told_pause"),
    ]

    operations = [
        migrations.AlterField(
            model_name="feedevent",
            name="type",
            field=models.CharField(
                choices=[
                    ("access.approved", "Tilgang godkjent"),
                    ("access.rejected", "Tilgang avvist"),
                    ("access.expired", "Forespørsel utløpt"),
                    ("access.lost", "Tilgang fjernet av kunden"),
                    ("access.changed", "Tilgang endret"),
                    ("submission.delivered", "Innsending levert"),
                    ("submission.accepted", "Innsending godkjent"),
                    ("submission.rejected", "Innsending avvist"),
                    ("submission.needs_person", "Innsending der noen må gjøre noe"),
                    ("submission.failed", "Innsending feilet"),
                    ("order.placed", "Bestilling mottatt av etaten"),
                    ("order.fetched", "Svar på bestilling hentet"),
                    ("order.needs_person", "Bestilling der noen må gjøre noe"),
                    ("order.failed", "Bestilling feilet"),
                    ("dialog.received", "Ny dialog"),
                    ("dialog.updated", "Dialog oppdatert"),
                    ("document.stored", "Dokument hentet"),
                    ("key.expiring", "Nøkkel utløper snart"),
                    ("campaign.finished", "Kampanje ferdig"),
                ],
                max_length=40,
                verbose_name="hendelse",
            ),
        ),
        migrations.AlterField(
            model_name="webhook",
            name="types",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("access.approved", "Tilgang godkjent"),
                        ("access.rejected", "Tilgang avvist"),
                        ("access.expired", "Forespørsel utløpt"),
                        ("access.lost", "Tilgang fjernet av kunden"),
                        ("access.changed", "Tilgang endret"),
                        ("submission.delivered", "Innsending levert"),
                        ("submission.accepted", "Innsending godkjent"),
                        ("submission.rejected", "Innsending avvist"),
                        ("submission.needs_person", "Innsending der noen må gjøre noe"),
                        ("submission.failed", "Innsending feilet"),
                        ("order.placed", "Bestilling mottatt av etaten"),
                        ("order.fetched", "Svar på bestilling hentet"),
                        ("order.needs_person", "Bestilling der noen må gjøre noe"),
                        ("order.failed", "Bestilling feilet"),
                        ("dialog.received", "Ny dialog"),
                        ("dialog.updated", "Dialog oppdatert"),
                        ("document.stored", "Dokument hentet"),
                        ("key.expiring", "Nøkkel utløper snart"),
                        ("campaign.finished", "Kampanje ferdig"),
                    ],
                    max_length=40,
                ),
                blank=True,
                default=list,
                size=None,
                verbose_name="får vite om",
            ),
        ),
    ]
