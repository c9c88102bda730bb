"""Plans whose mails do not reach the customer are few among many: they are counted by an index."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("systemusers", "0003_key_held_by_a_service_validated")]

    operations = [
        AddIndexConcurrently(
            model_name="invitation",
            index=models.Index(
                fields=["access"],
                condition=Q(stopped_why__in=["NO_ADDRESS", "REFUSED", "RETURNED"])
                | Q(failures__gte=3) & ~Q(problem_code=""),
                name="invitation_not_reached",
            ),
        ),
    ]
