"""How large the body of a request may be, and whether it may carry files: decided by the address, before the body is read.

`portal.core.receiving` asks before it takes a body from the network, and `portal.core.middleware.BodyLimits` before Django
reads it, whatever server is in front.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from django.urls import Resolver404, resolve

KB, MB = 10**3, 10**6
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Rule:
    """`most`: bytes of the whole body. Files, and more than FOR_STRANGERS, are taken from people who are logged in, and from integrations,
    only.
    """

    most: int
    takes_files: bool = False


FOR_STRANGERS = Rule(64 * KB)
"""Log-in, the customer's pages, webhooks, and addresses that do not exist."""
FOR_STAFF = Rule(1 * MB)
FOR_ADMIN = Rule(5 * MB, takes_files=True)
"""Django admin: the vendor's logo."""
KEY_FILE = Rule(200 * KB, takes_files=True)
"""A private key, as text or file. So small a body is never written to a disk on its way (see `receiving.IN_MEMORY`)."""
LIST = Rule(10 * MB, takes_files=True)
"""A list of organisations, as text or file: 20 000 rows."""
UPLOAD = Rule(250 * MB, takes_files=True)
"""One upload of a package: 5 000 files of 50 kB."""


class Refused(Enum):
    """Why a body is not read. The value is the status of the answer."""

    FILES = 415
    TOO_LARGE = 413
    TOO_SLOW = 408
    LOG_IN = 401


REFUSED = "portal.refused_body"
"""Key of the WSGI environment: set by the receiver to the Refused of a body that it did not take."""


def takes_files(view: View) -> View:
    """Mark a view that takes uploads. Goes below `staff_page`."""
    view.body_rule = UPLOAD  # type: ignore[attr-defined]
    return view


def takes_key_file(view: View) -> View:
    """Mark a view that takes one small file with a secret. Goes below `staff_page`."""
    view.body_rule = KEY_FILE  # type: ignore[attr-defined]
    return view


def takes_list(view: View) -> View:
    """Mark a view that takes a list of organisations. Goes below `staff_page`."""
    view.body_rule = LIST  # type: ignore[attr-defined]
    return view


def rule_for(path: str, headers: Mapping[str, str]) -> Rule:
    """The rule of the view behind `path` for a request with these headers (WSGI's names). What brings no files is small."""
    rule = _rule_of(path)
    return Rule(min(rule.most, FOR_STAFF.most)) if rule.takes_files and not is_multipart(headers) else rule


def _rule_of(path: str) -> Rule:
    try:
        match = resolve(path)
    except (Resolver404, ValueError):
        return FOR_STRANGERS
    if "admin" in match.app_names:
        return FOR_ADMIN
    is_staff = getattr(match.func, "staff_page", "")
    rule: Rule = getattr(match.func, "body_rule", FOR_STAFF if is_staff else FOR_STRANGERS)
    return rule


def refusal(rule: Rule, headers: Mapping[str, str], *, is_known: Callable[[], bool]) -> Refused | None:
    """What the headers of a request (WSGI's names) say against reading its body. `is_known` looks for a log-in."""
    if is_multipart(headers) and not rule.takes_files:
        return Refused.FILES
    if promised(headers) > rule.most:
        return Refused.TOO_LARGE
    return Refused.LOG_IN if asks_who(rule, headers) and not is_known() else None


def asks_who(rule: Rule, headers: Mapping[str, str]) -> bool:
    """Whether the body, within `rule`, may be more than a stranger may send."""
    has_length = "HTTP_TRANSFER_ENCODING" not in headers
    is_small = not is_multipart(headers) and has_length and promised(headers) <= FOR_STRANGERS.most
    return not is_small and rule.most > FOR_STRANGERS.most


def is_multipart(headers: Mapping[str, str]) -> bool:
    return headers.get("CONTENT_TYPE", "").partition(";")[0].strip().lower().startswith("multipart/")


def promised(headers: Mapping[str, str]) -> int:
    """The length the sender promises; 0 without one, and for what is no number."""
    length = headers.get("CONTENT_LENGTH", "").strip()
    return int(length[:18]) if length.isascii() and length.isdecimal() else 0
