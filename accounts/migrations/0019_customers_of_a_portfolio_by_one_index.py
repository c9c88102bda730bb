"""The index of the foreign key alone has become one too many."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0018_customers_of_a_portfolio")]

    operations = [
        migrations.AlterField(
            model_name="customer",
            name="portfolio",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="accounts.portfolio",
                verbose_name="portefølje",
            ),
        ),
    ]
