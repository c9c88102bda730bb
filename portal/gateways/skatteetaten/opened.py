"""Forsendelse åpnet: tells Skatteetaten that a person has opened a forsendelse, so that it stops reminding the customer.

https://skatteetaten.github.io/api-dokumentasjon/api/forsendelseaapnet. The address is the forsendelse's `contentReference` and is
never composed. The call takes the dialog token of the dialog, which is good for one forsendelse; no other token.
"""

from __future__ import annotations

from portal.gateways.errors import Refused, Unavailable
from portal.gateways.http import Channel
from portal.gateways.skatteetaten.documents import checked_address, origin_of

ANY_PAGE = {"Accept": "text/html, */*;q=0.1"}


class Opened:
    """The service at `base_url`. Its errors have no codes of their own; ours are `AAPNET:` and the status."""

    def __init__(self, *, base_url: str) -> None:
        self._channel = Channel(service="skatteetaten", base_url=base_url)
        self._origins = [origin_of(base_url)]

    def tell(self, url: str, *, dialog_token: str) -> None:
        """May be repeated: what is opened already stays so. Raises ForeignAddress, before any call, for an unknown host."""
        address = checked_address(url, self._origins)
        try:
            self._channel.call("GET", address, token=dialog_token, headers=ANY_PAGE)
        except Refused as error:
            raise Refused(str(error), status=error.status, code=f"AAPNET:{error.status}") from error
        except Unavailable as error:
            if error.status == 500:
                error.code = "AAPNET:500"
            raise
