"""What went wrong, as one short code that `portal.explain` knows: one spelling for a cause, whatever raised it."""

from __future__ import annotations

import errno

from celery.exceptions import SoftTimeLimitExceeded

from portal.gateways.errors import BrokenReply, GatewayError, Refused, Unavailable

UNAVAILABLE, BROKEN_REPLY = "UNAVAILABLE", "BROKEN_REPLY"
DISK_FULL, STORAGE_FAILED, INTERNAL_ERROR = "DISK_FULL", "STORAGE_FAILED", "INTERNAL_ERROR"
TIMED_OUT = "TIMED_OUT"
LONGEST_CODE = 50


class StorageFailed(OSError):
    """The storage of files could not be reached, or refused. Says no more of a file than its name there, which is a hash."""


def code_of(error: BaseException) -> str:
    """The code of an error, at most 50 characters.

    A remote's own code first (MP-303, GLD_1018) and that of our own exceptions (their attribute `code`); a refusal without
    one by its status (HTTP-403); then what no gateway raised: DISK_FULL, STORAGE_FAILED, TIMED_OUT (the time limit
    of a task), INTERNAL_ERROR.
    """
    own = getattr(error, "code", "")
    if isinstance(own, str) and own:
        return own[:LONGEST_CODE]
    if isinstance(error, GatewayError):
        return _of_gateway(error)
    if isinstance(error, OSError):
        return DISK_FULL if error.errno in (errno.ENOSPC, errno.EDQUOT) else STORAGE_FAILED
    return TIMED_OUT if isinstance(error, SoftTimeLimitExceeded) else INTERNAL_ERROR


def _of_gateway(error: GatewayError) -> str:
    if isinstance(error, Refused) or (isinstance(error, Unavailable) and error.status == 429):
        return f"HTTP-{error.status}"
    return BROKEN_REPLY if isinstance(error, BrokenReply) else UNAVAILABLE
