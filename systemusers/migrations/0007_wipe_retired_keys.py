"""Retired keys lose their private half. Safe to run again."""

from django.db import migrations


def wipe(apps, schema_editor):
    apps.get_model("systemusers", "SigningKey").objects.filter(status="RETIRED").update(private_pem=None)


class Migration(migrations.Migration):
    dependencies = [("systemusers", "0006_imported_keys_and_rotations")]

    operations = [migrations.RunPython(wipe, migrations.RunPython.noop)]
