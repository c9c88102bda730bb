"""Documents made readable, and none of them dangerous."""

from __future__ import annotations

import time
import tracemalloc

import pytest

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


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"<a>" + b"<b>1</b>" * 6_000_000 + b"</a>", "application/xml"),
        (b"<a>" * 200 + b"<b/>" * 240_000 + b"</a>" * 200, "application/xml"),
        (b"[" * 400 + b"1," * 400_000 + b"1" + b"]" * 400, "application/json"),
        (b"[" * 200_000, "application/json"),
        (b"[" * 200_000 + b"]" * 200_000, "application/json"),
    ],
    ids=["48 MB", "many tags far in", "many values far in", "cut short", "deep"],
)
def test_a_large_or_deep_document_costs_little_to_look_at(content: bytes, media_type: str) -> None:
    begun = time.process_time()
    tracemalloc.start()

    text = readable(content, media_type)

    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert text
    assert len(text) <= SHOWN
    assert most < 60 * 10**6
    assert time.process_time() - begun < 5
