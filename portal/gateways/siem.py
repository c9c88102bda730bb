"""A receiver of the audit trail: syslog over TCP or TLS, or JSON by POST.

Syslog: https://www.rfc-editor.org/rfc/rfc5424 with the lengths of https://www.rfc-editor.org/rfc/rfc6587#section-3.4.1 (octet counting), as
https://www.rfc-editor.org/rfc/rfc5425 has them for TLS. It has no answers: a batch has arrived when the receiver, told that nothing more
comes, has taken every byte and closes, over TLS with its own `close_notify` (section 4.4 demands it). A connection that ends in another way
may have been cut: then nothing has arrived for certain.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import ssl
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from portal.gateways.errors import Unavailable
from portal.gateways.http import Channel

SECONDS = 15.0
"""To connect, and for each read and write."""
PRIORITY = 13 * 8 + 6
"""Facility "log audit", severity "informational"."""
PORTS = {"syslog": 601, "syslog+tls": 6514}
SERVICE = "siem"
Message = Mapping[str, Any]
"""A row of the trail: with `at` (ISO 8601) and `what`."""


@dataclass(frozen=True)
class Receiver:
    """`scheme` is one of PORTS, http or https. `address` is the whole address of the last two. `ca` is a file with certificates."""

    scheme: str
    host: str
    port: int
    address: str = ""
    token: str = field(default="", repr=False)
    ca: str = ""

    def send(self, messages: Sequence[Message]) -> None:
        """All of them, in order. Raises GatewayError: then none, some or all have arrived."""
        if self.scheme in PORTS:
            self._syslog(b"".join(map(framed, messages)))
        else:
            Channel(service=SERVICE, base_url=self.address, ca=self.ca).call(
                "POST", "", token=self.token, json=list(messages)
            )

    def _syslog(self, frames: bytes) -> None:
        where = f"{SERVICE} {self.scheme} {self.host}:{self.port}"
        try:
            with socket.create_connection((self.host, self.port), timeout=SECONDS) as plain:
                if self.scheme == "syslog+tls":
                    _over_tls(plain, frames, host=self.host, ca=self.ca)
                else:
                    plain.sendall(frames)
                    _check_listens(plain)
                    _finish(plain)
        except (OSError, ssl.SSLError) as error:
            raise Unavailable(f"{where}: {type(error).__name__}", maybe_arrived=True) from None


def _over_tls(plain: socket.socket, frames: bytes, *, host: str, ca: str) -> None:
    context = ssl.create_default_context(cafile=ca or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with context.wrap_socket(plain, server_hostname=host) as secured:
        secured.sendall(frames)
        _finish(secured.unwrap())  # says that nothing more comes, and waits until the receiver says so too


def _check_listens(plain: socket.socket) -> None:
    """Raises ConnectionError when the receiver has closed already, before it was told that nothing more comes."""
    plain.settimeout(0)
    with suppress(BlockingIOError):
        if not plain.recv(1, socket.MSG_PEEK):
            raise ConnectionAbortedError
    plain.settimeout(SECONDS)


def _finish(plain: socket.socket) -> None:
    """Wait until the receiver closes. Raises OSError when it closed before it had taken everything: what it sends back then (a reset) may
    come after its end."""
    plain.shutdown(socket.SHUT_WR)
    while plain.recv(1024):
        pass
    give_up = time.monotonic() + SECONDS
    while left := _untaken(plain):
        if error := plain.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OSError(error, os.strerror(error))
        if time.monotonic() > give_up:
            raise TimeoutError(f"{left} bytes were not taken")
        time.sleep(0.01)


def _untaken(plain: socket.socket) -> int:
    """Bytes that the receiver has not acknowledged: https://man7.org/linux/man-pages/man7/tcp.7.html (SIOCOUTQ)."""
    return int.from_bytes(fcntl.ioctl(plain.fileno(), termios.TIOCOUTQ, bytes(4)), sys.byteorder)


def framed(message: Message) -> bytes:
    """One message with its length before it. The content is JSON in ASCII, so that every receiver reads it."""
    content = json.dumps(message, sort_keys=True)
    line = f"<{PRIORITY}>1 {message['at']} - portal - {_name(str(message['what']))} - {content}".encode("ascii")
    return b"%d %s" % (len(line), line)


def _name(what: str) -> str:
    """MSGID: at most 32 printable characters of ASCII, without blanks."""
    return "".join(each for each in what if "!" <= each <= "~")[:32] or "-"
