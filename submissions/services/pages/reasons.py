"""The authority's reasons for a rejection or a warning, as a person reads them: names of elements as words, counts as sentences."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.core.masking import without_identity_numbers
from portal.explain import CODES
from submissions.adapters.gld_json.labels import spoken
from submissions.adapters.gld_json.verdict import REJECTED_ITEMS, STATUS, WARNED_ITEMS

SMALL = re.compile("[0-9]{1,9}")
ELEMENT = re.compile(r"(?<![\w.])[a-zæøå]{3,}(?:[A-ZÆØÅ][a-zæøå0-9]+)+(?![\w.(@])")
"""A name of an element or a field inside a text, such as `sumAndelFormue`."""


@dataclass(frozen=True)
class ShownReason:
    """`names` are the elements that title and text name, as they are in the file.

    `lang` is the language of the texts: the authority writes bokmål, our own sentences are in the reader's language.
    """

    title: str
    text: str
    where: str
    names: list[str]
    lang: str
    severity: str


def shown(reasons: Sequence[Mapping[str, str]]) -> list[ShownReason]:
    """`reasons` as stored in `Submission.reasons`: the fields of `Reason`, and for a refused call `file`."""
    return [_shown(reason) for reason in reasons]


def _shown(reason: Mapping[str, str]) -> ShownReason:
    title, text = reason.get("text", ""), " ".join(filter(None, (reason.get("description"), reason.get("guidance"))))
    severity = reason.get("severity", "")
    where = ", ".join(filter(None, (without_identity_numbers(reason.get("file", "")), reason.get("where"))))
    if ours := _counted(reason.get("code", ""), title):
        return ShownReason(ours, text, where, [], lang="", severity=severity)
    if not title and not text and (code := reason.get("code", "")):
        return ShownReason(_of_code(code), "", where, [], lang="", severity=severity)
    names = list(dict.fromkeys(ELEMENT.findall(f"{title} {text}")))
    return ShownReason(_readable(title), _readable(text), where, names, lang="nb", severity=severity)


def _of_code(code: str) -> str:
    """A reason without a word: what we know of its code, else the code."""
    known = CODES.get(code)
    return str(known.title) if known else _("Skatteetaten oppga bare koden %(code)s") % {"code": code}


def _readable(text: str) -> str:
    return ELEMENT.sub(lambda found: f"«{spoken(found[0])}»", text)


def _counted(code: str, text: str) -> str:
    """A sentence for a count that the feedback states under the name of an element; "" for any other reason."""
    if code == STATUS:
        return _("Leveransen er avvist")
    number, _slash, total = text.partition(" / ")
    n = int(number) if SMALL.fullmatch(number) else None
    if code not in (REJECTED_ITEMS, WARNED_ITEMS) or n is None:
        return ""
    if code == REJECTED_ITEMS:
        words = ngettext("%(n)s oppgave er avvist", "%(n)s oppgaver er avvist", n) % {"n": n}
    else:
        words = ngettext("%(n)s oppgave har en advarsel", "%(n)s oppgaver har advarsler", n) % {"n": n}
    return _("%(words)s, av %(total)s i alt") % {"words": words, "total": total} if total else words
