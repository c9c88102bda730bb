"""The differences between a system and its entry, one line for each thing, with what a choice for either side means."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from portal.gateways import urns
from portal.gateways.altinn import RegisteredSystem, system_of
from portal.gateways.text import cleaned
from systemusers.models import System
from systemusers.services.system_register.entry import (
    LISTS,
    SENT_TO_ALTINN,
    Columns,
    columns,
    columns_of,
    fingerprint,
    merged,
    with_columns,
)


class Choice(StrEnum):
    """Whose value both sides have afterwards."""

    THEIRS = "theirs"
    OURS = "ours"


class Side(StrEnum):
    """Where a thing is: only in Altinn, in both but different, only with us."""

    THEIRS = "theirs"
    CHANGED = "changed"
    OURS = "ours"


@dataclass(frozen=True)
class Difference:
    """One thing that differs. For a list it is one value; the side that lacks it has None."""

    field: str
    theirs: Any
    ours: Any
    suggested: Choice

    @property
    def key(self) -> str:
        """The name of its choice in a form."""
        value = str(self.theirs or self.ours) if self.field in LISTS else ""
        return f"{self.field}-{hashlib.sha256(value.encode()).hexdigest()[:10]}"

    @property
    def side(self) -> Side:
        if self.theirs is None:
            return Side.OURS
        return Side.THEIRS if self.ours is None else Side.CHANGED

    @property
    def word(self) -> str:
        """What is typed before it is removed from the entry."""
        return cleaned(str(self.theirs).removeprefix(urns.PACKAGE)).strip()

    def is_removal(self, choice: Choice) -> bool:
        """Whether the choice takes something out of the entry that customers or clients may use."""
        return self.side == Side.THEIRS and choice == Choice.OURS


Choices = Mapping[str, Choice]


@dataclass(frozen=True)
class Look:
    """A system beside its entry. `seen` binds a confirmation to exactly this."""

    system: System
    theirs: RegisteredSystem
    lines: list[Difference]
    same: list[str]
    seen: str

    def choices(self, given: Mapping[str, str], *, all_of: str = "") -> dict[str, Choice]:
        """One for each line: the given one, else `all_of`, else the suggested one."""
        names = set(Choice)
        chosen = {line.key: given.get(line.key) or all_of or line.suggested for line in self.lines}
        return {line.key: Choice(c) if (c := chosen[line.key]) in names else line.suggested for line in self.lines}

    def written(self, choices: Choices) -> list[Difference]:
        return [line for line in self.lines if choices[line.key] == Choice.OURS]

    def removed(self, choices: Choices) -> list[Difference]:
        return [line for line in self.lines if line.is_removal(choices[line.key])]

    def result(self, choices: Choices) -> Columns:
        """The columns that both sides have afterwards."""
        result = columns_of(self.theirs)
        for line in self.written(choices):
            if line.field not in LISTS:
                result[line.field] = line.ours
            elif line.ours is None:
                result[line.field] = [value for value in result[line.field] if value != line.theirs]
            else:
                result[line.field] = merged(result[line.field], [line.ours])
        return result

    def entry(self, choices: Choices) -> RegisteredSystem:
        """What the register has afterwards."""
        return with_columns(self.theirs, self.result(choices))


def look(system: System, theirs: RegisteredSystem) -> Look:
    """Compare the row with the entry. Nothing is stored."""
    ours, other, agreed = columns(system), columns_of(theirs), _agreed(system)
    lines = [line for name in SENT_TO_ALTINN for line in _lines(name, ours[name], other[name], agreed)]
    same = [name for name in SENT_TO_ALTINN if name not in {line.field for line in lines}]
    return Look(system, theirs, lines, same, fingerprint(system, theirs))


def _agreed(system: System) -> Columns | None:
    return columns_of(system_of(system.entry)) if system.entry else None


def _lines(name: str, ours: Any, theirs: Any, agreed: Columns | None) -> Iterable[Difference]:
    before = agreed[name] if agreed else None
    if name not in LISTS:
        if ours != theirs:
            yield Difference(name, theirs, ours, _by_change(theirs == before))
        return
    for value in merged(theirs, ours):
        if value not in ours:
            yield Difference(name, value, None, _by_change(value in (before or [])))
        elif value not in theirs:
            yield Difference(name, None, value, _by_change(agreed is not None and value not in (before or [])))


def _by_change(is_ours: bool) -> Choice:
    """Who changed it since both sides agreed has the say; while nobody knows, nothing is changed in Altinn."""
    return Choice.OURS if is_ours else Choice.THEIRS
