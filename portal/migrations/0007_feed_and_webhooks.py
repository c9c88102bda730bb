"""What happened, for the vendor's own systems, and the addresses that are told."""

import django.contrib.postgres.fields
import portal.core.crypto
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0006_trail_deliveries"),
    ]

    operations = [
        migrations.RunSQL("CREATE SEQUENCE portal_feed_position", "DROP SEQUENCE portal_feed_position"),
        migrations.CreateModel(
            name="FeedEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name="id")),
                ("position", models.BigIntegerField(editable=False, null=True, unique=True, verbose_name="plass")),
                (
                    "environment",
                    models.CharField(
                        choices=[("SANDBOX", "Sandkasse"), ("TEST", "Test"), ("PRODUCTION", "Produksjon")],
                        max_length=10,
                        verbose_name="miljø",
                    ),
                ),
                (
                    "type",
                    models.CharField(
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
                ("subject", models.CharField(max_length=60, verbose_name="gjelder")),
                ("customer_id_ref", models.BigIntegerField(null=True, verbose_name="kunde")),
                ("data", models.JSONField(default=dict, verbose_name="opplysninger")),
                ("at", models.DateTimeField(verbose_name="tid")),
            ],
            options={
                "verbose_name": "hendelse for fagsystemer",
                "verbose_name_plural": "hendelser for fagsystemer",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Webhook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reference", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "environment",
                    models.CharField(
                        choices=[("SANDBOX", "Sandkasse"), ("TEST", "Test"), ("PRODUCTION", "Produksjon")],
                        max_length=10,
                        verbose_name="miljø",
                    ),
                ),
                ("url", models.CharField(max_length=500, verbose_name="adresse")),
                (
                    "types",
                    django.contrib.postgres.fields.ArrayField(
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
                ("secret", portal.core.crypto.EncryptedField()),
                ("old_secret", portal.core.crypto.EncryptedField(null=True)),
                (
                    "old_secret_until",
                    models.DateTimeField(editable=False, null=True, verbose_name="gammel hemmelighet til"),
                ),
                ("position", models.BigIntegerField(default=0, editable=False, verbose_name="plass")),
                ("failing_since", models.DateTimeField(editable=False, null=True, verbose_name="uten svar siden")),
                ("problem_code", models.CharField(blank=True, editable=False, max_length=50, verbose_name="feilkode")),
                ("paused_at", models.DateTimeField(editable=False, null=True, verbose_name="satt på pause")),
                ("stopped_at", models.DateTimeField(editable=False, null=True, verbose_name="stoppet")),
                ("accepted_at", models.DateTimeField(editable=False, null=True, verbose_name="tok sist imot")),
                ("made_by", models.CharField(editable=False, max_length=200, verbose_name="laget av")),
                ("made_at", models.DateTimeField(editable=False, verbose_name="laget")),
            ],
            options={
                "verbose_name": "webhook",
                "verbose_name_plural": "webhooks",
                "ordering": ["pk"],
            },
        ),
        migrations.AddField(
            model_name="outboxmessage",
            name="lane",
            field=models.CharField(blank=True, db_default="", default="", max_length=100, verbose_name="rekke"),
        ),
        migrations.AddIndex(
            model_name="feedevent",
            index=models.Index(
                condition=models.Q(("position__isnull", True)), fields=["id"], name="feed_event_without_position"
            ),
        ),
        migrations.AddIndex(
            model_name="feedevent",
            index=models.Index(fields=["environment", "position"], name="feed_event_by_position"),
        ),
        migrations.AddIndex(
            model_name="feedevent",
            index=models.Index(fields=["at"], name="feed_event_by_time"),
        ),
    ]
