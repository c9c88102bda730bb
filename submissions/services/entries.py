"""The entries of the service catalogue, read from the data files: what is public about each of Skatteetaten's services.

One file for each service in `submissions/catalogue`; a new service of a known adapter is a new file there and no code.
What no page says is left out of the file and shown as unknown.
"""

from __future__ import annotations

import tomllib
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
from django.utils.translation import get_language

from portal.core.environments import Addresses, Environment, addresses
from portal.core.working_days import is_working_day, next_working_day
from portal.gateways import urns
from submissions.period import Period, PeriodKind

FOLDER = Path(__file__).parents[1] / "catalogue"
Texts = dict[str, str]


class Openness(StrEnum):
    """Whether the authority accepts a service in one environment."""

    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"  # no page says so: it can be tried


class Group(StrEnum):
    """The headings under which services are listed, in their order."""

    A_ORDNINGEN = "a_ordningen"
    SALARY = "salary"
    SHAREHOLDERS = "shareholders"
    THIRD_PARTY = "third_party"
    PRIMARY_INDUSTRY = "primary_industry"
    TAX = "tax"
    LETTERS = "letters"
    PAYMENTS = "payments"
    OTHER = "other"


class Capability(StrEnum):
    """Whether a system user can do all of it."""

    MACHINE = "machine"
    PERSON = "person"  # a person must log in and finish it
    NOT_FOR_SYSTEMBRUKER = "not_for_systembruker"
    UNKNOWN = "unknown"  # the calls are not public


class Weekend(StrEnum):
    """What the owner of a deadline says of a last day that is a Saturday, a Sunday or a public holiday."""

    NEXT_WORKING_DAY = "next_working_day"
    STANDS = "stands"
    UNKNOWN = ""  # no page says so: the date stands, and the pages tell the doubt


MONTHS = {PeriodKind.YEAR: 12, PeriodKind.MONTH: 1, PeriodKind.TERM: 2, PeriodKind.NONE: 1}


@dataclass(frozen=True)
class Deadline:
    """The last day to deliver: of the next year (`day`, `month`), or of the month after the period (`day` only).

    `source` is the page that says it, "" for the source of the entry; `checked` is the day when it was last read.
    """

    day: int
    month: int | None = None
    weekend: Weekend = Weekend.UNKNOWN
    source: str = ""
    checked: date | None = None

    def of(self, period: Period) -> date:
        day = self._written(period)
        return next_working_day(day) if self.weekend == Weekend.NEXT_WORKING_DAY else day

    def may_move(self, period: Period) -> bool:
        """The day is no working day, and nobody has said whether it moves then."""
        return self.weekend == Weekend.UNKNOWN and not is_working_day(self._written(period))

    def _written(self, period: Period) -> date:
        """The day as the rule names it; the last of the month where the month is shorter."""
        start = period.start
        year, month = (start.year + 1, self.month) if self.month else _months_later(start, MONTHS[period.kind])
        return date(year, month, min(self.day, monthrange(year, month)[1]))


def _months_later(start: date, months: int) -> tuple[int, int]:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return year, month + 1


@dataclass(frozen=True)
class Service:
    """One entry. Sizes in bytes; `resources` without their urn prefix, `packages` with theirs.

    `adapter` is a name in `submissions.adapters`, "" while there is none; `options` are the entry's own data for it.
    `enabled`: on in a new installation, but in the environments `off_at_first`, where the contract is not certain.
    `reasons` say why it cannot be sent and where it is done, `link` leads there.
    `doubts` say what no page settles, and what is therefore not done here.
    `fulfils` is the id of the service that this one is another way to deliver, "" for most: who has delivered by either is done.
    `address_known` false: no page gives the address, and only the sandbox has one. The service is not offered elsewhere.
    `only_above_bytes`: the page says that the way is for files larger than this. Smaller ones go the ordinary way where there is one.
    `official`: the owner's own name, where it is another than ours, "" where it is not.
    Any of the `resources` or `packages` gives the right. `usual_hours`: after so many hours there is mostly a verdict.
    Of unknown values text is "", numbers 0 and `deadline` None. `checked` is the day when `source` was last read.
    """

    id: str
    group: Group
    adapter: str
    capability: Capability
    enabled: bool
    period: PeriodKind
    environments: dict[Environment, Openness]
    names: Texts
    abouts: Texts
    source: str
    checked: date
    official: str = ""
    form: str = ""
    scopes: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    gateway: str = ""
    path: str = ""
    label: str = ""
    fulfils: str = ""
    address_known: bool = True
    deadline: Deadline | None = None
    extensions: tuple[str, ...] = ()
    media_type: str = ""
    max_file_bytes: int = 0
    only_above_bytes: int = 0
    max_files: int = 0
    usual_hours: int = 24
    off_at_first: tuple[Environment, ...] = ()
    link: str = ""
    reasons: Texts = field(default_factory=dict)
    doubts: Texts = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return _in_language(self.names)

    @property
    def about(self) -> str:
        return _in_language(self.abouts)

    @property
    def reason(self) -> str:
        return _in_language(self.reasons) if self.reasons else ""

    @property
    def doubt(self) -> str:
        return _in_language(self.doubts) if self.doubts else ""

    def is_for_size(self, size: int) -> bool:
        """Whether a file of this size may be, and is meant to be, sent this way."""
        return self.only_above_bytes < size <= (self.max_file_bytes or size)

    def is_enabled(self, environment: str) -> bool:
        """On in a new installation."""
        return self.enabled and environment not in self.off_at_first

    @property
    def needs_person(self) -> bool:
        """A person must log in at the authority and finish it: the portal makes it ready where it can, and leads there."""
        return self.capability == Capability.PERSON

    @property
    def resource_urns(self) -> tuple[str, ...]:
        return tuple(map(urns.resource, self.resources))

    def base_url(self, addresses: Addresses) -> str:
        """Where the service is, without a trailing slash."""
        if self.gateway == "older":
            return addresses.skatteetaten_older + self.path
        return addresses.skatteetaten_newer.format(label=self.label)

    def address(self, environment: str) -> str:
        """What is called there, for people to read; "" when no page says so, or nothing is called."""
        is_public = bool(self.gateway) and self.address_known
        return (
            self.base_url(addresses(environment)) if is_public and self.openness(environment) != Openness.CLOSED else ""
        )

    def last_day(self, period: Period) -> date | None:
        """The last day to deliver for a period; None when no page says so."""
        return self.deadline.of(period) if self.deadline else None

    def has_address(self, environment: str) -> bool:
        return self.address_known or environment == Environment.SANDBOX

    def openness(self, environment: str) -> Openness:
        return self.environments[Environment(environment)]


class WrongEntry(ValueError):
    """A file describes no service. The message names the file and the key."""


def read_entries() -> dict[str, Service]:
    """Every entry by its id, by group and then by Norwegian name. Raises WrongEntry."""
    entries = [_read(path) for path in FOLDER.glob("*.toml")]
    return {entry.id: entry for entry in sorted(entries, key=_order)}


def _read(path: Path) -> Service:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        table["packages"] = [urns.package(code) for code in table.get("packages", ())]
        entry = msgspec.convert(table, Service)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError, AttributeError, TypeError) as error:
        raise WrongEntry(f"{path.name}: {error}") from None
    if unknown := _unknown(table):
        raise WrongEntry(f"{path.name}: unknown keys {', '.join(unknown)}")
    if entry.id != path.stem:
        raise WrongEntry(f"{path.name}: the id is {entry.id!r}; the file must have the same name")
    return entry


def _unknown(table: dict[str, Any]) -> Iterable[str]:
    return sorted(set(table) - set(Service.__dataclass_fields__))


def _order(entry: Service) -> tuple[int, str]:
    return list(Group).index(entry.group), entry.names["nb"].casefold()


def _in_language(texts: Texts) -> str:
    return texts.get((get_language() or "nb")[:2]) or texts["nb"]
