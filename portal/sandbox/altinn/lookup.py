"""Maskinporten's look-up of the system user of a grant. Every condition must hold, else there is none (MP-303)."""

from __future__ import annotations

from ..state import Client, State, SystemUser

Triple = tuple[str, str, str]


def by_external_id(state: State, client: Client, owner_orgnr: str, external_ref: str) -> SystemUser | None:
    """Live system user, live system that lists exactly this client, same vendor, same owner, same reference."""
    for system in state.systems.values():
        if system.is_deleted or system.orgnr != client.orgnr or client.client_id not in system.client_ids:
            continue
        user = live_user(state, (system.id, owner_orgnr, external_ref or owner_orgnr))
        if user:
            return user
    return None


def live_user(state: State, triple: Triple) -> SystemUser | None:
    """The live system user of (system, owner, external reference)."""
    user = state.system_users.get(state.system_user_index.get("|".join(triple), ""))
    return user if user and not user.deleted else None


def add_user(state: State, user: SystemUser) -> None:
    state.system_users[user.id] = user
    state.system_user_index["|".join((user.system_id, user.orgnr, user.external_ref))] = user.id
