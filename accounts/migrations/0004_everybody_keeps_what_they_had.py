from django.db import migrations
from django.utils import timezone

BY = "task:migrate"
ENVIRONMENTS = ("SANDBOX", "TEST", "PRODUCTION")
CHARGES = {"ADMINISTRATOR": ("PEOPLE", "VENDOR", "MAILS", "OPERATION", "KEPT"), "DEVELOPER": ("VENDOR",)}
BATCH = 200


def give(apps, schema_editor):
    """The role that somebody had everywhere, in each environment; Django admin for those who could do something in it."""
    User, Grant = apps.get_model("accounts", "User"), apps.get_model("accounts", "Grant")
    InstallationGrant = apps.get_model("accounts", "InstallationGrant")
    at, last = timezone.now(), 0
    while users := list(User.objects.filter(pk__gt=last).order_by("pk")[:BATCH]):
        last = users[-1].pk
        grants = [
            Grant(
                user=user,
                environment=environment,
                role=user.role,
                sees_all_customers=user.role != "CASE_WORKER",
                given_by=BY,
                given_at=at,
            )
            for user in users
            for environment in ENVIRONMENTS
        ]
        charges = [
            InstallationGrant(user=user, charge=charge, given_by=BY, given_at=at)
            for user in users
            for charge in (*CHARGES.get(user.role, ()), *(("STORED",) if user.is_staff and user.is_superuser else ()))
        ]
        Grant.objects.bulk_create(grants, ignore_conflicts=True)
        InstallationGrant.objects.bulk_create(charges, ignore_conflicts=True)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("accounts", "0003_roles_for_each_environment"),
    ]

    operations = [
        migrations.RunPython(give, migrations.RunPython.noop),
    ]
