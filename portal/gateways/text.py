"""Text as it enters, from people and from other services: one form for one meaning.

Pasted text carries characters that nobody sees: direction marks, soft hyphens, word joiners. The same letter comes as one
character or as two. In the lowest layer, so that every layer can use it.
"""

from __future__ import annotations

import unicodedata

_LINES = "\n\r\t"
_HYPHENS = {"\N{HYPHEN}": "-", "\N{NON-BREAKING HYPHEN}": "-"}


def cleaned(text: str) -> str:
    """NFC, without invisible characters (Unicode's Cf and Cc but for line ends and tabs), with plain blanks and hyphens."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_plain, unicodedata.normalize("NFC", text)))


def one_line(text: str) -> str:
    """Cleaned, on one line, without blanks at its ends: names and search words."""
    return " ".join(cleaned(text).split())


def _plain(character: str) -> str:
    if character in _LINES:
        return character
    kind = unicodedata.category(character)
    if kind in ("Cf", "Cc", "Cs"):
        return ""
    return " " if kind == "Zs" else "\n" if kind in ("Zl", "Zp") else _HYPHENS.get(character, character)
