"""`dialog_deadline` has its columns."""

from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("submissions", "0010_dialogs_with_a_deadline")]

    operations = [RemoveIndexConcurrently(model_name="dialog", name="dialog_by_deadline")]
