"""One spelling for a cause, whatever raised it, and an explanation for each."""

from __future__ import annotations

import errno

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from portal.core.crypto import CannotDecrypt
from portal.core.problems import LONGEST_CODE, code_of
from portal.explain import explain
from portal.gateways.errors import BrokenReply, GatewayError, Refused, Unavailable
from submissions.services.documents import DocumentDamaged
from submissions.services.inbox.attachments import NotReady
from systemusers.services.tokens import AccessMissing, NoKey

UNKNOWN = str(explain("SOMETHING_NEW").cause).replace("SOMETHING_NEW", "")
ERRORS: list[tuple[BaseException, str]] = [
    *[(Refused("no", status=status), f"HTTP-{status}") for status in range(400, 452)],
    *[(Unavailable("away", status=status), "UNAVAILABLE") for status in (None, 408, 500, 502, 503, 504)],
    (Unavailable("slow down", status=429), "HTTP-429"),
    (Refused("no", status=400, code="MP-303"), "MP-303"),
    (AccessMissing("no", status=400, code="MP-303"), "MP-303"),
    (BrokenReply("what"), "BROKEN_REPLY"),
    (GatewayError("what"), "UNAVAILABLE"),
    (NoKey("none"), "NO_KEY"),
    (DocumentDamaged("gone"), "DOCUMENT_DAMAGED"),
    (NotReady("wait"), "DOCUMENT_NOT_READY"),
    (CannotDecrypt("no key"), "CANNOT_DECRYPT"),
    (OSError(errno.ENOSPC, "full"), "DISK_FULL"),
    (OSError(errno.EDQUOT, "quota"), "DISK_FULL"),
    (PermissionError(errno.EACCES, "no"), "STORAGE_FAILED"),
    (SoftTimeLimitExceeded(), "TIMED_OUT"),
    (KeyError("bug"), "INTERNAL_ERROR"),
]


@pytest.mark.parametrize(("error", "code"), ERRORS, ids=[f"{type(e).__name__}-{c}" for e, c in ERRORS])
def test_every_error_has_one_code_and_an_explanation(error: BaseException, code: str) -> None:
    explanation = explain(code_of(error))

    assert code_of(error) == code
    assert str(explanation.cause).replace(code, "") != UNKNOWN
    assert all(map(str, (explanation.title, explanation.cause, explanation.who, explanation.how)))


def test_a_refusal_by_status_says_which(settings: object) -> None:
    assert "418" in str(explain("HTTP-418").cause)
    assert "ikke lov" in str(explain("HTTP-403").title)


def test_a_long_code_of_a_remote_is_cut_to_what_the_column_holds() -> None:
    assert code_of(Refused("no", status=400, code="x" * 500)) == "x" * LONGEST_CODE
