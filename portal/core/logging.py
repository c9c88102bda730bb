"""One line of log for each event, with the id of the request that led to it, and nothing secret in it.

Secrets are kept out where lines are written; the redaction here is a second line of defence.
"""

from __future__ import annotations

import logging
import re
import threading
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError

from portal.core.masking import without_identity_numbers
from portal.core.request_id import request_id

MOST_KINDS = 500
MOST_NAMES = 10
_NAMES = re.compile(r"(?:^|&)([A-Za-z_-]{1,30})=")
_REDACTIONS: list[tuple[re.Pattern[str], str]] = [
    (re.compile(r"\beyJ[A-Za-z0-9_-]{5,}[.:][A-Za-z0-9_-]+(?:[.:][A-Za-z0-9_-]*){0,3}"), "[token]"),
    (
        re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)", re.DOTALL),
        "[private key]",
    ),
    (re.compile(r"""(\\?["'](?:d|p|q|dp|dq|qi|k)\\?["']\s*:\s*\\?["'])[A-Za-z0-9_-]{16,}"""), r"\1[private key]"),
    (re.compile(r"(?i)\b(bearer\s+)[A-Za-z0-9._~+/:-]{8,}=*"), r"\1[token]"),
    (re.compile(r"\b(?:sbp_|whsec_|hvs\.|ya29\.)[A-Za-z0-9._+/=-]{8,}"), "[token]"),
    (re.compile(r"(/(?:hooks/events|invitation|l)/)[^\s/?&#\"']{16,}"), r"\1[secret]"),
    (re.compile(r"(/password/reset/key/|[?&]t=)[^\s/?&#\"']{8,}"), r"\1[secret]"),
    (re.compile(r"(://[^\s/:@]*:)[^\s/@]+@"), r"\1[password]@"),
]


def redact(text: str) -> str:
    """`text` without tokens, private keys and numbers of eleven digits (national identity numbers have so many)."""
    for pattern, replacement in _REDACTIONS:
        text = pattern.sub(replacement, text)
    return without_identity_numbers(text, hidden="[11 digits]")


class RedactingFormatter(structlog.stdlib.ProcessorFormatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def _add_request_id(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    if request_id.get():
        event.setdefault("request_id", request_id.get())
    return event


def _shorten_request(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """Of an address the path and the names in its query: the values are codes and tokens of others, and words that people sought."""
    request = event.get("request")
    if isinstance(request, HttpRequest):
        names = _NAMES.findall(request.META.get("QUERY_STRING", ""))[:MOST_NAMES]
        event["request"] = f"{request.method} {request.path}" + (f"?{'&'.join(names)}" if names else "")
    return event


def _shorten_celery(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """Drop Celery's `data`: it repeats the message, with arguments."""
    if str(event.get("logger", "")).startswith("celery."):
        event.pop("data", None)
    return event


EXPECTED = (PermissionDenied, SuspiciousOperation, MultiPartParserError)
"""What a request can cause at will: a page that is refused, a host that is not ours, too many fields, a form that ends in the middle."""


class WithoutExpectedTraceback(logging.Filter):
    """Drop the traceback of a refused request: the line says which address was refused, and no code is at fault."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.exc_info[1], EXPECTED):
            record.exc_info = None
        return True


class OneLineForStrangers(logging.Filter):
    """Of what is refused to people who are not logged in, one line a minute for each status and first part of the address, in each
    process. The next one says how many were left out.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self.told: dict[tuple[int, str], tuple[int, int]] = {}
        """By kind: the minute of the last line, and how many were left out since."""

    def filter(self, record: logging.LogRecord) -> bool:
        request, status = getattr(record, "request", None), getattr(record, "status_code", 0)
        if request is None or not 400 <= status < 500 or _is_known(request):
            return True
        kind, minute = (status, request.path.split("/")[1][:20]), int(record.created // 60)
        with self._lock:
            last, left_out = self.told.get(kind, (0, 0))
            if last == minute:
                self.told[kind] = (minute, left_out + 1)
                return False
            if len(self.told) >= MOST_KINDS:
                self.told.clear()
            self.told[kind] = (minute, 0)
        if left_out:
            record.msg, record.args = f"{record.getMessage()} (and {left_out} like it since the last line)", ()
        return True


def _is_known(request: Any) -> bool:
    """Without a query: whoever was found to be logged in, or to be an integration, while the page was made."""
    user = getattr(request, "_cached_user", None)
    return bool(user and user.is_authenticated) or getattr(request, "auth", None) is not None


def configuration(*, level: str, as_json: bool) -> dict[str, Any]:
    """Django's LOGGING: JSON for machines, or plain words on a terminal, where the runner gives each line its time and a
    task that succeeds says nothing. Sets structlog up as well."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        *([structlog.processors.TimeStamper(fmt="iso", utc=True)] if as_json else []),
        _add_request_id,
        _shorten_request,
        _shorten_celery,
    ]
    last: list[Any] = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str)]
    if not as_json:
        last = [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    formatter = {
        "()": RedactingFormatter,
        "foreign_pre_chain": shared,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "filters": {"expected": {"()": WithoutExpectedTraceback}, "strangers": {"()": OneLineForStrangers}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["expected", "strangers"]}
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": level, "propagate": True},
            "celery.beat": {"level": "WARNING"},  # the end of each task is logged already
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": level if as_json else "WARNING"},
            "httpx": {"level": "WARNING"},  # it logs whole URLs; the gateways log each call
            "httpcore": {"level": "WARNING"},
        },
    }
