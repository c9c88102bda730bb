"""The one door for calls outside: time-outs, the three error families, one log line a call, and no secrets in any of them.

Tests set `TRANSPORT`; the portal adds `observers`. Redirects are not followed: a token never leaves the host it is for.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from portal.gateways import refusals
from portal.gateways.errors import BrokenReply, GatewayError, Refused, Unavailable

logger = logging.getLogger(__name__)
TRANSPORT: httpx.BaseTransport | None = None
TIMEOUT = httpx.Timeout(20, connect=5)
MOST_BYTES = 60 * 2**20
LOST = (httpx.ReadTimeout, httpx.WriteTimeout, httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)
"""After these the remote may have got the request and done the work."""

request_id: ContextVar[str] = ContextVar("request_id", default="")


@dataclass(frozen=True)
class CallStats:
    """One finished call. `host` with port; `status` None when no answer came; `error` the class name of what was raised."""

    service: str
    host: str
    method: str
    path: str
    status: int | None
    seconds: float
    sent_bytes: int
    received_bytes: int
    error: str = ""


observers: list[Callable[[CallStats], None]] = []


@dataclass(frozen=True)
class Reply:
    """A success. `json()` raises BrokenReply instead of a decoding error."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    where: str

    def json(self) -> Any:
        try:
            return json.loads(self.content)
        except ValueError as error:
            raise BrokenReply(f"{self.where}: the body is not JSON") from error

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").split(";")[0].strip().lower()


class _Pool:
    """One httpx client for all doors, made anew when a test changes the transport."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._client: httpx.Client | None = None
        self._transport: httpx.BaseTransport | None = None

    def client(self) -> httpx.Client:
        with self._lock:
            if self._client is None or self._transport is not TRANSPORT:
                limits = httpx.Limits(max_connections=100, max_keepalive_connections=50, keepalive_expiry=30)
                self._client = httpx.Client(transport=TRANSPORT, timeout=TIMEOUT, limits=limits, follow_redirects=False)
                self._transport = TRANSPORT
            return self._client


_pool = _Pool()


class Door:
    """Calls to one service below one base address."""

    def __init__(self, *, service: str, base_url: str) -> None:
        self.service = service
        self.base_url = base_url.rstrip("/")

    def call(
        self,
        method: str,
        path: str,
        *,
        token: str = "",
        params: Any = None,
        json: Any = None,
        data: Mapping[str, str] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """One call. `path` is relative to the base address, or a whole URL the caller has checked. Raises GatewayError."""
        url = path if path.startswith(("http://", "https://")) else self.base_url + path
        given = {"Accept": "application/json", **self._common(token), **(headers or {})}
        request = _pool.client().build_request(
            method, url, params=params, json=json, data=data, content=content, headers=given
        )
        where = f"{self.service} {method} {urlsplit(url).path}"
        started = time.perf_counter()
        status, received, failure = None, 0, ""
        try:
            response, body = _send(request, where)
            status, received = response.status_code, len(body)
            return _judge(response, body, where)
        except GatewayError as error:
            failure = type(error).__name__
            raise
        finally:
            seconds = time.perf_counter() - started
            host, sent = urlsplit(url).netloc, int(request.headers.get("content-length", 0))
            _note(CallStats(self.service, host, method, urlsplit(url).path, status, seconds, sent, received, failure))

    @staticmethod
    def _common(token: str) -> dict[str, str]:
        headers = {"X-Request-ID": request_id.get()} if request_id.get() else {}
        return {**headers, "Authorization": f"Bearer {token}"} if token else headers


def _send(request: httpx.Request, where: str) -> tuple[httpx.Response, bytes]:
    try:
        response = _pool.client().send(request, stream=True)
        try:
            return response, _read(response, where)
        finally:
            response.close()
    except LOST as error:
        raise Unavailable(f"{where}: {type(error).__name__}", maybe_arrived=True) from None
    except httpx.HTTPError as error:
        raise Unavailable(f"{where}: {type(error).__name__}") from None


def _read(response: httpx.Response, where: str) -> bytes:
    parts, total = [], 0
    for part in response.iter_bytes():
        total += len(part)
        if total > MOST_BYTES:
            raise BrokenReply(f"{where}: the body is larger than {MOST_BYTES} bytes")
        parts.append(part)
    body = b"".join(parts)
    promised = response.headers.get("content-length")
    if (
        promised
        and not response.headers.get("content-encoding")
        and len(body) < int(promised)
        and request_has_body(response)
    ):
        raise Unavailable(f"{where}: the body was cut off", maybe_arrived=True)
    return body


def request_has_body(response: httpx.Response) -> bool:
    return response.request.method != "HEAD" and response.status_code not in (204, 304)


def _judge(response: httpx.Response, body: bytes, where: str) -> Reply:
    status = response.status_code
    if 200 <= status < 300:
        return Reply(status, response.headers, body, where)
    reason = refusals.read(body)
    if status == 429 or status >= 500:
        wait = retry_after(response.headers.get("retry-after", ""))
        raise Unavailable(
            f"{where}: {status}", retry_after=wait, maybe_arrived=status >= 500, status=status, code=reason.code
        )
    said = f" {reason.code}" if reason.code else ""
    raise Refused(
        f"{where}: {status}{said}",
        status=status,
        code=reason.code,
        details=reason.details,
        correlation_id=reason.correlation_id,
        text=reason.text,
    )


def retry_after(value: str, *, now: datetime | None = None) -> float | None:
    """Seconds to wait, from seconds or an HTTP date (both are in use); None when absent or unreadable."""
    value = value.strip()
    if value.isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


def _note(stats: CallStats) -> None:
    logger.info(
        "%s %s %s %s in %.0f ms",
        stats.service, stats.method, stats.path, stats.status or stats.error, stats.seconds * 1000,
    )  # fmt: skip
    for observer in observers:
        observer(stats)
