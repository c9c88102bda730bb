"""A customer is found by the e-mail address of any contact, whatever its letters' case."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Upper


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("accounts", "0020_customer_by_mail")]

    operations = [
        AddIndexConcurrently(
            model_name="contact",
            index=models.Index(Upper("email"), name="contact_by_mail"),
        ),
    ]
