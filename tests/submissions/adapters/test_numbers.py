"""National identity numbers: right ones of every series pass, one wrong digit does not, and none is shown."""

from __future__ import annotations

import pytest
from stdnum.no import fodselsnummer

from submissions.adapters.numbers import hidden, is_orgnr, is_person_number, masked, synthetic_person


def with_check_digits(stem: str) -> str:
    """`stem` and the two digits that another library reckons."""
    first = fodselsnummer.calc_check_digit1(stem + "00")
    return stem + first + fodselsnummer.calc_check_digit2(stem + first + "0")


@pytest.mark.parametrize(
    "stem",
    ["010190124", "410190123", "018190123", "418190123", "014190123", "016690123", "290200123"],
    ids=["person", "d-number", "tenor", "tenor d-number", "month + 40", "month + 65", "leap day"],
)
def test_a_number_of_each_series_is_right(stem):
    assert is_person_number(with_check_digits(stem))


@pytest.mark.parametrize("stem", ["320190123", "011390123", "290201124", "400190123", "810190123", "017990123"])
def test_a_day_that_is_not_in_the_calendar_is_wrong(stem):
    assert not is_person_number(with_check_digits(stem))


@pytest.mark.parametrize("place", range(11))
def test_every_digit_counts(place):
    right = synthetic_person(4711)

    wrong = right[:place] + str((int(right[place]) + 1) % 10) + right[place + 1 :]

    assert is_person_number(right)
    assert not is_person_number(wrong)


def test_made_up_numbers_are_synthetic_right_and_different():
    numbers = [synthetic_person(serial) for serial in range(0, 400_000, 97)]

    assert len(set(numbers)) == len(numbers)
    assert all(is_person_number(number) and number[2] in "89" for number in numbers)


@pytest.mark.parametrize(("text", "verdict"), [("974761076", True), ("974761077", False), ("٩74761076", False)])
def test_an_organisation_number_has_a_check_digit(text, verdict):
    assert is_orgnr(text) is verdict


def test_numbers_are_hidden_wherever_they_stand():
    assert masked("Ola 018190 12345, født") == "Ola *********45, født"
    assert masked("123456789012345") == "123456789012345"
    assert hidden("0181901234") == "********34"
