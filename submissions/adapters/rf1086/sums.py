"""Do the numbers of RF-1086 agree: each form with itself, the sub-forms with the main form? Findings are warnings.

Skatteetaten takes a report whose sums do not add up and rejects it afterwards, or asks about it.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from django.utils.translation import gettext as _
from lxml import etree

from submissions.adapters.rf1086 import names
from submissions.adapters.rf1086.findings import Finding, Level
from submissions.adapters.rf1086.numbers import hidden, masked
from submissions.adapters.rf1086.parsing import Form, as_number, line_of, text_of
from submissions.adapters.rf1086.schema import path_of

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
            message = _(
                "Aksjonæren hadde %(held)s aksjer ved årets begynnelse. Med tilgang og avgang blir det %(expected)s, men skjemaet "
                "sier %(holds)s. Oppgi alle kjøp og salg, eller rett antallet. Skatteetaten vil trolig avvise oppgaven."
            )
            values = {"held": _count(held), "expected": _count(expected), "holds": _count(holds)}
            yield _warning("SHAREHOLDER_SUM", message % values, part, names.HOLDS)
    yield from _payments_as_numbers(part)


def of_package(main: Form, parts: list[Form]) -> Iterator[Finding]:
    """A complete package: one main form and all its sub-forms."""
    yield from _total_shares(main, names.CLOSING, parts, names.HOLDS, _("ved årets slutt"))
    yield from _total_shares(main, names.OPENING, parts, names.HELD, _("ved årets begynnelse"))
    yield from _total_dividend(main, parts)
    rates = _rates(main)
    for part in parts:
        yield from _payments(part, rates)


def _movement(main: Form) -> Iterator[Finding]:
    before, after = main.number(names.OPENING), main.number(names.CLOSING)
    if before is None or after is None:
        return
    expected = before + main.total(*names.ISSUED) - main.total(*names.DELETED)
    if expected != after:
        message = _(
            "Selskapet hadde %(before)s aksjer ved årets begynnelse. Med utstedte og slettede aksjer blir det %(expected)s, men "
            "skjemaet sier %(after)s. Oppgi utstedelser og slettinger, eller rett antallet. Skatteetaten vil trolig avvise oppgaven."
        )
        values = {"before": _count(before), "expected": _count(expected), "after": _count(after)}
        yield _warning("COMPANY_SUM", message % values, main, names.CLOSING)


def _capital(main: Form, shares_name: str, nominal_name: str, capital_name: str) -> Iterator[Finding]:
    shares, nominal, capital = main.number(shares_name), main.number(nominal_name), main.number(capital_name)
    if shares is None or nominal is None or capital is None:
        return
    # The nominal value may have been rounded to øre.
    if abs(shares * nominal - capital) > ROUNDING + shares * Decimal("0.005"):
        message = _(
            "%(shares)s aksjer med pålydende %(nominal)s kr er %(product)s kr, men skjemaet sier at aksjekapitalen i klassen "
            "er %(capital)s kr. Rett den som er feil."
        )
        values = {"shares": _shown(shares), "nominal": _shown(nominal)}
        values |= {"product": _shown(shares * nominal), "capital": _shown(capital)}
        yield _warning("CAPITAL", message % values, main, capital_name)


def _dividend_per_share(main: Form) -> Iterator[Finding]:
    """Checked only when the number of shares did not change: else the number at the dividend date is unknown."""
    shares = main.number(names.CLOSING)
    if shares is None or shares != main.number(names.OPENING) or main.total(*names.ISSUED, *names.DELETED):
        return
    for dividend in main.all(names.DIVIDENDS):
        stated, rate = _number_in(dividend, names.DIVIDEND), _number_in(dividend, names.PER_SHARE)
        if stated is not None and rate is not None and abs(rate * shares - stated) > ROUNDING:
            message = _(
                "%(rate)s kr per aksje for %(shares)s aksjer er %(product)s kr, men skjemaet sier at %(stated)s kr er delt ut. "
                "Rett den som er feil."
            )
            values = {"rate": _shown(rate), "shares": _shown(shares)}
            values |= {"product": _shown(rate * shares), "stated": _shown(stated)}
            yield _at_node("DIVIDEND_PER_SHARE", message % values, main, dividend)


def _total_shares(main: Form, wanted: str, parts: list[Form], name: str, when: str) -> Iterator[Finding]:
    total = sum((part.number(name) or ZERO for part in parts), ZERO)
    stated = main.number(wanted)
    if stated is not None and stated != total:
        message = _(
            "Hovedskjemaet sier %(stated)s aksjer %(when)s, men aksjonærene har %(total)s til sammen. Rett antallet, eller legg "
            "til underskjemaer som mangler. Skatteetaten vil trolig avvise oppgaven."
        )
        values = {"stated": _count(stated), "when": when, "total": _count(total)}
        yield _warning("TOTAL_SHARES", message % values, main, wanted)


def _total_dividend(main: Form, parts: list[Form]) -> Iterator[Finding]:
    stated, paid = main.total(names.DIVIDEND), sum((part.total(names.PAID) for part in parts), ZERO)
    if abs(stated - paid) > ROUNDING:
        message = _(
            "Hovedskjemaet sier at %(stated)s kr er delt ut i utbytte, men aksjonærene har fått %(paid)s kr til sammen. "
            "Rett det som er feil."
        )
        element = names.DIVIDEND if main.text(names.DIVIDEND) else names.CLOSING
        yield _warning("TOTAL_DIVIDEND", message % {"stated": _shown(stated), "paid": _shown(paid)}, main, element)


def _rates(main: Form) -> dict[str, Decimal]:
    """Dividend per share by its day, for the days that had one dividend only."""
    by_day: dict[str, list[Decimal | None]] = {}
    for dividend in main.all(names.DIVIDENDS):
        by_day.setdefault(_day(dividend, names.DIVIDEND_AT), []).append(_number_in(dividend, names.PER_SHARE))
    return {day: rates[0] for day, rates in by_day.items() if day and len(rates) == 1 and rates[0] is not None}


def _payments(part: Form, rates: dict[str, Decimal]) -> Iterator[Finding]:
    for payment in part.all(names.PAYMENTS):
        paid, shares = _number_in(payment, names.PAID), _number_in(payment, names.PAID_SHARES)
        rate = rates.get(_day(payment, names.PAID_AT))
        if rate is None or paid is None or shares is None or abs(rate * shares - paid) <= ROUNDING:
            continue
        message = _(
            "Aksjonæren har fått %(paid)s kr i utbytte for %(shares)s aksjer, men hovedskjemaet sier %(rate)s kr per aksje. "
            "Rett det som er feil."
        )
        values = {"paid": _shown(paid), "shares": _shown(shares), "rate": _shown(rate)}
        yield _at_node("DIVIDEND_PER_SHARE", message % values, part, payment)


def _payments_as_numbers(part: Form) -> Iterator[Finding]:
    """The schema takes any text here; only numbers can be added."""
    for name in (names.PAID, names.PAID_SHARES):
        for node in part.all(name):
            if text_of(node) and as_number(text_of(node)) is None:
                message = _(
                    "Her må det stå et tall uten mellomrom, med punktum som desimalskille, for eksempel 1200.50."
                )
                yield _at_node("NOT_A_NUMBER", message, part, node)


def _number_in(group: etree._Element, name: str) -> Decimal | None:
    return as_number(text_of(group.find(name)))


def _day(group: etree._Element, name: str) -> str:
    return text_of(group.find(name))[:10]


def _shown(number: Decimal) -> str:
    """Without trailing zeros and never in exponent notation."""
    return f"{number.normalize():f}" if number else "0"


def _count(shares: Decimal) -> str:
    """Masked from ten digits on: it may be a national identity number in the wrong element."""
    text = _shown(shares)
    return hidden(text) if len(text) >= 10 else text


def _warning(code: str, message: str, form: Form, name: str) -> Finding:
    return _at_node(code, message, form, next(form.all(name)))


def _at_node(code: str, message: str, form: Form, node: etree._Element) -> Finding:
    given = masked(text_of(node)[:80])
    return Finding(Level.WARNING, code, message, form.filename, line_of(node), path_of(node), given)
