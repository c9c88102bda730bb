"""Names of columns for Django admin; nothing in the database changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("portal", "0002_audit_append_only")]
    operations = [
        migrations.AlterModelOptions(
            name="auditevent",
            options={
                "ordering": ["-id"],
                "verbose_name": "hendelse i revisjonsloggen",
                "verbose_name_plural": "hendelser i revisjonsloggen",
            },
        ),
        migrations.AlterField("auditseal", "first_event", models.BigIntegerField(verbose_name="første hendelse")),
        migrations.AlterField(
            "auditseal", "last_event", models.BigIntegerField(unique=True, verbose_name="siste hendelse")
        ),
        migrations.AlterField("auditseal", "row_hashes", models.BinaryField(verbose_name="hash av hver hendelse")),
        migrations.AlterField(
            "auditseal",
            "previous_hash",
            models.CharField(max_length=64, unique=True, verbose_name="hash av forseglingen før"),
        ),
        migrations.AlterField(
            "auditseal", "chain_hash", models.CharField(max_length=64, verbose_name="hash av forseglingen")
        ),
    ]
