"""Where a webhook may lead: to https on public addresses only, unless the host is named in WEBHOOK_PRIVATE_HOSTS.

The name is looked up again for each message, and the connection goes to the address that was checked: a name that changes its
mind between the two leads nowhere else.
"""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

import httpx
from django.conf import settings

OUTSIDE = ip_network("2000::/3")
TUNNELS = tuple(ip_network(text) for text in ("2001::/32", "2002::/16", "64:ff9b::/96"))
"""Addresses of IPv6 that stand for one of IPv4: it could be a private one."""
CODES = ("WEBHOOK_NOT_HTTPS", "WEBHOOK_BAD_ADDRESS", "WEBHOOK_PRIVATE", "WEBHOOK_UNKNOWN_HOST")
NOT_HTTPS, BAD, PRIVATE, UNKNOWN = CODES
SECONDS = 5.0
"""For one look-up."""
_resolver = ThreadPoolExecutor(max_workers=8, thread_name_prefix="look-up")


class NotAllowed(Exception):
    """We do not call this address. `code` is one of CODES."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def check(url: str) -> SplitResult:
    """What can be said of the address without looking it up. Raises NotAllowed."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise NotAllowed(BAD) from None
    if not host or parts.username or parts.password or parts.fragment or not url.isprintable() or " " in url:
        raise NotAllowed(BAD)
    if host.isascii() and host != _ascii(url):  # two readers of the address must find the same host in it
        raise NotAllowed(BAD)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_named(host)):
        raise NotAllowed(NOT_HTTPS)
    return parts


def _ascii(url: str) -> str:
    """The host as the call itself names it: to DNS, in its header, and for the certificate. Raises NotAllowed."""
    try:
        return httpx.URL(url).raw_host.decode("ascii")
    except (httpx.InvalidURL, UnicodeError):
        raise NotAllowed(BAD) from None


def is_named(host: str) -> bool:
    """Whether the operator has allowed this host by its name."""
    return host.lower() in settings.WEBHOOK_PRIVATE_HOSTS


def find(url: str) -> str:
    """Look the host up: the IP address to connect to. Raises NotAllowed, when any of its addresses is none of the open Internet's."""
    parts = check(url)
    port = parts.port or {"https": 443, "http": 80}[parts.scheme]
    found = _look_up(_ascii(url), port)
    if not is_named(str(parts.hostname)) and not all(is_public(ip_address(each)) for each in found):
        raise NotAllowed(PRIVATE)
    return found[0]


def _look_up(host: str, port: int) -> list[str]:
    """As this machine knows the host, within SECONDS: the resolver has no time-out of its own. Raises NotAllowed."""
    asked = _resolver.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        found = asked.result(SECONDS)
    except (OSError, UnicodeError, TimeoutError):
        asked.cancel()  # where it has not begun: others hold all the threads
        raise NotAllowed(UNKNOWN) from None
    addresses = [str(each[4][0]).partition("%")[0] for each in found]
    if not addresses:
        raise NotAllowed(UNKNOWN)
    return addresses


def is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return is_public(address.ipv4_mapped)
        if address not in OUTSIDE or any(address in each for each in TUNNELS):
            return False
    return address.is_global and not address.is_multicast
