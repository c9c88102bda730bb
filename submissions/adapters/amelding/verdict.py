"""The verdict of a message, and what the customer is to pay.

The feedback is JSON whose structure is not published. It mirrors the older XML feedback, whose names are used here: a KID for each
kind of claim, one account and one due date. Every name is looked for at any depth, and what is not there is not shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from submissions.adapters import feedback
from submissions.adapters.base import Claim, Payment, Verdict

KID, SUM = "kidFor", "sum"
TOTALS = "mottattAvgiftOgTrekkTotalt"
ACCOUNT, DUE = "kontonummer", "forfallsdato"
Objects = Sequence[Mapping[str, Any]]


def verdict_of(transmission_type: str, documents: Sequence[tuple[str, bytes]]) -> Verdict | None:
    """By the transmission's type, else by the documents. Only an accepted message has a payment."""
    verdict = feedback.verdict_of(transmission_type, documents)
    if verdict is None or not verdict.accepted:
        return verdict
    return replace(verdict, payment=next(filter(None, (_payment(content) for _type, content in documents)), None))


def _payment(content: bytes) -> Payment | None:
    try:
        objects = feedback.objects_of(content)
    except feedback.UnreadableFeedback:
        return None
    claims = tuple(_claims(objects))
    if not claims:
        return None
    return Payment(claims, _first(objects, ACCOUNT), _first(objects, DUE)[:10])


def _claims(objects: Objects) -> Iterator[Claim]:
    """Each kind that has a KID or a sum above zero, in the order of the feedback."""
    kids = dict(_members(objects, KID))
    sums = dict(_members([one[TOTALS] for one in objects if isinstance(one.get(TOTALS), dict)], SUM))
    for what in dict.fromkeys([*sums, *kids]):
        amount, kid = sums.get(what, ""), kids.get(what, "")
        if kid or amount.strip("0."):
            yield Claim(what, amount, kid)


def _members(objects: Objects, start: str) -> Iterator[tuple[str, str]]:
    """(`forskuddstrekk`, value) for each member `sumForskuddstrekk` or `kidForForskuddstrekk`."""
    for one in objects:
        for name, value in one.items():
            text = feedback.plain_text(value)
            if name.startswith(start) and len(name) > len(start) and text:
                rest = name.removeprefix(start)
                yield rest[:1].lower() + rest[1:], text[:100]


def _first(objects: Objects, name: str) -> str:
    return next((text[:100] for one in objects if (text := feedback.plain_text(one.get(name)))), "")
