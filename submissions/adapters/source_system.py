"""Which program made a file, as the file itself says. It is shown before the file is sent; nothing is ever written into a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from submissions.adapters.numbers import masked

NAME = "kildesystem"
MOST = 3
"""Programs that are named; a file of several leveranser may have one for each."""
LONGEST = 100


def source_of(values: Iterable[Any]) -> str:
    """The different programs; "" when the file names none."""
    texts = (value.strip() for value in values if isinstance(value, str))
    return ", ".join(masked(text)[:LONGEST] for text in list(dict.fromkeys(filter(None, texts)))[:MOST])


def line_of(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(label, value) for the facts of a report; nothing for those that another release stored without it."""
    return [(_("Kildesystem"), str(facts["source"]))] if facts.get("source") else []
