"""What the customer is to pay after an accepted report, as the feedback says it. The portal does not know whether it was paid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from portal.core.formats import amount
from submissions.adapters.claims import label_of
from submissions.models import Submission


@dataclass(frozen=True)
class ClaimShown:
    """`amount` and `kid` as a person reads them; `kid_plain` as a bank takes it."""

    label: str
    amount: str
    kid: str
    kid_plain: str


@dataclass(frozen=True)
class PaymentShown:
    """`due` None: the feedback does not say, or not as a date. `total` "" when an amount is missing."""

    claims: list[ClaimShown]
    total: str
    account: str
    due: date | None
    is_over: bool


def payment_shown(row: Submission, *, today: date) -> PaymentShown | None:
    """None when the feedback says nothing of it."""
    stored = row.payment
    if not stored:
        return None
    claims = [
        ClaimShown(label_of(one["what"]), _kroner(one["amount"]), _in_fours(one["kid"]), one["kid"])
        for one in stored["claims"]
    ]
    due = _day(stored["due"])
    numbers = [_number(one["amount"]) for one in stored["claims"]]
    known = [number for number in numbers if number is not None]
    total = _kroner(f"{sum(known, Decimal(0)):f}") if len(known) == len(numbers) else ""
    return PaymentShown(claims, total, _account(stored["account"]), due, due is not None and due < today)


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < 10**15 else None


def _kroner(text: str) -> str:
    """The text itself when it is no number."""
    number = _number(text)
    return text if number is None else amount(number, places=2)


def _in_fours(text: str) -> str:
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4)) if text.isdecimal() else text


def _account(text: str) -> str:
    return f"{text[:4]} {text[4:6]} {text[6:]}" if text.isdecimal() and len(text) == 11 else text


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
