"""What a person searches for: cleaned text of a bounded length, since each word is one more condition in the query.

A search is read as words of a customer (`Customer.matching`), and as one whole id of anything that has one: each app says in
which columns its ids are (`identified`), and all of them are looked up in one query, each by an index.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import CharField, F, QuerySet, Value
from django.http import HttpRequest
from django.utils.translation import gettext as _

from portal.core.masking import without_identity_numbers
from portal.gateways.text import one_line

MOST_CHARACTERS = 100
MOST_WORDS = 8
MOST_DIGITS = 18
"""Of an id: all such numbers fit into a column."""


def search_text(request: HttpRequest, name: str = "q") -> str:
    """The search in the address. A longer one is cut, and the page says what the limit is."""
    given = one_line(request.GET.get(name, "")[: 10 * MOST_CHARACTERS])
    text = bounded(given)
    if text != given:
        limits = {"characters": MOST_CHARACTERS, "words": MOST_WORDS}
        sentence = _(
            "Søket er kortet ned: høyst %(words)s ord og %(characters)s tegn. Søk med færre ord, eller med nummeret."
        )
        messages.warning(request, sentence % limits)
    return text


def row_id(text: str) -> int | None:
    """The id of a row in an address; None for what cannot be one."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS else None


def bounded(text: str) -> str:
    """The first words of `text` that are within the limits."""
    return " ".join(text[:MOST_CHARACTERS].split()[:MOST_WORDS])


@dataclass(frozen=True)
class Identifier:
    """A search as one whole id. `uuid` is set when it can be one, however it is written."""

    text: str
    uuid: UUID | None

    @property
    def spellings(self) -> list[str]:
        """For columns of text, in which the UUIDs of others are in small letters with hyphens."""
        return list(dict.fromkeys([self.text, str(self.uuid)])) if self.uuid else [self.text]


Place = tuple[QuerySet[Any], str]
"""Rows with the id, and the column that says to which row of the list they belong."""
MOST_IDENTIFIED = 100


def identifier(text: str) -> Identifier | None:
    """None for no text, and for what may be a national identity number: nobody is searched for by it."""
    text = bounded(one_line(text))
    if not text or is_about_a_person(text):
        return None
    try:
        return Identifier(text, UUID(text))
    except ValueError:
        return Identifier(text, None)


def is_about_a_person(text: str) -> bool:
    """Whether a number of eleven digits is in `text`."""
    return without_identity_numbers(text) != text


def identified(places: Mapping[str, Sequence[Place]]) -> dict[str, list[int]]:
    """The keys of the rows with the id, for each name of a list; lists without any are left out. One query.

    Whose rows they are is not asked here: filter the visible rows by the keys.
    """
    parts = [_part(rows, column, name) for name, of_list in places.items() for rows, column in of_list]
    if not parts:
        return {}
    found: dict[str, list[int]] = {}
    for name, key in parts[0].union(*parts[1:])[:MOST_IDENTIFIED]:
        found.setdefault(name, []).append(key)
    return found


def _part(rows: QuerySet[Any], column: str, name: str) -> QuerySet[Any]:
    named: QuerySet[Any] = rows.order_by().annotate(found_in=Value(name, CharField()), found_key=F(column))
    return named.values_list("found_in", "found_key")
