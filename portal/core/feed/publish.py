"""Positions: given by one worker at a time in the order of the rows, so that no event appears behind one that was read."""

from __future__ import annotations

from django.db import connection, transaction

LOCK = 0x46454544
"""The key of PostgreSQL's advisory lock of the one who gives positions. Nothing else may use it."""
BATCH = 1000
_NUMBER = """
UPDATE portal_feedevent AS e SET position = numbered.position
FROM (
  SELECT id, nextval('portal_feed_position') AS position
  FROM (SELECT id FROM portal_feedevent WHERE position IS NULL ORDER BY id LIMIT %s) AS fresh ORDER BY id
) AS numbered
WHERE e.id = numbered.id
"""


FAR = 1_000_000
"""More places than are given between a backup and its restore."""


def skip_ahead() -> None:
    """After a restore: places that were given after the backup are not given again, for readers have passed them.

    They are used up: the application's database role may take the next one, and not set it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(nextval('portal_feed_position')) FROM generate_series(1, %s)", [FAR])


def last_given() -> int:
    """The last place that was given or used up; 0 before the first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(pg_sequence_last_value('portal_feed_position'), 0)")
        (last,) = cursor.fetchone() or (0,)
        return int(last)


def publish(*, limit: int = BATCH) -> int:
    """Give positions to what has none. Returns to how many; 0 also while another worker does it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        (is_ours,) = cursor.fetchone() or (False,)
        if not is_ours:
            return 0
        cursor.execute(_NUMBER, [limit])
        return int(cursor.rowcount)
