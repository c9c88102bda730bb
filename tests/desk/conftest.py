from accounts.models import Customer, Portfolio
from portal.core.environments import Environment
from systemusers.models import Access
from tests.core import leased_rows
from tests.fixtures import administrator, case_worker, customer, portfolio, reader, vendor
from tests.submissions.rows import access, draft, own_storage
from tests.submissions.world import world

__all__ = [
    "access",
    "administrator",
    "case_worker",
    "customer",
    "draft",
    "own_storage",
    "portfolio",
    "reader",
    "vendor",
    "world",
]


def access_of_another() -> Access:
    """For reports that must have one: nothing that the case worker sees comes of it."""
    theirs, _ = Portfolio.objects.get_or_create(name="De andres")
    fields = {"name": "Fremmed AS", "portfolio": theirs}
    other, _ = Customer.objects.get_or_create(environment=Environment.SANDBOX, orgnr="310629499", defaults=fields)
    return leased_rows.access(other)
