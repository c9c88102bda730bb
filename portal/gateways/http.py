"""The HTTP channel for outgoing calls: time-outs, the three error families, one log line per call without secrets.

Tests set `TRANSPORT`; the portal adds `observers` and sets `request_id`. Redirects are not followed, so that a token
never leaves the host it is for.
Cookies are not stored: calls for different customers share connections only.
"""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import httpx

from portal.gateways import page_budget, refusals, statuses, wire
from portal.gateways.decoding import json_of
from portal.gateways.errors import BrokenReply, GatewayError, HeldBack, Refused, Unavailable

logger = logging.getLogger(__name__)
TRANSPORT: httpx.BaseTransport | None = None
TIMEOUT = httpx.Timeout(20, connect=5)
MOST_BYTES = 60 * 2**20
MOST_REASON = 256 * 2**10
"""Limit in bytes for the body of a refusal."""
MOST_SECONDS = 120
"""Limit in seconds for a whole answer: the time-outs above restart with every byte. A stranger's server has its `patience`."""
LONGEST_WAIT = 24 * 3600
HIDDEN = "/…"
"""What logs and figures show of a path that may be a secret."""
NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)
"""After these errors the remote has received nothing; after any other it may have done the work."""

request_id: Callable[[], str] = str
"""The id that goes out in X-Request-ID with each call, "" for none. The portal sets it."""


def _free(service: str, url: str, *, patience: float | None = None) -> AbstractContextManager[None]:
    return nullcontext()


slot: Callable[..., AbstractContextManager[None]] = _free
"""Around each call, with the service and the address, and `patience` in seconds where a page waits. The portal limits calls with it."""


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
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)
    where: str

    def json(self) -> Any:
        try:
            return json_of(self.content)
        except (ValueError, RecursionError):
            raise BrokenReply(f"{self.where}: the body is not JSON") from None

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").split(";")[0].strip().lower()


class _Clients:
    """httpx clients with their connections, each used by one call at a time: one that threads share makes them wait for each other
    at every call. The one that was used last is used next, so that few connections are open and warm.
    """

    def __init__(self, ca: str = "", *, is_direct: bool = False) -> None:
        self._ca, self._is_direct = ca, is_direct
        self._free: list[tuple[httpx.BaseTransport | None, httpx.Client]] = []

    @contextmanager
    def one(self) -> Iterator[httpx.Client]:
        transport = TRANSPORT
        client = self._taken(transport) or self._new(transport)
        try:
            yield client
        finally:
            self._free.append((transport, client))

    def close(self) -> None:
        """Those that nobody uses."""
        while self._free:
            self._free.pop()[1].close()

    def _taken(self, transport: httpx.BaseTransport | None) -> httpx.Client | None:
        """The one that was used last; None where there is none. Those of an earlier transport, which a test had set, are closed."""
        with suppress(IndexError):
            while True:
                known, client = self._free.pop()
                if known is transport:
                    return client
                client.close()
        return None

    def _new(self, transport: httpx.BaseTransport | None) -> httpx.Client:
        client = httpx.Client(
            transport=transport,
            verify=_certificates(self._ca),
            timeout=TIMEOUT,
            limits=httpx.Limits(max_connections=20, max_keepalive_connections=5, keepalive_expiry=30),
            follow_redirects=False,
            trust_env=not self._is_direct,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            headers={"User-Agent": "systembruker-portal"},
        )
        return wire.bound(client)


@cache
def _certificates(ca: str) -> ssl.SSLContext:
    """Of all clients: reading them takes longer than a call. `ca`: a file with the only ones that are trusted."""
    return ssl.create_default_context(cafile=ca) if ca else httpx.create_ssl_context()


@cache
def _own_headers() -> dict[str, str]:
    """What goes out with each call. Requests are built without a client, whose cookies and bases we do not use."""
    with _clients.one() as client:
        return {name: value for name, value in client.headers.items() if name != "accept"}


_clients = _Clients()


@cache
def _clients_of(ca: str, is_direct: bool) -> _Clients:
    return _Clients(ca, is_direct=is_direct) if ca or is_direct else _clients


class Channel:
    """Calls to one service below one base address."""

    def __init__(
        self, *, service: str, base_url: str, patience: float = 20, at: str = "", ca: str = "", is_direct: bool = False
    ) -> None:
        """`patience`: seconds without a byte before we give up. Longer than the remote's own limit, so that its answer is seen.

        `at`: an IP address to connect to, whatever the name in the address leads to now; for a stranger's server, whose path may be a
        secret and whose answer is not read. No proxy is asked then, which would look the name up by itself. `ca`: a file with
        certificates, for a remote whose own they are. `is_direct`: past every proxy, to a server that only this machine reaches.
        """
        self.service, self.at, self._ca, self._is_direct = service, at, ca, is_direct or bool(at)
        self.base_url = base_url.rstrip("/")
        self._patience, self._timeout = patience, httpx.Timeout(patience, connect=5)

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
        request = httpx.Request(
            method, url, params=params, json=json, data=data, content=content, headers={**_own_headers(), **given},
            extensions={"timeout": self._timeout.as_dict()},
        )  # fmt: skip
        sent_path = HIDDEN if self.at else request.url.raw_path.decode("ascii").partition("?")[0]
        where = f"{self.service} {method} {sent_path}"
        started, seen, failure = time.perf_counter(), _Seen(most_seconds=self._patience if self.at else None), ""
        try:
            with page_budget.room(where) as most, slot(self.service, url, patience=most):
                if most is not None:
                    request.extensions["timeout"] = dict.fromkeys(("connect", "read", "write", "pool"), most)
                    seen.most_seconds = most
                if self.at:
                    _connect_to(self.at, request)
                return _judge(
                    *_send(request, where, seen, _clients_of(self._ca, self._is_direct), reads=not self.at), where
                )
        except GatewayError as error:
            failure = type(error).__name__
            raise
        finally:
            if failure != HeldBack.__name__:
                seconds = time.perf_counter() - started
                host, sent = urlsplit(url).netloc, int(request.headers.get("content-length", 0))
                _note(CallStats(self.service, host, method, sent_path, seen.status, seconds, sent, seen.bytes, failure))

    @staticmethod
    def _common(token: str) -> dict[str, str]:
        headers = {"X-Request-ID": sent} if (sent := request_id()) else {}
        return {**headers, "Authorization": f"Bearer {token}"} if token else headers


@dataclass
class _Seen:
    """Status and size of the answer received so far, and how long the whole of it may take where that is not MOST_SECONDS."""

    status: int | None = None
    bytes: int = 0
    most_seconds: float | None = None


def _connect_to(ip: str, request: httpx.Request) -> None:
    """The name stays in the Host header and the certificate. The connection is not used again: it may belong to several names."""
    request.extensions["sni_hostname"] = request.url.raw_host.decode("ascii")
    request.headers["Connection"] = "close"
    request.url = request.url.copy_with(host=ip)


def _send(
    request: httpx.Request, where: str, seen: _Seen, clients: _Clients, *, reads: bool
) -> tuple[httpx.Response, bytes]:
    try:
        with clients.one() as client, wire.whole_answer(seen.most_seconds or MOST_SECONDS):
            response = client.send(request, stream=True)
            seen.status = response.status_code
            try:
                return response, _read(response, where, seen) if reads else b""
            finally:
                response.close()
    except NOT_SENT as error:
        raise Unavailable(f"{where}: {type(error).__name__}") from None
    except httpx.HTTPError as error:
        raise Unavailable(f"{where}: {type(error).__name__}", maybe_arrived=True, status=seen.status) from None


def _read(response: httpx.Response, where: str, seen: _Seen) -> bytes:
    """The whole body of a success; at most MOST_REASON bytes of anything else."""
    most, parts = MOST_BYTES if response.is_success else MOST_REASON, []
    give_up = time.perf_counter() + (seen.most_seconds or MOST_SECONDS)
    try:
        for part in response.iter_bytes():
            seen.bytes += len(part)
            parts.append(part)
            if seen.bytes > most:
                break
            if time.perf_counter() > give_up:
                raise Unavailable(f"{where}: the answer takes too long", maybe_arrived=True, status=seen.status)
    except httpx.DecodingError:
        if response.is_success:
            raise BrokenReply(f"{where}: the body cannot be decoded") from None
    if response.is_success and seen.bytes > most:
        raise BrokenReply(f"{where}: the body is larger than {most} bytes")
    if seen.bytes <= most and _is_cut_off(response, seen.bytes):
        raise Unavailable(f"{where}: the body was cut off", maybe_arrived=True, status=seen.status)
    return b"".join(parts)


def _is_cut_off(response: httpx.Response, received: int) -> bool:
    promised = response.headers.get("content-length", "")
    has_body = response.request.method != "HEAD" and response.status_code not in (204, 304)
    is_plain = not response.headers.get("content-encoding")
    return has_body and is_plain and promised.isdecimal() and received < int(promised)


def _judge(response: httpx.Response, body: bytes, where: str) -> Reply:
    status = response.status_code
    if 200 <= status < 300:
        return Reply(status, response.headers, body, where)
    if status < 400:
        raise BrokenReply(f"{where}: {status}, an unexpected redirect")
    reason = refusals.read(body)
    if statuses.passes(status):
        wait, maybe = retry_after(response.headers.get("retry-after", "")), statuses.may_have_worked(status)
        raise Unavailable(f"{where}: {status}", retry_after=wait, maybe_arrived=maybe, status=status, code=reason.code)
    code = f" {reason.code}" if reason.code else ""
    raise Refused(
        f"{where}: {status}{code}",
        status=status,
        code=reason.code,
        details=reason.details,
        correlation_id=reason.correlation_id,
        text=reason.text,
        answered_at=_http_date(response.headers.get("date", "")),
    )


def retry_after(value: str, *, now: datetime | None = None) -> float | None:
    """Seconds to wait, at most a day, from seconds or an HTTP date (both are in use); None when absent or unreadable.

    https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    value = value.strip()
    if value.isdecimal():
        return float(min(int(value[:20]), LONGEST_WAIT))
    moment = _http_date(value)
    if moment is None:
        return None
    wait = (moment - (now or datetime.now(UTC))).total_seconds()
    return min(max(0.0, wait), LONGEST_WAIT)


def _http_date(value: str) -> datetime | None:
    """The time in a header, aware; None when it is absent or unreadable."""
    try:
        moment = parsedate_to_datetime(value)
        aware = moment.replace(tzinfo=moment.tzinfo or UTC)
        return aware.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _note(stats: CallStats) -> None:
    answer, milliseconds = stats.status or stats.error, round(stats.seconds * 1000)
    facts = {"sent_bytes": stats.sent_bytes, "received_bytes": stats.received_bytes, "error": stats.error}
    logger.info(
        "%s %s %s %s in %s ms", stats.service, stats.method, stats.path, answer, milliseconds,
        extra={name: value for name, value in facts.items() if value},
    )  # fmt: skip
    for observer in observers:
        try:
            observer(stats)
        except Exception:
            logger.exception("an observer of calls failed; the call is not affected")
