"""Seals of the audit trail have a key and count seals and events. Those that are there keep their form: rows of the trail never change."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("portal", "0002_audit_append_only")]
    operations = [
        migrations.AddField("auditseal", "number", models.BigIntegerField(null=True, verbose_name="nummer")),
        migrations.AddField("auditseal", "events", models.BigIntegerField(null=True, verbose_name="hendelser i alt")),
        migrations.AddField(
            "auditseal",
            "key",
            models.CharField(blank=True, db_default="", default="", max_length=16, verbose_name="nøkkel"),
        ),
        AddConstraintNotValid(
            "auditseal",
            models.CheckConstraint(
                condition=~models.Q(key="") & models.Q(number__isnull=False, events__isnull=False),
                name="seal_has_key_and_number",
            ),
        ),
    ]
