"""Asks Altinn whom a system user may act for, with a token of its own.

https://docs.altinn.studio/api/accessmanagement/
"""

from __future__ import annotations

from typing import Any

from portal.core.lease import Hold
from portal.gateways.altinn import AuthorizedParty
from portal.gateways.errors import Refused
from portal.gateways.statuses import Kind as Means
from portal.gateways.statuses import kind_of
from systemusers.models import Access
from systemusers.services import tokens
from systemusers.services.remote import metadata

SCOPE = "altinn:accessmanagement/authorizedparties"


def ask(hold: Hold[Any], access: Access) -> list[AuthorizedParty]:
    """Once more with a fresh token when the first is not taken. Raises LostRace, NoKey and the gateways' errors."""
    for fresh in (False, True):
        token = tokens.exchanged_token(access=access, scopes=(SCOPE,), at=hold.now(), fresh=fresh)
        hold.renew()
        try:
            return metadata(access.environment).authorized_parties(token=token)
        except Refused as error:
            if fresh or kind_of(error) != Means.TOKEN:
                raise
    raise AssertionError("unreachable")
