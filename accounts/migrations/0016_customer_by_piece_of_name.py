"""A part of a name is looked up instead of read for in all names."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

from accounts.models.names import NamePieces


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("accounts", "0015_a_function_for_pieces_of_names")]

    operations = [
        AddIndexConcurrently(
            model_name="customer",
            index=GinIndex(NamePieces(models.F("search_name")), name="customer_by_piece_of_name"),
        ),
    ]
