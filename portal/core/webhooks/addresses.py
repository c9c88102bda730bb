"""Where a webhook may lead: to https on public addresses only, unless the host is named in WEBHOOK_PRIVATE_HOSTS.

The name is looked up again for each message, and the connection goes to the address that was checked: a name that changes its
mind between the two leads nowhere else.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

OUTSIDE = ip_network("2000::/3")
TUNNELS = tuple(ip_network(text) for text in ("2001::/32", "2002::/16", "64:ff9b::/96"))
"""Addresses of IPv6 that stand for one of IPv4: it could be a private one."""
CODES = ("WEBHOOK_NOT_HTTPS", "WEBHOOK_BAD_ADDRESS", "WEBHOOK_PRIVATE", "WEBHOOK_UNKNOWN_HOST")
NOT_HTTPS, BAD, PRIVATE, UNKNOWN = CODES


class NotAllowed(Exception):
    """We do not call this address. `code` is one of CODES."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Target:
    """Where to connect: `ip` with `port`; `host` is whom the certificate and the Host header name."""

    scheme: str
    host: str
    ip: str
    port: int
    path: str

    @property
    def url(self) -> str:
        place = f"[{self.ip}]" if ":" in self.ip else self.ip
        return f"{self.scheme}://{place}:{self.port}{self.path}"

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        usual = {"https": 443, "http": 80}[self.scheme]
        return self.host if self.port == usual else f"{self.host}:{self.port}"


def check(url: str) -> SplitResult:
    """What can be said of the address without looking it up. Raises NotAllowed."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise NotAllowed(BAD) from None
    if not host or parts.username or parts.password or parts.fragment or not url.isprintable() or " " in url:
        raise NotAllowed(BAD)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_named(host)):
        raise NotAllowed(NOT_HTTPS)
    return parts


def _ascii(host: str) -> str:
    """As DNS and the Host header know it. Raises NotAllowed."""
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        raise NotAllowed(BAD) from None


def is_named(host: str) -> bool:
    """Whether the operator has allowed this host by its name."""
    return host.lower() in settings.WEBHOOK_PRIVATE_HOSTS


def find(url: str) -> Target:
    """Look the host up. Raises NotAllowed, when any of its addresses is none of the open Internet's."""
    parts = check(url)
    host = _ascii(str(parts.hostname))
    port = parts.port or {"https": 443, "http": 80}[parts.scheme]
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotAllowed(UNKNOWN) from None
    addresses = [str(each[4][0]).partition("%")[0] for each in found]
    if not addresses:
        raise NotAllowed(UNKNOWN)
    if not is_named(str(parts.hostname)) and not all(is_public(ip_address(each)) for each in addresses):
        raise NotAllowed(PRIVATE)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, addresses[0], port, path)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return is_public(address.ipv4_mapped)
        if address not in OUTSIDE or any(address in each for each in TUNNELS):
            return False
    return address.is_global and not address.is_multicast
