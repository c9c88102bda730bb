"""A form that the authority returns as text is recognised as the file that was sent, whatever encoding its first line names."""

from __future__ import annotations

import pytest

from submissions.adapters.rf1086.adapter import canonical
from tests.submissions.adapters.rf1086.packages import files

SENT = files()[0].content.decode()
FIRST = '<?xml version="1.0" encoding="{}"?>'


def with_first_line(encoding: str) -> str:
    return FIRST.format(encoding) + SENT.partition("?>")[2]


@pytest.mark.parametrize(
    ("named", "stored"), [("ISO-8859-1", "latin-1"), ("UTF-16", "utf-16"), ("windows-1252", "cp1252")]
)
def test_the_text_that_comes_back_equals_the_file_that_was_sent(named, stored):
    text = with_first_line(named)
    sent = text.encode(stored)

    assert "ø" in text or "æ" in text
    assert canonical(text) == canonical(sent) == canonical(SENT)


def test_another_form_is_another_one():
    assert canonical(SENT.replace(">2025<", ">2024<")) != canonical(SENT)


def test_what_is_no_xml_equals_nothing():
    assert canonical("<Skjema") is None
