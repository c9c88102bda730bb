"""System users that stand in Altinn and not here: found, decided on by a person, taken over without asking the customer."""

from systemusers.services.adoption.adopt import take_over_due
from systemusers.services.adoption.choose import (
    WrongProfile,
    ask_for_list,
    ask_for_rights,
    default_profile,
    ignore,
    reconsider,
    take_over,
)
from systemusers.services.adoption.found import note_listed
from systemusers.services.adoption.rights import check_rights_due, rights_problem
from systemusers.services.chosen import BATCH

__all__ = [
    "BATCH", "WrongProfile", "ask_for_list", "ask_for_rights", "check_rights_due", "default_profile", "ignore", "note_listed",
    "reconsider",
    "rights_problem", "take_over", "take_over_due",
]  # fmt: skip
