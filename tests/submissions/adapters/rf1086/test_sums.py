"""Sums that do not agree are warnings with both numbers in them, so that a person may send the report on purpose."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from submissions.adapters.rf1086 import Level, names, render
from submissions.adapters.rf1086.samples import Shareholder, example
from tests.submissions.adapters.rf1086.packages import COMPANY, ORGNR, YEAR, check, codes, files, with_text


def test_a_wrong_total_passes_the_checks_of_form_and_is_warned_of():
    result = check(example(ORGNR, "Rask Tiger AS", YEAR, wrong_sum=True))

    assert {finding.level for finding in result} == {Level.WARNING}
    total = next(finding for finding in result if finding.code == "TOTAL_SHARES")
    assert "110" in render(total)
    assert "100" in render(total)


@pytest.mark.parametrize(
    ("name", "place", "text", "code"),
    [
        (names.CLOSING, 0, "126", "TOTAL_SHARES"),
        (names.OPENING, 0, "104", "TOTAL_SHARES"),
        (names.CLOSING, 0, "126", "COMPANY_SUM"),
        (names.ISSUED[0], 0, "19", "COMPANY_SUM"),
        (names.CLOSING_CAPITAL, 0, "12000.00", "CAPITAL"),
        (names.CLOSING_NOMINAL, 0, "99", "CAPITAL"),
        (names.HOLDS, 1, "71", "SHAREHOLDER_SUM"),
        (names.GAINED[0], 1, "19", "SHAREHOLDER_SUM"),
        (names.LOST[0], 2, "39", "SHAREHOLDER_SUM"),
        (names.HOLDS, 1, "71", "TOTAL_SHARES"),
        (names.HELD, 1, "49", "TOTAL_SHARES"),
        (names.DIVIDEND, 0, "187.00", ""),
        (names.DIVIDEND, 0, "190.00", "TOTAL_DIVIDEND"),
        (names.PAID, 1, "90.00", "TOTAL_DIVIDEND"),
        (names.PAID, 1, "90.00", "DIVIDEND_PER_SHARE"),
        (names.PER_SHARE, 0, "1.60", "DIVIDEND_PER_SHARE"),
        (names.PAID, 1, "hundre", "NOT_A_NUMBER"),
    ],
)
def test_a_number_that_does_not_agree_is_warned_of(name, place, text, code):
    result = check(with_text(name, text, place=place))

    assert {finding.level for finding in result} <= {Level.WARNING}
    assert (code in [finding.code for finding in result]) if code else not result


def test_the_dividend_of_a_company_whose_shares_stood_still_is_multiplied():
    still = (Shareholder("Eierlaget AS", "310123455", 100, 100),)
    company = replace(COMPANY, shareholders=still, per_share=Decimal(2))
    main, part = files(company)
    wrong = replace(main, content=main.content.replace(b">200.00<", b">300.00<"))

    result = codes([wrong, part])

    assert result == ["DIVIDEND_PER_SHARE", "TOTAL_DIVIDEND"]


def test_a_nominal_value_rounded_to_oere_is_not_complained_of():
    company = replace(COMPANY, nominal=Decimal("33.333333"), per_share=Decimal(0))
    main, *parts = files(company)
    rounded = replace(main, content=main.content.replace(b">33.333333<", b">33.33<"))

    assert codes([rounded, *parts]) == []


def test_a_fault_of_form_leaves_the_sums_of_what_can_be_read():
    result = check(with_text(names.HOLDS, "sytti", place=1))

    assert [finding.level for finding in result if finding.code == "WRONG_VALUE"] == [Level.ERROR]


def test_the_sums_wait_until_every_file_can_be_read():
    main, *parts = files()
    broken = replace(parts[0], content=b"<Skjema")

    assert codes([main, broken, *parts[1:]]) == ["MALFORMED"]
