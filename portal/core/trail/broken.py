"""What a verification of the audit trail can find. `portal.explain` has a text for each code."""

from __future__ import annotations

ROW_CHANGED = "TRAIL_ROW_CHANGED"
ROWS_MISSING = "TRAIL_ROWS_MISSING"
SEAL_CHANGED = "TRAIL_SEAL_CHANGED"
SEALS_MISSING = "TRAIL_SEALS_MISSING"
KEY_UNKNOWN = "TRAIL_KEY_UNKNOWN"
CUT = "TRAIL_CUT"
MADE_ANEW = "TRAIL_MADE_ANEW"
TABLE_GONE = "TRAIL_TABLE_GONE"
GUARD_OFF = "TRAIL_GUARD_OFF"


class Broken(Exception):
    """The trail was changed. The message names the first row or seal that does not fit; `code` is one of those above.

    `seal` and `row` are ids, 0 where there is none.
    """

    def __init__(self, code: str, message: str, *, seal: int = 0, row: int = 0) -> None:
        super().__init__(message)
        self.code, self.seal, self.row = code, seal, row
