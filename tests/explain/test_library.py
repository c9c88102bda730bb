"""Every published code has one spelling, one place, and texts in three languages."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.utils.translation import override

from portal.explain import CODES, altinn, explain, library, maskinporten, ours, skatteetaten
from portal.explain.explanation import Explanation
from portal.explain.support import support_text
from portal.gateways import statuses

PUBLISHED = (Path(__file__).parent / "published_codes.txt").read_text(encoding="utf-8").splitlines()
AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_every_published_code_has_four_texts_in_each_language(language: str) -> None:
    with override(language):
        texts = {code: [str(text).strip() for text in facts(CODES[code])] for code in PUBLISHED}

    assert len(texts) == 368
    assert [code for code, four in texts.items() if not all(four)] == []


def facts(one: Explanation) -> tuple[Any, ...]:
    return one.title, one.cause, one.who, one.how


@pytest.mark.parametrize("source", library.SOURCES)
def test_a_row_is_complete_and_says_something_else_in_english(source: str) -> None:
    for code, (who, retry, nb, nn, en) in library.rows(source).items():
        assert who in library.WHO, code
        assert retry in {"never", "later", "token", *library.BY_RETRY}, code
        assert all((nb, nn, en)), code
        assert en not in (nb, nn), code


def test_a_code_stands_in_one_place_only() -> None:
    written = [*maskinporten.CODES, *altinn.CODES, *skatteetaten.CODES, *ours.CODES]
    data = [code for source in library.SOURCES for code in library.rows(source)]

    assert [code for code, number in Counter([*written, *data]).items() if number > 1] == []


def test_a_code_is_spelt_in_one_way() -> None:
    spellings = Counter(code.casefold().replace("_", "-") for code in CODES)

    assert [code for code, number in spellings.items() if number > 1] == []


def test_every_code_that_decides_something_is_explained() -> None:
    unexplained = [code for code in statuses.CODES if code not in CODES and code not in OAUTH]

    assert unexplained == []


OAUTH = {"invalid_client", "invalid_scope"}
"""OAuth's own names, which Maskinporten sends with a code of its own."""


def test_an_unknown_code_says_what_is_known_and_offers_a_text_to_copy() -> None:
    text = support_text(
        "XYZ-1", at=AT, environment="TEST", service="aksjonaerregisteroppgave", reference="c-9", ours="14"
    )

    assert "XYZ-1" in str(explain("XYZ-1").cause)
    assert text.splitlines()[0] == "Feilkode: XYZ-1"
    assert all(fact in text for fact in ("TEST", "aksjonaerregisteroppgave", "c-9", "14", "2026-11-23 10:00:00 +0100"))


@pytest.mark.parametrize(
    ("code", "title"),
    [
        ("MP-999", "Maskinporten sa nei"),
        ("GLD_9999", "Skatteetaten sa nei"),
        ("AUTH-99999", "Altinn sa nei"),
        ("OAR_9999", "Skatteetaten sa nei"),
        ("UPLOAD:NOE_NYTT", "Skatteetaten sa nei"),
        ("ALTINN_APP:NEW", "Altinn sa nei"),
        ("XYZ-1", "Tjenesten sa nei"),
        ("", "Tjenesten sa nei"),
    ],
)
def test_an_unknown_code_names_the_service_that_uses_such_codes(code: str, title: str) -> None:
    explanation = explain(code)

    assert str(explanation.title) == title
    assert (code or "–") in str(explanation.cause)


def test_a_code_that_services_share_is_not_explained_as_one_form_only() -> None:
    assert str(explain("GLD_1026").cause).startswith("Skatteetaten krever minst ett underskjema i en innsending")


def test_a_text_for_support_is_in_the_readers_language() -> None:
    with override("en"):
        text = support_text("AUTH-00015", at=AT, environment="TEST")

    assert text.startswith("Error code: AUTH-00015\nMeaning: Altinn does not find the system user.")
