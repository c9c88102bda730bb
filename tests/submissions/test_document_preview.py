"""Documents made readable, and none of them dangerous."""

from __future__ import annotations

from submissions.services.pages.document_preview import SHOWN, readable

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
