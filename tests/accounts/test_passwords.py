"""Passwords that are refused: of known leaks, too short, or made of what everybody knows."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.models import User

LARS = User(name="Lars Holm", email="lars.holm@fjordtall.example")


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("password1234", "leaked"),
        ("Qwertyuiop123", "leaked"),
        ("123456789012", "leaked"),
        ("larsholm1234", "own"),
        ("Holm-Lars-2026", "own"),
        ("fjordtall2026!", "own"),
        ("Fjordtall.Fjordtall", "own"),
        ("kortogkort", "password_too_short"),
    ],
)
def test_a_bad_password_is_refused_with_its_reason(vendor: Any, password: str, why: str) -> None:
    with pytest.raises(ValidationError) as refused:
        validate_password(password, LARS)

    assert why in {error.code for error in refused.value.error_list}


@pytest.mark.parametrize("password", ["tolv grønne katter", "fjordtall og åtte epler", "Xk39-aaPq-77zL"])
def test_a_good_password_passes(vendor: Any, password: str) -> None:
    validate_password(password, LARS)


def test_without_a_person_or_a_vendor_it_works_too(db: None) -> None:
    validate_password("tolv grønne katter")
