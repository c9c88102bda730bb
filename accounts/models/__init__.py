"""The vendor, its staff with roles and portfolios, and the customers.

Rows are loaded through `visible_to(user)`: a case worker sees the customers of their own portfolios, the rest see all.
"""

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
from accounts.models.names import folded
from accounts.models.notification import (
    Notice,
    NoticeMail,
    NoticeTold,
    NotificationPlan,
    notices_for,
    usual_at_once,
)
from accounts.models.people import Role, User, UserManager, sees_all
from accounts.models.portfolio import Portfolio
from accounts.models.register_round import RegisterRound
from accounts.models.saved_view import SavedView
from accounts.models.tag import Tag
from accounts.models.vendor import LOGO_TYPES, ORGNR, Language, Vendor

__all__ = [
    "ENDED", "LOGO_TYPES", "ORGNR", "REMARKED", "Contact", "ContactMail", "Customer", "CustomerImport", "CustomerImportRow",
    "CustomerNote", "CustomerQuerySet", "Language", "MailAddress", "Notice", "NoticeMail", "NoticeTold",
    "NotificationPlan", "OfCustomersQuerySet", "Portfolio", "RegisterRound", "Role", "SavedView", "Tag", "User",
    "UserManager", "Vendor", "folded", "followed", "notices_for", "of_ended", "sees_all", "usual_at_once",
]  # fmt: skip
