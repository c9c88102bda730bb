"""Do the numbers of RF-1086 agree: each form with itself, the sub-forms with the main form? Findings are warnings.

Skatteetaten takes a report whose sums do not add up and rejects it afterwards, or asks about it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from submissions.adapters.base import Finding, Level
from submissions.adapters.numbers import hidden
from submissions.adapters.rf1086 import names
from submissions.adapters.rf1086.facts import MainFacts, PartFacts, Spot, number, number_in, spot, spot_of
from submissions.adapters.rf1086.parsing import Form, as_number, text_of

ZERO = Decimal(0)
ROUNDING = Decimal(1)
"""Kroner by which a product and a stated amount may differ."""


def of_company(main: Form) -> Iterator[Finding]:
    """A main form alone."""
    yield from _movement(main)
    yield from _capital(main, names.OPENING, names.OPENING_NOMINAL, names.OPENING_CAPITAL)
    yield from _capital(main, names.CLOSING, names.CLOSING_NOMINAL, names.CLOSING_CAPITAL)
    yield from _dividend_per_share(main)


def of_shareholder(part: Form) -> Iterator[Finding]:
    """A sub-form alone."""
    held, holds = part.number(names.HELD), part.number(names.HOLDS)
    if held is not None and holds is not None:
        expected = held + part.total(*names.GAINED) - part.total(*names.LOST)
        if expected != holds:
            values = {"held": _count(held), "expected": _count(expected), "holds": _count(holds)}
            yield _warning("SHAREHOLDER_SUM", values, part.filename, spot(part, names.HOLDS))
    yield from _payments_as_numbers(part)


def of_package(main: tuple[str, MainFacts], parts: Sequence[tuple[str, PartFacts]]) -> Iterator[Finding]:
    """A complete package: one main form and all its sub-forms, each with its file name."""
    file, facts = main
    closing = sum((number(part["holds"]) for _file, part in parts), ZERO)
    opening = sum((number(part["held"]) for _file, part in parts), ZERO)
    yield from _total_shares(file, facts["closing"], facts["closing_at"], closing, "closing")
    yield from _total_shares(file, facts["opening"], facts["opening_at"], opening, "opening")
    yield from _total_dividend(file, facts, sum((number(part["paid"]) for _file, part in parts), ZERO))
    rates = {day: Decimal(rate) for day, rate in facts["rates"].items()}
    for name, part in parts:
        yield from _payments(name, part, rates)


def _movement(main: Form) -> Iterator[Finding]:
    before, after = main.number(names.OPENING), main.number(names.CLOSING)
    if before is None or after is None:
        return
    expected = before + main.total(*names.ISSUED) - main.total(*names.DELETED)
    if expected != after:
        values = {"before": _count(before), "expected": _count(expected), "after": _count(after)}
        yield _warning("COMPANY_SUM", values, main.filename, spot(main, names.CLOSING))


def _capital(main: Form, shares_name: str, nominal_name: str, capital_name: str) -> Iterator[Finding]:
    shares, nominal, capital = main.number(shares_name), main.number(nominal_name), main.number(capital_name)
    if shares is None or nominal is None or capital is None:
        return
    # The nominal value may have been rounded to øre.
    if abs(shares * nominal - capital) > ROUNDING + shares * Decimal("0.005"):
        values = {"shares": _shown(shares), "nominal": _shown(nominal)}
        values |= {"product": _shown(shares * nominal), "capital": _shown(capital)}
        yield _warning("CAPITAL", values, main.filename, spot(main, capital_name))


def _dividend_per_share(main: Form) -> Iterator[Finding]:
    """Checked only when the number of shares did not change: else the number at the dividend date is unknown."""
    shares = main.number(names.CLOSING)
    if shares is None or shares != main.number(names.OPENING) or main.total(*names.ISSUED, *names.DELETED):
        return
    for dividend in main.all(names.DIVIDENDS):
        stated, rate = number_in(dividend, names.DIVIDEND), number_in(dividend, names.PER_SHARE)
        if stated is not None and rate is not None and abs(rate * shares - stated) > ROUNDING:
            values = {"rate": _shown(rate), "shares": _shown(shares)}
            values |= {"product": _shown(rate * shares), "stated": _shown(stated)}
            yield _warning("DIVIDEND_PER_SHARE", values, main.filename, spot_of(dividend))


def _total_shares(file: str, stated: str, at: Spot, total: Decimal, case: str) -> Iterator[Finding]:
    shares = as_number(stated)
    if shares is not None and shares != total:
        values = {"case": case, "stated": _count(shares), "total": _count(total)}
        yield _warning("TOTAL_SHARES", values, file, at)


def _total_dividend(file: str, main: MainFacts, paid: Decimal) -> Iterator[Finding]:
    stated = number(main["dividend"])
    if abs(stated - paid) > ROUNDING:
        yield _warning("TOTAL_DIVIDEND", {"stated": _shown(stated), "paid": _shown(paid)}, file, main["dividend_at"])


def _payments(file: str, part: PartFacts, rates: Mapping[str, Decimal]) -> Iterator[Finding]:
    for payment in part["payments"]:
        paid, shares, rate = as_number(payment["paid"]), as_number(payment["shares"]), rates.get(payment["day"])
        if rate is None or paid is None or shares is None or abs(rate * shares - paid) <= ROUNDING:
            continue
        values = {"case": "shareholder", "paid": _shown(paid), "shares": _shown(shares), "rate": _shown(rate)}
        yield _warning("DIVIDEND_PER_SHARE", values, file, payment["at"])


def _payments_as_numbers(part: Form) -> Iterator[Finding]:
    """The schema takes any text here; only numbers can be added."""
    for name in (names.PAID, names.PAID_SHARES):
        for node in part.all(name):
            if text_of(node) and as_number(text_of(node)) is None:
                yield _warning("NOT_A_NUMBER", {}, part.filename, spot_of(node))


def _shown(value: Decimal) -> str:
    """Without trailing zeros and never in exponent notation."""
    return f"{value.normalize():f}" if value else "0"


def _count(shares: Decimal) -> str:
    """Masked from ten digits on: it may be a national identity number in the wrong element."""
    text = _shown(shares)
    return hidden(text) if len(text) >= 10 else text


def _warning(code: str, values: Mapping[str, str], file: str, at: Spot) -> Finding:
    return Finding(Level.WARNING, code, {**values, "given": at["given"]}, file, at["line"], at["path"])
