"""A receiver of the vendor's own: one POST to an address that was looked up and checked. https://www.standardwebhooks.com/"""

from __future__ import annotations

from collections.abc import Mapping

from portal.gateways.http import Channel

SERVICE = "webhook"
SECONDS = 10.0
"""Without an answer."""


def deliver(url: str, *, ip: str, content: bytes, headers: Mapping[str, str]) -> None:
    """Connects to `ip` as the host of `url`. Raises GatewayError for everything but 2xx."""
    Channel(service=SERVICE, base_url="", patience=SECONDS, at=ip).call("POST", url, content=content, headers=headers)
