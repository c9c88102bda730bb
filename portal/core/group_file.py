"""The file that says what members of a provider's groups may do here: TOML, one table for each group, read at the start.

["Portal west"]
PRODUCTION = "CASE_WORKER"
portfolios = ["Vest"]

["6f9619ff-8b86-d011-b42d-00cf4fc964ff"]
PRODUCTION = "ADMINISTRATOR"
all_customers = ["PRODUCTION"]
charges = ["PEOPLE"]
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ENVIRONMENTS = ("SANDBOX", "TEST", "PRODUCTION")
ROLES = ("ADMINISTRATOR", "CASE_WORKER", "DEVELOPER", "READER")
CHARGES = ("PEOPLE", "VENDOR", "MAILS", "OPERATION", "KEPT", "STORED")
LISTS = {"all_customers": ENVIRONMENTS, "charges": CHARGES, "portfolios": None}


class BadGroups(ValueError):
    """The text says which group is wrong, and how."""


@dataclass(frozen=True)
class GroupRights:
    """What one group gives. `roles` by environment; `all_customers`: environments; `portfolios`: names."""

    roles: dict[str, str]
    all_customers: frozenset[str]
    charges: frozenset[str]
    portfolios: frozenset[str]


def read(path: Path) -> dict[str, GroupRights]:
    """By the name or id of the group, in the order of the file. Raises BadGroups."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadGroups(f"names {path}, which cannot be read ({error})") from error
    return {group: _rights(group, table) for group, table in tables.items()}


def _rights(group: str, table: Any) -> GroupRights:
    if not isinstance(table, dict):
        raise BadGroups(f"has {group!r} outside of a table; a group is written [{group!r}]")
    if unknown := set(table) - {*ENVIRONMENTS, *LISTS}:
        raise BadGroups(
            f"has {sorted(unknown)[0]!r} in group {group!r}, which is none of {', '.join((*ENVIRONMENTS, *LISTS))}"
        )
    roles = {place: _one_of(group, table[place], ROLES) for place in ENVIRONMENTS if place in table}
    lists = {name: _several(group, table.get(name, []), among) for name, among in LISTS.items()}
    return GroupRights(roles, lists["all_customers"] & roles.keys(), lists["charges"], lists["portfolios"])


def _one_of(group: str, value: Any, among: tuple[str, ...]) -> str:
    if value not in among:
        raise BadGroups(f"has {value!r} in group {group!r}, which is none of {', '.join(among)}")
    return str(value)


def _several(group: str, values: Any, among: tuple[str, ...] | None) -> frozenset[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise BadGroups(f"has {values!r} in group {group!r}, which is no list of words")
    return frozenset(values if among is None else (_one_of(group, value, among) for value in values))
