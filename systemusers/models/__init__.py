"""Maskinporten clients and keys, the system in Altinn's register, profiles, and the access of each customer."""

from systemusers.models.access import STUCK, Access, AccessQuerySet, SystemUser, new_link_token
from systemusers.models.keys import KeyRotation, MaskinportenClient, ScopeGrant, SigningKey
from systemusers.models.profile import AccessProfile, Kind
from systemusers.models.system import Difference, DriftValue, System, SystemRound

__all__ = [
    "STUCK", "Access", "AccessProfile", "AccessQuerySet", "Difference", "DriftValue", "KeyRotation", "Kind", "MaskinportenClient",
    "ScopeGrant", "SigningKey", "System", "SystemRound", "SystemUser", "new_link_token",
]  # fmt: skip
