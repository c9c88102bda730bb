"""Which refusals are final: the one table for every call, by what an answer means and not by where it stands.

`passes` decides in the HTTP channel which statuses are Unavailable. `kind_of` says of a Refused who can change something: a
remote's code says more than its status, so codes are looked up first.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from portal.gateways.errors import Refused

SETTLING = timedelta(minutes=60)
"""So long after an approval the remotes may still refuse the customer's rights: their caches last 15 to 30 minutes."""
PASSING = frozenset({408, 425, 429})
"""Beside every 5xx: the request was not done, and the same request may be made again later."""
ABSENT = frozenset({404, 410})
NOT_TAKEN = frozenset({425, 429})
"""The remote has not begun to work on the request."""


class Kind(StrEnum):
    """What a refusal says. Only FINAL and GONE end anything."""

    PASSES = "PASSES"
    """A fault of the remote with the status of a refusal: ask again later, unchanged."""
    TOKEN = "TOKEN"  # noqa: S105 - a kind of refusal
    """The token, never the work: a fresh one once, then wait."""
    RIGHTS = "RIGHTS"
    """The customer's rights. "Not yet" within SETTLING of an approval, afterwards to be explained; the work waits."""
    OURS = "OURS"
    """The vendor's client, key, scope or program. The work waits until it is mended."""
    REPEATED = "REPEATED"
    """The same was done before, or happens just now: look before anything is repeated."""
    GONE = "GONE"
    """Deleted for good."""
    FINAL = "FINAL"
    """The content is refused as it is."""


CODES: Mapping[str, Kind] = {
    **dict.fromkeys(("AUTH-00002", "AUTH-00003", "AUTH-00005", "AUTH-00012", "AUTH-00014", "AUTH-00022"), Kind.PASSES),
    **dict.fromkeys(("AUTH-00045", "AUTH-00046", "AUTH-00047", "AUTH-00048", "AUTH-00049", "AUTH-00051"), Kind.PASSES),
    **dict.fromkeys(("AUTH-00060", "AUTH-00067", "Search", "MP-012"), Kind.PASSES),
    **dict.fromkeys(("GLD_004", "GLD_1007", "GLD_1008", "AMLD_004", "AMLD_1008", "AUTH-00023"), Kind.TOKEN),
    **dict.fromkeys(("OAR_001", "OAR_1001", "FRI-004", "KB-004"), Kind.TOKEN),
    **dict.fromkeys(("MP-303", "GLD_005", "GLD_1015", "GLD_1063", "AMLD_005", "AMLD_1015", "AMLD_1063"), Kind.RIGHTS),
    **dict.fromkeys(("OAR_002", "OAR_1002", "OAR_1011", "DAS-008", "FRI-005", "KB-005", "DUT-002"), Kind.RIGHTS),
    **dict.fromkeys(("CLOCK_AHEAD", "CLOCK_BEHIND", "UNKNOWN_KID", "MISSING_KID", "invalid_grant"), Kind.OURS),
    **dict.fromkeys(("WRONG_AUDIENCE", "invalid_client", "invalid_scope", "PRECONDITION_REQUIRED"), Kind.OURS),
    **dict.fromkeys(("GLD_1023", "GLD_1028", "GLD_1030", "GLD_1031", "GLD_1047", "GLD_022"), Kind.OURS),
    **dict.fromkeys(("AMLD_1023", "AMLD_1028", "AMLD_1030", "AMLD_1047", "AMLD_022"), Kind.OURS),
    **dict.fromkeys(("GLD_019", "GLD_1029", "AMLD_019", "OAR_007"), Kind.REPEATED),
    **dict.fromkeys(("GLD_1062", "AMLD_1062", "KB-009", "ALTINN_APP:NOT_TAKEN"), Kind.FINAL),
}
"""Codes that say more than their status. The headers and addresses of a call are ours, not the report's."""
STATUSES: Mapping[int, Kind] = {
    401: Kind.TOKEN,
    403: Kind.RIGHTS,
    404: Kind.OURS,
    405: Kind.OURS,
    406: Kind.OURS,
    407: Kind.OURS,
    409: Kind.REPEATED,
    410: Kind.GONE,
    421: Kind.PASSES,
    423: Kind.PASSES,
    428: Kind.OURS,
}


OF_CONTENT = frozenset({400, 413, 415, 422})
"""Statuses that are about what was sent, unless a code says more. A success that says no is the word of a control."""
MAY_CHANGE = frozenset({"1016", "1018", "1026", "1027", "1055", "1067"})
"""Numbers of Skatteetaten's codes about what it has there: earlier steps, a year, an organisation or an upload."""


def is_absent(error: Refused) -> bool:
    """Whether what the address names is not there: never was, was removed, or has expired."""
    return error.status in ABSENT


def passes(status: int) -> bool:
    """Whether an answer with this status is Unavailable: the same request may be made again later."""
    return status in PASSING or status >= 500


def may_have_worked(status: int) -> bool:
    """Whether the remote may have done the work before it gave a status that passes."""
    return status not in NOT_TAKEN


def is_about_rights(code: str) -> bool:
    """Whether a stored code (`problem_code`) says that the customer's rights are lacking."""
    return CODES.get(code) == Kind.RIGHTS or code == "HTTP-403"


def is_settling(*, approved_at: datetime | None, at: datetime) -> bool:
    """Whether lacking rights may only mean "not yet", as the customer approved a moment ago."""
    return approved_at is not None and at - approved_at < SETTLING


def kind_of(error: Refused, *, own_token: bool = False) -> Kind:
    """What the refusal says. `own_token`: the call was made with the vendor's own token, so no customer's right can be lacking."""
    known = CODES.get(error.code) or _by_owner(error)
    kind = known or STATUSES.get(error.status, Kind.FINAL)
    return Kind.OURS if own_token and kind == Kind.RIGHTS else kind


def is_about_content(*, code: str, status: int | None) -> bool:
    """Whether a stored refusal is of the content as it is: the very same would be refused again, whenever it is sent.

    False where that is not known, and for refusals without a status, which are our own.
    """
    if status is None or code.rpartition("_")[2] in MAY_CHANGE:
        return False
    is_final = kind_of(Refused("", status=status, code=code)) == Kind.FINAL
    return is_final and (code in CODES or status in OF_CONTENT or status < 300)


def _by_owner(error: Refused) -> Kind | None:
    """Maskinporten's other codes are about our client; Altinn's are about the request itself, whatever their status."""
    if error.code.startswith("MP-"):
        return Kind.OURS
    is_about_request = error.code.startswith("AUTH") and error.status != 401
    return Kind.FINAL if is_about_request else None
