"""`access_by_state` has its columns."""

from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("systemusers", "0006_accesses_by_state")]

    operations = [RemoveIndexConcurrently(model_name="access", name="access_by_status")]
