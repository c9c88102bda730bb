"""What a system user may do, and for whom. Every service of the sandbox uses these functions."""

from __future__ import annotations

from datetime import datetime, timedelta

from ..state import State, SystemUser
from ..tokens import Token
from .catalogue import opened_by


def resources_of(state: State, system_user: SystemUser, *, now: datetime, party: str = "") -> frozenset[str]:
    """Ids of the resources it has, as single rights or by package; for the client `party` those by the packages it has left.

    An approval or a change has effect after `rights_delay_seconds`; until then the rights are those from before it.
    """
    settled = (system_user.changed or system_user.created) + timedelta(seconds=state.settings.rights_delay_seconds)
    if now < settled:
        return opened_by(state, frozenset(system_user.earlier_packages)) | frozenset(system_user.earlier_rights)
    return opened_by(state, frozenset(packages_for(system_user, party))) | frozenset(system_user.rights)


def packages_for(system_user: SystemUser, party: str) -> list[str]:
    """The urns of the packages that it has for a party: all of its own, but for a client that took some back."""
    return system_user.client_packages.get(party, system_user.packages)


def parties_of(state: State, system_user: SystemUser) -> list[str]:
    """Organisation numbers it may act for: its owner, or the clients of an agent."""
    return list(system_user.clients) if system_user.kind == "agent" else [system_user.orgnr]


def may_use(state: State, system_user: SystemUser, *, resource_id: str, party_orgnr: str, now: datetime) -> bool:
    acts_for = party_orgnr in system_user.clients if system_user.kind == "agent" else party_orgnr == system_user.orgnr
    return acts_for and resource_id in resources_of(state, system_user, now=now, party=party_orgnr)


def system_user_of(state: State, token: Token) -> SystemUser | None:
    """The live system user of a token; None when it or its system is deleted."""
    system_user = state.system_users.get(token.system_user_id)
    if system_user is None or system_user.deleted:
        return None
    system = state.systems.get(system_user.system_id)
    return system_user if system and not system.is_deleted else None
