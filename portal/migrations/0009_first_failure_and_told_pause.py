"""A message is given up three days after its first failure, and administrators are told of a pause once."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("portal", "0008_outbox_by_lane")]
    operations = [
        migrations.AlterField(
            model_name="outboxmessage",
            name="give_up_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="gis opp"),
        ),
        migrations.AddField(
            model_name="webhook",
            name="pause_told_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="sagt fra om pausen"),
        ),
    ]
