"""One line of the overview's list of work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from accounts.models import Customer, User
from portal.desk.counting import Counted

EVERYBODY, WORK, CONFIGURE, ADMINISTER, STORED, KEEP, PEOPLE, INTEGRATE = (
    "is_active",
    "may_work",
    "may_configure",
    "is_administrator",
    "is_staff",
    "keeps_data",
    "keeps_people",
    "keeps_integrations",
)
"""Who can act on a line: properties of User."""


@dataclass(frozen=True)
class Todo:
    """One line of the list. `url` is where the work is done, by those of whom the property `may` of User is true.

    `key` names the selection that was counted. `customer`: the one whom the only row of the line is about.
    """

    count: int
    title: str
    text: str
    action: str
    url: str
    is_urgent: bool = False
    may: str = WORK
    key: str = ""
    customer: Customer | None = None

    def is_for(self, user: User) -> bool:
        return bool(getattr(user, self.may))

    def as_information(self) -> Todo:
        """For somebody who cannot act on it: it leads to the rows, and asks for nothing."""
        return replace(self, action=_("Vis"), is_urgent=False)


@dataclass(frozen=True)
class Tasks:
    """The lines of one person: what they can act on, and what they only should know."""

    own: list[Todo]
    others: list[Todo]


def split(lines: Iterable[Todo], user: User) -> Tasks:
    every = list(lines)
    return Tasks(
        [line for line in every if line.is_for(user)],
        [line.as_information() for line in every if not line.is_for(user)],
    )


def with_customers(lines: list[Todo], counts: Mapping[str, Counted]) -> list[Todo]:
    """Lines about one row get its customer."""
    return [replace(line, customer=counts[line.key].customer) if line.key else line for line in lines]
