"""The clients of accountants: read from Altinn, tied to customers, taken in as customers, listed.

`refresh` asks Altinn with a token of the accountant's own system user; `take_in` makes customers; `ways` says through whom
a customer is reached.
"""

from systemusers.services.chosen import BATCH
from systemusers.services.client_relations.choose import ask_now, choose
from systemusers.services.client_relations.refresh import make_rounds, refresh_due
from systemusers.services.client_relations.store import note_parties
from systemusers.services.client_relations.take_in import take_in_due
from systemusers.services.client_relations.tie import tie_customers

__all__ = [
    "BATCH",
    "ask_now",
    "choose",
    "make_rounds",
    "note_parties",
    "refresh_due",
    "take_in_due",
    "tie_customers",
]
