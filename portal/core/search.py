"""What a person searches for: cleaned text of a bounded length, since each word is one more condition in the query."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

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
