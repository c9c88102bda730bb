"""An event of the company has exactly the same time on the main form and on each sub-form of RF-1086."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from .records import Finding

PAIRS = {
    "17769": ("17667", "8", "", ""),
    "17746": ("17671", "9", "17745", "T N NF NK NAK IP UP FS M TN"),
    "17750": ("17680", "10", "", ""),
    "17754": ("17692", "11", "17753", "L PLD PLS W IP UP FS UII"),
    "17759": ("17696", "12", "", ""),
    "17766": ("17708", "13", "", ""),
    "22075": ("17716", "15", "", ""),
    "17763": ("17725", "17", "", ""),
}
"""The time on the sub-form, then the time on the main form and its post, and which types the company's events have."""


def findings(main: Element, parts: list[Element]) -> Iterator[Finding]:
    """Times of the sub-forms that the main form does not have. Quiet when the main form has no such event."""
    stated = _times(main)
    for number, part in enumerate(parts, 1):
        for text, post in _unknown(part, stated):
            yield Finding(
                code="TIDSPUNKT",
                text="Tidspunktet er ikke det samme i hovedskjema og underskjema",
                description=f"Underskjema {number} har {text}, som post {post} i hovedskjemaet ikke har.",
                guidance="Oppgi nøyaktig samme tidspunkt.",
            )


def _unknown(part: Element, stated: dict[str, set[str]]) -> Iterator[tuple[str, str]]:
    for row in part.iter():
        texts = {child.tag.rpartition("-")[2]: (child.text or "").strip() for child in row}
        for element in texts.keys() & PAIRS.keys():
            counterpart, post, type_element, types = PAIRS[element]
            is_companys = not type_element or texts.get(type_element) in types.split()
            known = stated.get(counterpart, set())
            if is_companys and known and _moment(texts[element]) not in known:
                yield texts[element], post


def _times(main: Element) -> dict[str, set[str]]:
    times: dict[str, set[str]] = {}
    for element in main.iter():
        times.setdefault(element.tag.rpartition("-")[2], set()).add(_moment(element.text or ""))
    return times


def _moment(text: str) -> str:
    """A time without fractions of zero, which do not change it."""
    return text.strip().removesuffix(".000").removesuffix(".0")
