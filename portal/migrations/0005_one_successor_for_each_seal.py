"""Each seal of the audit trail names the hash of the one before it, and a seal has one successor at most."""

from typing import Any

from django.db import migrations, models

GENESIS = "0" * 64


def fill(apps: Any, schema_editor: Any) -> None:
    """From the order of the rows. The trigger refuses every UPDATE, so it is off for this one statement."""
    table = "portal_auditseal"
    schema_editor.execute(f"ALTER TABLE {table} DISABLE TRIGGER audit_seal_append_only")
    previous = GENESIS
    for seal in apps.get_model("portal", "AuditSeal").objects.order_by("pk"):
        seal.previous_hash, previous = previous, seal.chain_hash
        seal.save(update_fields=["previous_hash"])
    schema_editor.execute(f"ALTER TABLE {table} ENABLE TRIGGER audit_seal_append_only")


class Migration(migrations.Migration):
    dependencies = [("portal", "0004_heartbeat")]
    operations = [
        migrations.AddField("auditseal", "previous_hash", models.CharField(max_length=64, null=True)),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField("auditseal", "previous_hash", models.CharField(max_length=64, unique=True)),
    ]
