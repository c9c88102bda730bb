"""Maskinporten clients and keys, the system in Altinn's register, profiles, and the access of each customer."""

from systemusers.models.access import STUCK, Access, AccessQuerySet, SystemUser, new_link_token
from systemusers.models.change_request import ChangeRequest
from systemusers.models.client_check import ClientCheck
from systemusers.models.client_relation import (
    ClientRelation,
    ClientRelationQuerySet,
    ClientRound,
    reached_through_an_accountant,
)
from systemusers.models.found import FoundSystemUser, RightsCheck
from systemusers.models.keys import KeyRotation, MaskinportenClient, ScopeGrant, SigningKey
from systemusers.models.offered import Offered, OfferedRound
from systemusers.models.profile import AccessProfile, Kind
from systemusers.models.register_change import RegisterChange
from systemusers.models.system import Difference, DriftValue, System, SystemRound, signed_by

__all__ = [
    "STUCK", "Access", "AccessProfile", "AccessQuerySet", "ChangeRequest", "ClientCheck", "ClientRelation",
    "ClientRelationQuerySet", "ClientRound", "Difference", "DriftValue", "FoundSystemUser", "KeyRotation", "Kind",
    "MaskinportenClient", "Offered", "OfferedRound", "RegisterChange", "RightsCheck", "ScopeGrant",
    "SigningKey", "System", "SystemRound", "SystemUser", "new_link_token", "reached_through_an_accountant",
    "signed_by",
]  # fmt: skip
