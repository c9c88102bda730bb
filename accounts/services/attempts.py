"""Attempts to log in, held back so that nobody guesses a password and nobody is locked out by a stranger.

Wrong passwords are counted for an account and a place together. A place is a browser that has logged in to the account before (by
a signed cookie), else a network. After a few the next attempt waits, each time longer. Two wider counters are for browsers that are
not known: one for each network, and one for each account, which is high. Who is held back by the last one makes a new password by
the link in a mail, and that browser is known from then on. Unknown addresses are counted in the same way as known ones.

The counters are in Valkey. Without it nobody is held back: what is left is that each attempt costs time.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache

from portal.core.outbox.message import hash_of
from portal.core.valkey import ERRORS

FREE = 5
"""Wrong passwords at one place before the next attempt waits."""
FIRST_WAIT, LONGEST_WAIT = 5, 15 * 60
"""Seconds. Each further one doubles the wait."""
REMEMBERED = 60 * 60
"""Seconds for which the wrong passwords of a place are remembered."""
FREE_OF_NETWORK = 30
"""Wrong passwords from one network, for any accounts, within REMEMBERED."""
MOST_OF_ACCOUNT, DAY = 100, 24 * 60 * 60
"""Wrong passwords for one account in a day, from all browsers that are not known."""
MAILS_AN_HOUR = 5
"""Links to a new password for one address. The first ones stay good, so that more are of no use."""


class Wait(Exception):
    """No password is tried for so many seconds."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class UnknownBrowser(Exception):
    """Too many wrong passwords for the account today, and this browser has never logged in to it."""


def network_of(address: str) -> str:
    """An address, or for IPv6 the network that one customer of a provider has."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    return str(ipaddress.ip_network((ip, 64), strict=False)) if ip.version == 6 else str(ip)


@dataclass(frozen=True)
class Attempt:
    """One attempt. `device`: names a browser that has logged in to this account before; "" for others."""

    address: str
    ip: str
    device: str
    at: datetime

    @property
    def place(self) -> str:
        return f"log-in:{hash_of(self.address)}:{self.device or self.network}"

    @property
    def network(self) -> str:
        return network_of(self.ip)

    @property
    def account_key(self) -> str:
        return f"log-in-account:{hash_of(self.address)}"

    @property
    def network_key(self) -> str:
        return f"log-in-network:{self.network}"


def begin(attempt: Attempt) -> None:
    """Call it before the password is tried: it counts as wrong until `succeeded`. Raises Wait and UnknownBrowser."""
    _check_wait(attempt.place, attempt.at)
    if not attempt.device:
        _check_wait(attempt.network_key, attempt.at)
        if _count(attempt.account_key, DAY) > MOST_OF_ACCOUNT:
            raise UnknownBrowser
        _hold_back(attempt.network_key, attempt.at, free=FREE_OF_NETWORK)
    _hold_back(attempt.place, attempt.at, free=FREE)


def succeeded(attempt: Attempt) -> None:
    """The password was right: the place begins anew. The wider counters take back this attempt only."""
    cache.delete(attempt.place)
    cache.delete(_until(attempt.place))
    if not attempt.device:
        for key in (attempt.account_key, attempt.network_key):
            _take_back(key)


def may_mail(address: str) -> bool:
    """Whether one more link to a new password goes to the address."""
    return _count(f"reset-mails:{hash_of(address)}", 60 * 60) <= MAILS_AN_HOUR


def _until(key: str) -> str:
    return f"{key}:until"


def _check_wait(key: str, at: datetime) -> None:
    left = float(cache.get(_until(key)) or 0) - at.timestamp()
    if left > 0:
        raise Wait(int(left) + 1)


def _hold_back(key: str, at: datetime, *, free: int) -> None:
    """Count one more; from the last free one on, the next attempt waits."""
    number = _count(key, REMEMBERED)
    if number >= free:
        seconds = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(number - free, 20))
        cache.set(_until(key), at.timestamp() + seconds, seconds)


def _count(key: str, seconds: int) -> int:
    """0 without Valkey."""
    cache.add(key, 0, seconds)
    try:
        return int(cache.incr(key))
    except (ValueError, *ERRORS):
        return 0


def _take_back(key: str) -> None:
    try:
        cache.decr(key)
    except (ValueError, *ERRORS):
        return
