from django.db import migrations, models


class Migration(migrations.Migration):
    """The one row tells nothing of a queue. New ones are written a few seconds after beat and a worker have started."""

    dependencies = [("portal", "0002_audit_append_only")]

    operations = [
        migrations.DeleteModel(name="Heartbeat"),
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("queue", models.CharField(max_length=20, primary_key=True, serialize=False, verbose_name="kø")),
                ("beat_at", models.DateTimeField(verbose_name="sendt")),
                ("worked_at", models.DateTimeField(verbose_name="utført")),
            ],
            options={"verbose_name": "livstegn", "verbose_name_plural": "livstegn"},
        ),
    ]
