"""How names of customers are searched and sorted, in Python and in SQL."""

from __future__ import annotations

import unicodedata

from django.contrib.postgres.fields import ArrayField
from django.db.models import F, Func, TextField, Value
from django.db.models.functions import Lower, Replace

from portal.gateways.text import one_line

_FOREIGN = "".join(map(chr, [*range(0xC0, 0xD7), *range(0xD8, 0xF7), *range(0xF8, 0x180)]))
_LETTERS = "".join(letter for letter in _FOREIGN if letter != "ß")
"""The letters of the Latin alphabets of Europe beyond a to z, in both cases: PostgreSQL may leave their case alone."""
_OTHER = str.maketrans("æøœðđþłħŧıĸŋ", "aooddtlhtikn")
_ORDER = str.maketrans("æøåäöü", "{|}{|y")
"""{ | } sort after z, so that byte order is the order of the Norwegian alphabet."""


def _bare(letter: str) -> str:
    """Without its marks: what is typed without a Norwegian keyboard."""
    return unicodedata.normalize("NFD", letter.lower())[0].translate(_OTHER)[0]


def _order(letter: str) -> str:
    """The sort key of a letter."""
    low = letter.lower()
    return low.translate(_ORDER) if ord(low[0]) in _ORDER else _bare(letter)


PLAIN = "".join(map(_bare, _LETTERS))
SORT_KEYS = "".join(map(_order, _LETTERS))


def folded(text: str) -> str:
    """Lower case, with plain letters: how names are searched, so that `bjorkelund` finds Bjørkelund."""
    return one_line(text).lower().replace("ß", "ss").translate(str.maketrans(_LETTERS, PLAIN))


def translated(replacements: str) -> Func:
    """The same in SQL. Names are stored cleaned; `normalize` (NFC) is for those that are not."""
    name = Replace(Lower(Func(F("name"), function="normalize")), Value("ß"), Value("ss"))
    return Func(name, Value(_LETTERS), Value(replacements), function="translate")


PIECE = 3
"""Letters of a piece. Names with a shorter word are read for: so many have it that the first ones are soon found."""


class NamePieces(Func):
    """All runs of three letters of a text, as an array: what an index of names holds, so that a part of a word is found by it.

    The function is ours (migration `a_function_for_pieces_of_names`): the extension that does the same, `pg_trgm`, is not in every
    PostgreSQL that the portal runs on.
    """

    function = "name_pieces"
    output_field = ArrayField(TextField())


def pieces_of(word: str) -> list[str]:
    """Of a folded word; none of a shorter one."""
    return list(dict.fromkeys(word[at : at + PIECE] for at in range(len(word) - PIECE + 1)))
