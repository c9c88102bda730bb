"""Documents made readable, and none of them dangerous."""

from __future__ import annotations

import tracemalloc

import pytest

from submissions.services.pages.document_preview import MOST_BYTES, MOST_TAGS, SHOWN, readable

BOMB = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>"""


def test_xml_is_laid_out_in_lines() -> None:
    assert readable(b"<a><b>1</b></a>", "application/xml") == "<a>\n  <b>1</b>\n</a>\n"


def test_the_character_set_of_a_media_type_does_not_matter() -> None:
    assert readable(b"<a/>", "text/xml; charset=utf-8") == "<a/>\n"


def test_entities_are_not_expanded() -> None:
    assert "aaaaaaaaaa</x>" not in (readable(BOMB, "application/xml") or "")


def test_broken_xml_is_shown_as_it_came() -> None:
    assert readable(b"<a><b>", "application/xml") == "<a><b>"


def test_json_keeps_norwegian_letters() -> None:
    assert readable('{"a":"æ"}'.encode(), "application/json") == '{\n  "a": "æ"\n}'


def test_a_pdf_is_not_for_reading_as_text() -> None:
    assert readable(b"%PDF-1.7", "application/pdf") is None


def test_a_huge_text_is_cut() -> None:
    assert len(readable(b"x" * (SHOWN + 10), "text/plain") or "") == SHOWN


DEEP_XML = b"<a>" * 200 + b"<b/>" * (MOST_BYTES // 4 - 400) + b"</a>" * 200
DEEP_JSON = b"[" * 900 + b"1," * (MOST_BYTES // 2 - 2000) + b"1" + b"]" * 900


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"<a>" + b"<b>1</b>" * 6_000_000 + b"</a>", "application/xml"),
        (DEEP_XML, "application/xml"),
        (DEEP_JSON, "application/json"),
        (b"x" * 48_000_000, "text/plain"),
    ],
    ids=["48 MB of XML", "deep XML", "deep JSON", "48 MB of text"],
)
def test_what_is_shown_of_a_large_file_costs_little(content: bytes, kind: str) -> None:
    assert content.count(b"<") > MOST_TAGS or kind != "application/xml"
    tracemalloc.start()

    shown = readable(content, kind) or ""

    assert tracemalloc.get_traced_memory()[1] < 80_000_000
    tracemalloc.stop()
    assert len(shown) == SHOWN


def test_json_that_is_too_deep_is_shown_as_it_came() -> None:
    assert readable(b"[" * 200_000, "application/json") == "[" * 200_000


def test_a_text_in_utf_16_is_shown_as_letters() -> None:
    assert readable("blåbær".encode("utf-16"), "text/plain") == "blåbær"


def test_a_large_file_of_long_characters_is_cut_between_two() -> None:
    assert readable("😀".encode() * MOST_BYTES, "text/plain") == "😀" * SHOWN


def test_half_a_character_can_be_sent_to_the_browser() -> None:
    shown = readable(rb'{"a": "\ud83d"}', "application/json") or ""

    assert shown.encode() == b'{\n  "a": "?"\n}'
