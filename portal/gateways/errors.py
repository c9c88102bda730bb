"""What can go wrong with a call outside, in our words; nothing of httpx leaks out.

GatewayError
├── Unavailable   no answer, 408, 425, 429 or 5xx (`statuses.passes`): ask again later
│   └── HeldBack  we make enough calls already: this one has not left
├── Refused       another 4xx: the remote said no; `statuses.kind_of` says who can change something
└── BrokenReply   a success we cannot read, or a redirect: a person must look
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


class GatewayError(Exception):
    """Base of all three. Messages hold service, method, path and status; never a body, token or personal number."""


class Unavailable(GatewayError):
    """`retry_after` in seconds when the remote asked for it. `maybe_arrived`: the remote may have done the work."""

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        maybe_arrived: bool = False,
        status: int | None = None,
        code: str = "",
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.maybe_arrived = maybe_arrived
        self.status = status
        self.code = code


class HeldBack(Unavailable):
    """Our own budget has no room for the call, or the remote has asked all of us to wait (`by_remote`). It has not left."""

    def __init__(self, message: str, *, retry_after: float, by_remote: bool = False) -> None:
        super().__init__(message, retry_after=retry_after)
        self.by_remote = by_remote


@dataclass(frozen=True)
class Detail:
    """One complaint inside a refusal: the remote's code, its text, where in our request, and what we had there."""

    code: str
    text: str = ""
    path: str = ""
    given: str = ""


class Refused(GatewayError):
    """`code` is the remote's own ("MP-303", "AUTH-00011", "GLD_1018"), "" when it gave none. `correlation_id` to quote.

    `answered_at` is the time by the remote's clock (its Date header), to the second; None when it gave none.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str = "",
        details: tuple[Detail, ...] = (),
        correlation_id: str = "",
        text: str = "",
        answered_at: datetime | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.details = details
        self.correlation_id = correlation_id
        self.text = text
        self.answered_at = answered_at


class BrokenReply(GatewayError):
    """2xx with an unexpected or too large body, or 3xx. The remote may have done the work."""
