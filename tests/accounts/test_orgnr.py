"""Organisation numbers as people write them, and the line between real and synthetic."""

from __future__ import annotations

import pytest

from accounts.services.orgnr import BadOrgnr, check_environment, read_orgnr
from tests.fixtures import CUSTOMER_ORGNR, VENDOR_ORGNR

REAL = "974760673"


@pytest.mark.parametrize(
    "text",
    [
        "310987654", " 310 987 654 ", "310\u00a0987\u00a0654", "310.987.654", "310-987-654", "NO 310987654 MVA", "no310987654mva",
        "0192:310987654", "310 987 654MVA", "\ufeff310\u202f987\u202f654\n",
    ],
)  # fmt: skip
def test_a_number_is_read_however_it_is_written(text: str) -> None:
    assert read_orgnr(text) == CUSTOMER_ORGNR


@pytest.mark.parametrize(
    "text",
    [
        "\u200e310123455", "\u202a310123455\u202c", "310123455\u202c", "\u2066310123455\u2069", "310\u2060123\u2060455",
        "310\u00ad123\u00ad455", "310\u2011123\u2011455", "310\u2013123\u2013455", "310\u200c123455", "'310123455",
        "Org.nr. 310 123 455", "310123455,0", "310123455.00", "Organisasjonsnummer: 310 123 455", "\u2018310123455\u2019",
    ],
)  # fmt: skip
def test_characters_that_come_with_a_pasted_number_do_no_harm(text: str) -> None:
    assert read_orgnr(text) == VENDOR_ORGNR


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "ni sifre, for eksempel"),
        ("Nordlys", "ni sifre, for eksempel"),
        ("31098765", "dette har 8"),
        ("3109876543", "dette har 10"),
        ("310987655", "Kontrollsifferet"),
        ("01010112345", "dette har 11"),
        ("310987654x", "ni sifre, for eksempel"),
        ("٣١٠٩٨٧٦٥٤", "ni sifre|Kontrollsifferet"),
        ("100000008", "begynner på|Kontrollsifferet"),
    ],
)
def test_what_is_wrong_with_a_number_is_said(text: str, sentence: str) -> None:
    with pytest.raises(BadOrgnr, match=sentence):
        read_orgnr(text)


def test_synthetic_numbers_are_refused_in_production() -> None:
    with pytest.raises(BadOrgnr, match="syntetisk"):
        check_environment(CUSTOMER_ORGNR, environment="PRODUCTION", vendor_orgnr=VENDOR_ORGNR)


@pytest.mark.parametrize("environment", ["TEST", "SANDBOX"])
def test_real_numbers_are_refused_elsewhere(environment: str) -> None:
    with pytest.raises(BadOrgnr, match="ekte virksomhet"):
        check_environment(REAL, environment=environment, vendor_orgnr=VENDOR_ORGNR)


@pytest.mark.parametrize(
    ("orgnr", "environment"), [(CUSTOMER_ORGNR, "TEST"), (CUSTOMER_ORGNR, "SANDBOX"), (REAL, "PRODUCTION")]
)
def test_each_world_takes_its_own(orgnr: str, environment: str) -> None:
    check_environment(orgnr, environment=environment, vendor_orgnr=VENDOR_ORGNR)


def test_the_vendors_own_real_number_is_at_home_in_test() -> None:
    check_environment(REAL, environment="TEST", vendor_orgnr=REAL)
