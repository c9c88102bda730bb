"""Asks Altinn whom a system user may act for and with what rights, with a token of the system user itself.

Nothing else tells it: the vendor's own calls return no rights. https://docs.altinn.studio/api/accessmanagement/
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from portal.core import lease
from portal.core.lease import LONGEST_WAIT, Hold, Leased
from portal.core.problems import code_of
from portal.gateways import urns
from portal.gateways.altinn import AuthorizedParty
from portal.gateways.errors import Refused
from portal.gateways.statuses import Kind as Means
from portal.gateways.statuses import kind_of
from systemusers.models import Access, ClientRound, Kind, RightsCheck
from systemusers.services import tokens
from systemusers.services.remote import metadata
from systemusers.services.tokens import PATIENCE, AccessMissing, NoKey

SCOPE = "altinn:accessmanagement/authorizedparties"
Ask = Callable[[], list[AuthorizedParty]]
OF_SKATTEETATEN = ("ske-", "skd-")
"""The beginnings of the ids of Skatteetaten's resources."""
SOON = (timedelta(minutes=5), timedelta(minutes=30))
LATER = timedelta(days=1)
"""Until the next question when Altinn or Maskinporten says no: the first time and the second, and then. A new right takes some
minutes to be known everywhere. `keys.wake_waiting` makes it sooner when the cause is mended."""


def packages_of(party: AuthorizedParty) -> list[str]:
    """Whole urns."""
    return sorted(map(urns.package, party.packages))


def resources_of(party: AuthorizedParty, *, also: Collection[str] = ()) -> list[str]:
    """The ids of Skatteetaten's resources, and of those in `also`: packages open hundreds of others."""
    codes = map(urns.resource_of, party.resources)
    return sorted(code for code in codes if code.startswith(OF_SKATTEETATEN) or code in also)


def ask_soon(*, access: Access, at: datetime) -> None:
    """A worker asks at the next chance: what the system user may do, or, of an accountant's, for which clients and what."""
    model: type[Leased] = ClientRound if access.profile.kind == Kind.AGENT else RightsCheck
    lease.make_one_due(model, access=access, at=at)


def ask_altinn(hold: Hold[RightsCheck] | Hold[ClientRound], ask: Ask | None = None) -> list[AuthorizedParty] | None:
    """The parties of the row's access. None when there was no answer to use: the row is then put off with the reason.

    `ask`: what gives the answer or raises as `ask_now`, when it was asked before. Raises LostRace, Unavailable, BrokenReply.
    """
    try:
        return ask() if ask else _ask(hold)
    except NoKey as error:
        hold.put_off(code=code_of(error), wait=LONGEST_WAIT)
    except AccessMissing as error:  # noted on the access, which is checked by itself
        hold.put_off(code=code_of(error), wait=PATIENCE)
    except Refused as error:
        lease.log_problem(hold, error)
        hold.put_off(code=code_of(error), wait=after_a_no(hold))
    return None


def after_a_no(hold: Hold[RightsCheck] | Hold[ClientRound]) -> timedelta:
    """The wait after this round, which Altinn or Maskinporten has answered with a no."""
    before = hold.row.failures
    return SOON[before] if before < len(SOON) else LATER


def ask_now(access: Access, token_of: Callable[[bool], str]) -> list[AuthorizedParty]:
    """Once more with a fresh token when the first one is not taken. `token_of` is given whether it is to be fresh.

    No database of its own: safe in threads when `token_of` is. Raises what `token_of` and the gateways raise.
    """
    for fresh in (False, True):
        token = token_of(fresh)
        try:
            return metadata(access.environment).authorized_parties(token=token)
        except Refused as error:
            if fresh or kind_of(error) != Means.TOKEN:
                raise
    raise AssertionError("unreachable")


def _ask(hold: Hold[RightsCheck] | Hold[ClientRound]) -> list[AuthorizedParty]:
    access = hold.row.access

    def token_of(fresh: bool) -> str:
        token = tokens.exchanged_token(access=access, scopes=(SCOPE,), at=hold.now(), fresh=fresh)
        hold.renew()
        return token

    return ask_now(access, token_of)
