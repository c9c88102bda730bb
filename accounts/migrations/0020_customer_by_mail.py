"""A customer is found by the e-mail address of its main contact, whatever its letters' case."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Upper


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("accounts", "0019_customers_of_a_portfolio_by_one_index")]

    operations = [
        AddIndexConcurrently(
            model_name="customer",
            index=models.Index(Upper("contact_email"), condition=~models.Q(contact_email=""), name="customer_by_mail"),
        ),
    ]
