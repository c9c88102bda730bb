"""Skatteetaten's services that are only read: krav og betalinger, and frister.

https://skatteetaten.github.io/api-dokumentasjon/api/kravogbetalinger
https://skatteetaten.github.io/api-dokumentasjon/api/frister
Vendors' systems use the rettighetspakke `regnskapssystem`, which needs a system user. The fields inside of claims and payments
are not public, and neither is the address of frister: the one here is that of krav og betalinger without its last part.
"""

from __future__ import annotations

from datetime import date

from portal.gateways.decoding import decode
from portal.gateways.errors import Refused
from portal.gateways.http import Channel, Reply
from portal.gateways.skatteetaten.common import path_segment

PACKAGE = "regnskapssystem"
NOTHING = frozenset({"KB-007", "FRI-007"})
"""404 with one of these: there are no claims, payments or deadlines. It is an answer and no fault."""
JSON = {"Accept": "application/json"}


class ClaimsAndPayments:
    """Krav og betalinger below `base_url`. Every call returns the JSON object as it came; None: there is nothing."""

    def __init__(self, *, base_url: str) -> None:
        self._channel = Channel(service="skatteetaten", base_url=base_url)

    def open_claims(self, *, token: str, orgnr: str) -> bytes | None:
        return _read(self._channel, f"/{PACKAGE}/{path_segment(orgnr)}/aapnekrav", token)

    def of_period(self, *, token: str, orgnr: str, what: str, first: date, last: date) -> bytes | None:
        """`what`: krav, innbetalinger or utbetalinger. Raises ValueError for more than a year, which the service refuses."""
        if not first <= last < _year_after(first):
            raise ValueError("a call may ask for one year at most")
        period = {"fraOgMed": first.isoformat(), "tilOgMed": last.isoformat()}
        return _read(self._channel, f"/{PACKAGE}/{path_segment(orgnr)}/{what}", token, period)


class Deadlines:
    """Frister below `base_url`."""

    def __init__(self, *, base_url: str) -> None:
        self._channel = Channel(service="skatteetaten", base_url=base_url)

    def read(self, *, token: str, orgnr: str) -> bytes | None:
        """The deadlines as they came; None: the organisation has none."""
        return _read(self._channel, f"/{PACKAGE}/{path_segment(orgnr)}", token)


def _read(channel: Channel, path: str, token: str, params: dict[str, str] | None = None) -> bytes | None:
    try:
        reply = channel.call("GET", path, token=token, params=params, headers=JSON)
    except Refused as error:
        if error.code in NOTHING:
            return None
        raise
    return decode(reply.where, lambda: _checked(reply))


def _checked(reply: Reply) -> bytes:
    if not isinstance(reply.json(), dict):
        raise TypeError("no object")
    return reply.content


def _year_after(day: date) -> date:
    """The same day of the next year; 1 March after 29 February."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return date(day.year + 1, 3, 1)
