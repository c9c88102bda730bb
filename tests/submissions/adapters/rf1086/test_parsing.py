"""Files from outside: what is not a form is named, what is dangerous is refused at once, what is a form is read."""

from __future__ import annotations

import time

import pytest

from submissions.adapters.rf1086 import Finding, Kind, Unreadable, read_form, render

START = '<Skjema skjemanummer="890"'
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BOMBS = {
    "billion laughs": f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]>{START}>&l9;</Skjema>'.encode(),
    "billion laughs in UTF-16": f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]>{START}>&l9;</Skjema>'.encode("utf-16"),
    "quadratic": f'<!DOCTYPE a [<!ENTITY x "{"x" * 100_000}">]><a>{"&x;" * 100_000}</a>'.encode(),
    "external entity": f'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>{START}>&x;</Skjema>'.encode(),
    "after a comment": f"<!-- harmless --><!DOCTYPE a>{START}/>".encode(),
}


def refusal(content: bytes) -> Finding:
    with pytest.raises(Unreadable) as caught:
        read_form(content, "skjema.xml")
    return caught.value.finding


@pytest.mark.parametrize("content", BOMBS.values(), ids=BOMBS)
def test_a_document_type_is_refused_at_once(content):
    began = time.monotonic()

    finding = refusal(content)

    assert finding.code == "DOCTYPE"
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<a>" * 100_000 + b"</a>" * 100_000, "MALFORMED"),
        (b"<a>" + b"<b/>" * 700_000 + b"</a>", "TOO_MANY_ELEMENTS"),
        (b"<a " + b" ".join(b'x%d="1"' % n for n in range(800_000)) + b"/>", "WRONG_ROOT"),
        (b"<?a?>" * 1_000_000, "TOO_MANY_ELEMENTS"),
    ],
    ids=["deep", "wide", "attributes", "instructions"],
)
def test_a_file_built_to_wear_us_out_is_refused_within_seconds(content, code):
    began = time.monotonic()

    finding = refusal(content)

    assert finding.code == code
    assert time.monotonic() - began < 3


def test_a_file_of_60_mb_is_told_its_size_and_never_parsed():
    finding = refusal(b"<" * 60_000_000)

    assert finding.code == "TOO_LARGE"
    assert "60 MB" in render(finding)
    assert "20 MB" in render(finding)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"%PDF-1.7 ...", "PDF"),
        (b"PK\x03\x04....", "ZIP"),
        (b'\xef\xbb\xbf {"leveranse": 1}', "JSON"),
        (b"[1]", "JSON"),
        (b"<!DOCTYPE html><html></html>", "HTML"),
        (b"\xd0\xcf\x11\xe0....", "Office"),
        ("år;antall\n2025;1".encode("latin-1"), "XML"),
    ],
)
def test_a_file_of_another_kind_is_called_by_its_name(content, word):
    finding = refusal(content)

    assert finding.code == "NOT_XML"
    assert word in render(finding)


@pytest.mark.parametrize("content", [b"", b" \r\n\t", b"\xef\xbb\xbf"])
def test_an_empty_file_is_called_empty(content):
    assert refusal(content).code == "EMPTY_FILE"


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ("<Skjema>\n  <a></b>\n</Skjema>", 2, "slutt-tagg"),
        ("<Skjema>\n<a>", 2, "slutter før"),
        ("<Skjema>\n\nOle & Kari</Skjema>", 3, "&amp;"),
        ("<Skjema/>\nmer", 2, "etter slutten"),
        ('\n<?xml version="1.0"?><Skjema/>', 2, "foran"),
        ("<Skjema>\x01</Skjema>", 1, "tegn som ikke er lov"),
        ("<Skjema><ns:a/></Skjema>", 1, "prefiks"),
    ],
)
def test_broken_xml_is_shown_by_line_and_reason(content, line, words):
    finding = refusal(content.encode())

    assert (finding.code, finding.line) == ("MALFORMED", line)
    assert f"linje {line}, tegn" in render(finding)
    assert words in render(finding)


def test_the_reason_of_broken_xml_does_not_quote_the_file():
    finding = refusal(b"<Skjema><_01819012345></Skjema>")

    assert "01819012345" not in render(finding) + str(finding.params)


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-8-sig", "ISO-8859-1", "windows-1252", "UTF-16"])
def test_a_form_is_read_in_every_encoding_that_says_what_it_is(encoding):
    declared = encoding.removesuffix("-sig")
    text = f'<?xml version="1.0" encoding="{declared}"?>{START}><a>Bjørk Ås</a></Skjema>'

    form = read_form(text.encode(encoding), "skjema.xml")

    assert form.text("a") == "Bjørk Ås"


@pytest.mark.parametrize(
    ("declared", "actual", "word"),
    [
        ("UTF-8", "ISO-8859-1", "linje 1"),
        ("ISO-8859-1", "UTF-8", "ISO-8859-1"),
        ("UTF-16", "UTF-8", "UTF-16"),
        ("UTF-8", "UTF-16", "UTF-16"),
        ("UTF-16", "UTF-16-LE", "BOM"),
        ("UTF-32", "UTF-32", "UTF-32"),
        ("UTF-7", "UTF-8", "UTF-7"),
        ("hex", "UTF-8", "HEX"),
        ("tulltegn", "UTF-8", "TULLTEGN"),
    ],
)
def test_an_encoding_that_is_not_what_it_says_is_explained(declared, actual, word):
    content = f'<?xml version="1.0" encoding="{declared}"?><Skjema>Bjørk</Skjema>'.encode(actual)

    finding = refusal(content)

    assert finding.code == "ENCODING"
    assert word in render(finding)


@pytest.mark.parametrize(
    ("content", "code", "given"),
    [
        (b'<Skjema xmlns="urn:feil" skjemanummer="890"/>', "NAMESPACE", "urn:feil"),
        (b"<Melding/>", "WRONG_ROOT", "Melding"),
        (b"<Skjema/>", "WRONG_FORM", ""),
        (b'<Skjema skjemanummer="891"/>', "WRONG_FORM", "891"),
    ],
)
def test_xml_of_another_kind_is_named(content, code, given):
    finding = refusal(content)

    assert (finding.code, finding.params["given"]) == (code, given)
    assert given in render(finding)


@pytest.mark.parametrize(("number", "kind"), [("890", Kind.MAIN), ("923", Kind.PART)])
def test_the_root_tells_a_main_form_from_a_sub_form(number, kind):
    form = read_form(f'<!-- fra fagsystemet --><Skjema skjemanummer="{number}"/>'.encode(), "skjema.xml")

    assert form.kind == kind
