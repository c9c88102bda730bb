"""Documents at the addresses that attachments in Dialogporten carry. They are the same for every service.

https://skatteetaten.github.io/api-dokumentasjon/om/bruk_innrapportering
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import httpx

from portal.gateways.errors import Refused
from portal.gateways.http import Channel
from portal.gateways.skatteetaten.common import ANY_TYPE, Fetched, decode_document, path_segment

PORTS = {"https": 443, "http": 80}
Origin = tuple[str, str, int | None]
"""Scheme, host and port."""


class ForeignAddress(Refused):
    """An attachment points to a host that is not Skatteetaten's; a token is never sent there."""


class Documents:
    """Documents of the service below `base_url`. `hosts` are those a token may be sent to (`*.` begins a wildcard)."""

    def __init__(self, *, base_url: str, hosts: Sequence[str] = ()) -> None:
        self._channel = Channel(service="skatteetaten", base_url=base_url)
        scheme = httpx.URL(base_url).scheme
        self._origins = [origin_of(base_url), *(origin_of(f"{scheme}://{host}") for host in hosts)]

    def document_at(self, url: str, *, token: str) -> Fetched:
        """The document at an attachment's Api address. Raises ForeignAddress, before any call, for an unknown host."""
        checked = checked_address(url, self._origins)
        return decode_document(self._channel.call("GET", checked, token=token, headers=ANY_TYPE))

    def document(self, *, token: str, year: int, transmission_id: str, document_id: str) -> Fetched:
        """One document of the transmission that owns it, below the service's own address: for attachments without one."""
        path = f"/{year}/forsendelser/{path_segment(transmission_id)}/dokumenter/{path_segment(document_id)}"
        return decode_document(self._channel.call("GET", path, token=token, headers=ANY_TYPE))


def checked_address(url: str, origins: Sequence[Origin]) -> str:
    """The address as it is called. Raises ForeignAddress, before any call, when none of the origins covers it."""
    target = origin_of(url)
    if not any(_covers(origin, target) for origin in origins):
        message = f"skatteetaten: {target[1] or 'an unreadable address'} is not one of its hosts"
        raise ForeignAddress(message, status=0, code="FOREIGN_ADDRESS")
    return str(httpx.URL(url))


def origin_of(url: str) -> Origin:
    """The origin of `url`, by the parser that makes the call; no host when it is invalid or has a user name."""
    try:
        there = httpx.URL(url)
    except httpx.InvalidURL:
        return "", "", None
    is_plain = re.fullmatch(r"(\*\.)?[a-z0-9.-]+", there.host) and not there.userinfo
    return there.scheme, there.host if is_plain else "", there.port or PORTS.get(there.scheme)


def _covers(origin: Origin, target: Origin) -> bool:
    (scheme, host, port), (_scheme, name, _port) = origin, target
    is_host = name == host or (host.startswith("*.") and name.endswith(host[1:]))
    return bool(name) and is_host and (scheme, port) == (_scheme, _port)
