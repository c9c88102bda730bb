import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_former_addresses"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="invited_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="invitert"),
        ),
        migrations.AddField(
            model_name="user",
            name="left_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="sluttet"),
        ),
        migrations.CreateModel(
            name="LogIn",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("session_key", models.CharField(max_length=40, unique=True, verbose_name="økt")),
                ("began_at", models.DateTimeField(verbose_name="logget inn")),
                ("seen_at", models.DateTimeField(verbose_name="sist på en side")),
                ("ip", models.CharField(blank=True, max_length=45, verbose_name="adresse")),
                ("browser", models.CharField(blank=True, max_length=20, verbose_name="nettleser")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="log_ins",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="ansatt",
                    ),
                ),
            ],
            options={
                "verbose_name": "økt",
                "verbose_name_plural": "økter",
                "ordering": ["-seen_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Grant",
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
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("ADMINISTRATOR", "Administrator"),
                            ("CASE_WORKER", "Saksbehandler"),
                            ("DEVELOPER", "Utvikler"),
                            ("READER", "Lesetilgang"),
                        ],
                        max_length=20,
                        verbose_name="rolle",
                    ),
                ),
                (
                    "sees_all_customers",
                    models.BooleanField(db_default=False, default=False, verbose_name="ser alle kunder"),
                ),
                ("given_by", models.CharField(max_length=200, verbose_name="gitt av")),
                ("given_at", models.DateTimeField(verbose_name="gitt")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="grants",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="ansatt",
                    ),
                ),
            ],
            options={
                "verbose_name": "rolle i et miljø",
                "verbose_name_plural": "roller i miljøene",
                "ordering": ["user", "environment"],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "environment"), name="one_role_per_environment")
                ],
            },
        ),
        migrations.CreateModel(
            name="InstallationGrant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "charge",
                    models.CharField(
                        choices=[
                            ("PEOPLE", "Folk og roller"),
                            ("VENDOR", "Hvem dere er"),
                            ("MAILS", "E-post til kunder"),
                            ("OPERATION", "Drift"),
                            ("KEPT", "Sikkerhetskopi og sletting"),
                            ("STORED", "Alt som er lagret"),
                        ],
                        max_length=20,
                        verbose_name="ansvar",
                    ),
                ),
                ("given_by", models.CharField(max_length=200, verbose_name="gitt av")),
                ("given_at", models.DateTimeField(verbose_name="gitt")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="charges",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="ansatt",
                    ),
                ),
            ],
            options={
                "verbose_name": "ansvar for installasjonen",
                "verbose_name_plural": "ansvar for installasjonen",
                "ordering": ["user", "charge"],
                "constraints": [models.UniqueConstraint(fields=("user", "charge"), name="one_of_each_charge")],
            },
        ),
        migrations.CreateModel(
            name="Substitution",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("begins", models.DateField(verbose_name="fra og med")),
                ("ends", models.DateField(verbose_name="til og med")),
                ("given_by", models.CharField(max_length=200, verbose_name="gitt av")),
                ("given_at", models.DateTimeField(verbose_name="gitt")),
                (
                    "absent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="absences",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="borte",
                    ),
                ),
                (
                    "substitute",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="substitutions",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="vikar",
                    ),
                ),
            ],
            options={
                "verbose_name": "vikar",
                "verbose_name_plural": "vikarer",
                "ordering": ["begins", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends__gte", models.F("begins"))), name="substitution_ends_after_it_begins"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("absent", models.F("substitute")), _negated=True),
                        name="nobody_substitutes_for_themselves",
                    ),
                ],
            },
        ),
    ]
