"""What the check between the files of a package needs of each file. Stored encrypted with the file's report.

The numbers are texts: "" when absent or not a number. An identity is a national identity number in clear.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TypedDict

from lxml import etree

from submissions.adapters.numbers import masked
from submissions.adapters.rf1086 import names
from submissions.adapters.rf1086.parsing import Form, Kind, as_number, line_of, plain_name, text_of
from submissions.adapters.rf1086.schema import path_of


class Spot(TypedDict):
    """An element of a file: its line, its path, and its text with national identity numbers hidden."""

    line: int | None
    path: str
    given: str


class PaymentFacts(TypedDict):
    """A dividend that the shareholder got. `day` is ISO 8601."""

    day: str
    paid: str
    shares: str
    at: Spot


class PartFacts(TypedDict):
    """A sub-form. `paid` is the sum of all dividends."""

    share_class: str
    share_class_at: Spot
    identity: str
    identity_at: Spot
    held: str
    holds: str
    paid: str
    payments: list[PaymentFacts]


class MainFacts(TypedDict):
    """The main form. `rates` is the dividend per share by day, for the days that had one dividend only."""

    company: str
    shares: str
    share_class: str
    opening: str
    opening_at: Spot
    closing: str
    closing_at: Spot
    dividend: str
    dividend_at: Spot
    rates: dict[str, str]


IDENTITIES = (names.PERSON, names.COMPANY, names.FOREIGNER)


def of_form(form: Form) -> MainFacts | PartFacts:
    return _main(form) if form.kind == Kind.MAIN else _part(form)


def spot_of(node: etree._Element) -> Spot:
    return {"line": line_of(node), "path": path_of(node), "given": masked(text_of(node)[:80])}


def spot(form: Form, name: str) -> Spot:
    """The first element of that name; its name without a line when there is none."""
    node = next(form.all(name), None)
    return spot_of(node) if node is not None else {"line": None, "path": plain_name(name), "given": ""}


def number_in(group: etree._Element, name: str) -> Decimal | None:
    return as_number(text_of(group.find(name)))


def day_in(group: etree._Element, name: str) -> str:
    return text_of(group.find(name))[:10]


def _main(form: Form) -> MainFacts:
    return {
        "company": form.text("EnhetNavn-datadef-1") or form.text(names.ORGNR),
        "shares": form.text(names.CLOSING),
        "share_class": form.text(names.SHARE_CLASS),
        "opening": _text(form.number(names.OPENING)),
        "opening_at": spot(form, names.OPENING),
        "closing": _text(form.number(names.CLOSING)),
        "closing_at": spot(form, names.CLOSING),
        "dividend": _text(form.total(names.DIVIDEND)),
        "dividend_at": spot(form, names.DIVIDEND if form.text(names.DIVIDEND) else names.CLOSING),
        "rates": _rates(form),
    }


def _part(form: Form) -> PartFacts:
    identity = next((name for name in IDENTITIES if form.text(name)), "")
    return {
        "share_class": form.text(names.SHARE_CLASS),
        "share_class_at": spot(form, names.SHARE_CLASS),
        "identity": form.text(identity) if identity else "",
        "identity_at": spot(form, identity or names.PERSON),
        "held": _text(form.number(names.HELD)),
        "holds": _text(form.number(names.HOLDS)),
        "paid": _text(form.total(names.PAID)),
        "payments": [_payment(node) for node in form.all(names.PAYMENTS)],
    }


def _payment(node: etree._Element) -> PaymentFacts:
    return {
        "day": day_in(node, names.PAID_AT),
        "paid": _text(number_in(node, names.PAID)),
        "shares": _text(number_in(node, names.PAID_SHARES)),
        "at": spot_of(node),
    }


def _rates(form: Form) -> dict[str, str]:
    by_day: dict[str, list[Decimal | None]] = {}
    for dividend in form.all(names.DIVIDENDS):
        by_day.setdefault(day_in(dividend, names.DIVIDEND_AT), []).append(number_in(dividend, names.PER_SHARE))
    return {day: str(rates[0]) for day, rates in by_day.items() if day and len(rates) == 1 and rates[0] is not None}


def _text(number: Decimal | None) -> str:
    return "" if number is None else str(number)
