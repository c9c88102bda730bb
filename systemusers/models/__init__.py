"""Maskinporten clients and keys, the system in Altinn's register, profiles, and the access of each customer."""

from systemusers.models.access import STUCK, Access, AccessQuerySet, SystemUser
from systemusers.models.campaign import Campaign, CampaignRow
from systemusers.models.change_request import ChangeRequest
from systemusers.models.client_check import ClientCheck
from systemusers.models.client_relation import (
    ClientRelation,
    ClientRelationQuerySet,
    ClientRound,
    reached_through_an_accountant,
)
from systemusers.models.found import FoundSystemUser, RightsCheck
from systemusers.models.invitation import CustomerMail, CustomerMailQuerySet, Invitation
from systemusers.models.keys import KeyRotation, MaskinportenClient, ScopeGrant, SigningKey
from systemusers.models.link_token import hash_of_link, link_columns, new_link
from systemusers.models.mail_settings import MailDomainCheck, MailKind, MailPlan, MailTemplate
from systemusers.models.offered import Offered, OfferedRound
from systemusers.models.profile import AccessProfile, Kind
from systemusers.models.register_change import RegisterChange
from systemusers.models.system import Difference, DriftValue, System, SystemRound, signed_by
from systemusers.models.withdrawal import Withdrawal

__all__ = [
    "STUCK", "Access", "AccessProfile", "AccessQuerySet", "Campaign", "CampaignRow", "ChangeRequest", "ClientCheck", "ClientRelation",
    "ClientRelationQuerySet", "ClientRound", "CustomerMail", "CustomerMailQuerySet",
    "Difference", "DriftValue", "FoundSystemUser", "Invitation",
    "KeyRotation", "Kind",    "MailDomainCheck", "MailKind", "MailPlan", "MailTemplate",
    "MaskinportenClient", "Offered", "OfferedRound", "RegisterChange", "RightsCheck", "ScopeGrant",
    "SigningKey", "System", "SystemRound", "SystemUser", "Withdrawal",
    "hash_of_link", "link_columns", "new_link", "reached_through_an_accountant", "signed_by",
]  # fmt: skip
