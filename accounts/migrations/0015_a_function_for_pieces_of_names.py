"""What an index of names holds: see `accounts.models.names.NamePieces`."""

from django.db import migrations

MAKE = """
CREATE FUNCTION name_pieces(text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS $$
    SELECT coalesce(array_agg(DISTINCT substr($1, place, 3)), '{}') FROM generate_series(1, length($1) - 2) place
$$
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0014_an_alarm_for_approval_switched_off")]

    operations = [migrations.RunSQL(MAKE, "DROP FUNCTION name_pieces(text)")]
