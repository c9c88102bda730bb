"""The vendor, its staff with roles and portfolios, and the customers.

Rows are loaded through `visible_to(user)`: a person sees the customers of their portfolios, or all where that was given.
"""

from accounts.capabilities import Capability, Charge, Role, Scope
from accounts.models.access_review import AccessReview
from accounts.models.alarm import Alarm
from accounts.models.contact import Contact, ContactMail, MailAddress
from accounts.models.customer import (
    ENDED,
    REMARKED,
    Customer,
    CustomerQuerySet,
    OfCustomersQuerySet,
    followed,
    of_ended,
)
from accounts.models.customer_import import CustomerImport, CustomerImportRow
from accounts.models.customer_note import CustomerNote
from accounts.models.grant import Grant, InstallationGrant, Substitution
from accounts.models.integration import Integration, IntegrationProof, KeyedCall
from accounts.models.log_in import LogIn
from accounts.models.names import folded
from accounts.models.notification import (
    Notice,
    NoticeMail,
    NoticeTold,
    NotificationPlan,
    notices_for,
    usual_at_once,
)
from accounts.models.people import Given, Sight, User, UserManager, overseen, sight_of
from accounts.models.portfolio import Portfolio
from accounts.models.proposal import Proposal, Rule
from accounts.models.register_round import RegisterRound
from accounts.models.saved_view import SavedView
from accounts.models.tag import Tag
from accounts.models.vendor import LOGO_TYPES, ORGNR, Language, Vendor

__all__ = [
    "ENDED", "LOGO_TYPES", "ORGNR", "REMARKED", "AccessReview", "Alarm", "Capability", "Charge", "Contact", "ContactMail", "Customer",
    "CustomerImport", "CustomerImportRow", "CustomerNote", "CustomerQuerySet", "Given", "Grant", "InstallationGrant",
    "Integration", "IntegrationProof", "KeyedCall", "Language", "LogIn", "MailAddress", "Notice", "NoticeMail",
    "NoticeTold", "NotificationPlan", "OfCustomersQuerySet", "Portfolio", "Proposal", "RegisterRound", "Role", "Rule",
    "SavedView", "Scope", "Sight", "Substitution", "Tag", "User", "UserManager", "Vendor", "folded", "followed",
    "notices_for", "of_ended", "overseen", "sight_of", "usual_at_once",
]  # fmt: skip
