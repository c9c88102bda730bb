"""Answers in JSON as they are stored and shown afterwards: no NUL, no half characters, no id that fits no column."""

from __future__ import annotations

from typing import Any

import pytest

from portal.gateways.decoding import MOST_LEVELS, id_text, json_of


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (rb'{"a\u0000b": "c\u0000d"}', {"a\ufffdb": "c\ufffdd"}),
        (rb'["\ud83d", "\ud83d\ude00", "\ude00\ud83d"]', ["\ufffd", "\U0001f600", "\ufffd\ufffd"]),
        (rb'"\\u0000 \\\ud83d \" \u00e6"', '\\u0000 \\\ufffd " æ'),
        (b'"\xed\xa0\xbd"', "\ufffd"),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        ('{"a": "\\u0000"}'.encode("utf-16"), {"a": "\ufffd"}),
        (b"[1.50, null, true]", [1.5, None, True]),
    ],
)
def test_what_no_database_takes_is_replaced(content: bytes, value: Any) -> None:
    assert json_of(content) == value


@pytest.mark.parametrize(("start", "end"), [("[", "]"), ('{"a":', "}")])
def test_what_is_nested_too_deeply_is_refused_whatever_the_decoder_takes(start: str, end: str) -> None:
    def nested(levels: int) -> bytes:
        return (start * levels + "1" + end * levels).encode()

    assert json_of(nested(MOST_LEVELS))
    with pytest.raises(RecursionError):
        json_of(nested(MOST_LEVELS + 1))


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'"\\u00"', b'"\x00"'])
def test_what_is_no_json_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        json_of(content)


@pytest.mark.parametrize("value", ["", ".", "..", "a" * 101, "a\nb", "a\0", None, True, 1.5, {"a": 1}, ["a"]])
def test_an_id_that_cannot_be_stored_or_called_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="not an id"):
        id_text(value)


@pytest.mark.parametrize(("value", "text"), [("a" * 100, "a" * 100), (17, "17"), ("0198c1f2-7c1e", "0198c1f2-7c1e")])
def test_an_id_is_taken_as_it_is(value: Any, text: str) -> None:
    assert id_text(value) == text
