"""Whose customers a person sees is asked for each list and each number: it is answered by an index alone."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("accounts", "0017_customer_by_reference")]

    operations = [
        AddIndexConcurrently(
            model_name="customer",
            index=models.Index(fields=["portfolio", "environment", "id"], name="customer_by_portfolio"),
        ),
    ]
