"""What the check between the files of a package needs of each file. Stored encrypted with the file's report.

The numbers are texts: "" when absent or not a number. An identity is a national identity number in clear.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TypedDict

from lxml import etree

from submissions.adapters.numbers import masked
from submissions.adapters.rf1086 import names
from submissions.adapters.rf1086.controls import events
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


class EventFacts(TypedDict):
    """An event of the company that the shareholder took part in. `post` is the main form's, `time` ISO 8601."""

    post: str
    time: str
    at: Spot


class PartFacts(TypedDict):
    """A sub-form. `paid` is the sum of all dividends, `acquired` the value of shares got at formation or in an issue for cash.

    `increase` and `increase_premium` are the sums of post 29.
    """

    share_class: str
    share_class_at: Spot
    identity: str
    identity_at: Spot
    held: str
    holds: str
    paid: str
    payments: list[PaymentFacts]
    acquired: str
    increase: str
    increase_premium: str
    events: list[EventFacts]


class MainFacts(TypedDict):
    """The main form. `rates` is the dividend per share by day, for the days that had one dividend only.

    `issued` is the value of shares issued at formation or for cash, "" when there are none or a figure is missing. `increase`
    and `increase_premium` are the sums of post 15, `times` the times of the company's events by post.
    """

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
    issued: str
    issued_at: Spot
    increase: str
    increase_premium: str
    increase_at: Spot
    times: dict[str, list[str]]


FOR_CASH = ("T", "N")
"""Types of post 9 and post 23: formation, and an issue for cash."""
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


def number(text: str) -> Decimal:
    """A stored number; zero when it was absent."""
    return Decimal(text) if text else Decimal(0)


def texts_of(form: Form, name: str) -> list[str]:
    """The texts of every element of that name."""
    return [text_of(node) for node in form.all(name)]


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
        "issued": _text(_issued(form)),
        "issued_at": spot(form, names.ISSUES),
        "increase": _text(form.total(names.INCREASE)),
        "increase_premium": _text(form.total(names.INCREASE_PREMIUM)),
        "increase_at": spot(form, names.INCREASES),
        "times": _times(form),
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
        "acquired": _text(_acquired(form)),
        "increase": _text(form.total(names.INCREASE_OF_ONE)),
        "increase_premium": _text(form.total(names.PREMIUM_OF_ONE)),
        "events": [{"post": e.post, "time": e.time, "at": spot_of(e.node)} for e in events.of_form(form)],
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


def _issued(form: Form) -> Decimal | None:
    """(nominal value + premium) times the number, over the rows for cash."""
    rows = [row for row in form.all(names.ISSUES) if text_of(row.find(names.ISSUE_TYPE)) in FOR_CASH]
    total = Decimal(0)
    for row in rows:
        shares, nominal = number_in(row, names.ISSUED[0]), number_in(row, names.ISSUE_NOMINAL)
        if shares is None or nominal is None:
            return None
        total += (nominal + (number_in(row, names.ISSUE_PREMIUM) or 0)) * shares
    return total if rows else None


def _acquired(form: Form) -> Decimal:
    rows = (row for row in form.all(names.ACQUISITIONS) if text_of(row.find(names.ACQUISITION_TYPE)) in FOR_CASH)
    return sum((number_in(row, names.ACQUISITION_VALUE) or Decimal(0) for row in rows), Decimal(0))


def _times(form: Form) -> dict[str, list[str]]:
    times: dict[str, list[str]] = {}
    for event in events.of_form(form):
        times.setdefault(event.post, []).append(event.time)
    return {post: sorted(set(stated)) for post, stated in times.items()}


def _text(value: Decimal | None) -> str:
    return "" if value is None else str(value)
