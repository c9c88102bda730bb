"""Follows the business register's update feeds, one of main units and one of sub-units, and notes which customers changed.

https://data.brreg.no/enhetsregisteret/api/dokumentasjon (oppdateringer). The place in a feed is stored with what was noted, in
one transaction: whenever the worker dies, no update is lost. What is undocumented is not trusted: how long the register keeps
entries, what it answers to an id that is too old, and whether ids can start again. The entry that was read last is read again
each time; where it is missing, or its id is refused, the feed is begun anew by time.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction

from accounts.models import Customer, RegisterRound
from accounts.services.business_register import enhetsregisteret
from portal.core.environments import Environment
from portal.core.lease import Hold
from portal.gateways.enhetsregisteret import MAIN, SUB, Update
from portal.gateways.errors import Refused

STALE = timedelta(days=7)
"""A look-up that is older is made again, whatever the feed said."""
BEGIN = STALE + timedelta(days=1)
"""How far back a feed is begun. Longer than STALE: of who was looked up since, no update is missed; the others are stale."""
MOST_UPDATES, MOST_PAGES = 1000, 20
"""Entries of the feed in one call, and calls in one round: the next round reads on."""
ENOUGH = timedelta(seconds=40)
"""After so long a round reads no further page: its look-ups need the rest of its time."""
PLACE_REFUSED = frozenset({400, 404, 410})
"""Answers that may mean the id we ask from."""

logger = logging.getLogger(__name__)


def follow_feeds(hold: Hold[RegisterRound]) -> bool:
    """Read on in both feeds. False when there is more to read. Raises LostRace and the gateways' errors."""
    if not _is_anybody_known(hold.row.environment):
        return True
    is_read = all([_follow(hold, MAIN, "read_main"), _follow(hold, SUB, "read_sub")])
    if is_read:
        hold.write(feeds_read_at=hold.now())
    return is_read


def _is_anybody_known(environment: str) -> bool:
    """The real register's feed says nothing of synthetic organisations."""
    numbers = Customer.objects.filter(environment=environment)
    if environment == Environment.TEST:
        numbers = numbers.exclude(orgnr__regex=r"^[23]")
    return numbers.exists()


def _follow(hold: Hold[RegisterRound], kind: str, column: str) -> bool:
    for _page in range(MOST_PAGES):
        if hold.age() > ENOUGH:
            return False
        before = getattr(hold.row, column)
        updates = _next_page(hold, kind, column)
        if len(updates) < MOST_UPDATES or updates[-1].id == before:
            return True
    return False


def _next_page(hold: Hold[RegisterRound], kind: str, column: str) -> list[Update]:
    """The next entries, the one that was read last among them; noted, and then the place moved."""
    last: int | None = getattr(hold.row, column)
    updates = _ask(hold, kind, last)
    if updates is None:
        logger.warning("the update feed of %s no longer has entry %s: it is begun anew", kind, last)
        hold.write(**{column: None})
        last, updates = None, _ask(hold, kind, None) or []
    new = [update for update in updates if update.id != last]
    if new:
        with transaction.atomic():
            _note(hold, new)
            hold.write(**{column: max(update.id for update in new)})
    return updates


def _ask(hold: Hold[RegisterRound], kind: str, last: int | None) -> list[Update] | None:
    """A page from the entry that was read last; None when the register does not have it. Without one, from BEGIN on."""
    hold.renew()
    register = enhetsregisteret(hold.row.environment)
    try:
        updates = register.updates(kind, first=last, since=hold.now() - BEGIN, size=MOST_UPDATES)
    except Refused as error:
        if last is None or error.status not in PLACE_REFUSED:
            raise
        return None
    return None if last is not None and last not in {update.id for update in updates} else updates


def _note(hold: Hold[RegisterRound], updates: list[Update]) -> None:
    """Those of them that are customers are looked up next. Numbers we do not know change nothing."""
    numbers = {update.orgnr for update in updates}
    changed = Customer.objects.filter(environment=hold.row.environment, orgnr__in=numbers)
    changed.update(register_changed_at=hold.now())
