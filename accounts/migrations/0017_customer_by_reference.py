"""Our own customer number is looked up, whatever its letters' case."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Upper


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("accounts", "0016_customer_by_piece_of_name")]

    operations = [
        AddIndexConcurrently(
            model_name="customer",
            index=models.Index(Upper("reference"), condition=~models.Q(reference=""), name="customer_by_reference"),
        ),
    ]
