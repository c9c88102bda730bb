"""Resources that nobody may subscribe to are remembered, so that not every access is refused anew."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("submissions", "0007_orders_that_need_a_person"),
    ]

    operations = [
        migrations.CreateModel(
            name="RefusedResource",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "environment",
                    models.CharField(
                        choices=[("SANDBOX", "Sandkasse"), ("TEST", "Test"), ("PRODUCTION", "Produksjon")],
                        max_length=10,
                        verbose_name="miljø",
                    ),
                ),
                ("resource", models.CharField(max_length=255, verbose_name="ressurs")),
                (
                    "refused",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        default=list,
                        size=None,
                        verbose_name="kunder som ble avvist",
                    ),
                ),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="spørres ikke siden")),
                ("asked_at", models.DateTimeField(verbose_name="sist spurt")),
            ],
            options={
                "verbose_name": "ressurs uten hendelser",
                "verbose_name_plural": "ressurser uten hendelser",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("environment", "resource"), name="one_refused_resource_per_environment"
                    )
                ],
            },
        ),
    ]
