"""Text as it enters, and the file name in a header."""

from __future__ import annotations

import pytest

from portal.gateways.disposition import filename
from portal.gateways.text import cleaned, one_line


@pytest.mark.parametrize(
    ("given", "right"),
    [
        ("Brattva\u030ag", "Brattvåg"),
        ("Nord\u00adlys\u200e AS\u200b", "Nordlys AS"),
        ("\u202aNordlys\u202c \u2066AS\u2069\ufeff", "Nordlys AS"),
        ("Nordlys\u00a0Eiendom\u202fAS", "Nordlys Eiendom AS"),
        ("Nord\u2011lys", "Nord-lys"),
        ("2024\u20132025", "2024\u20132025"),
        ("første\nandre\tdel\x00\x07", "første\nandre\tdel"),
        ("half\ud800", "half"),
    ],
)
def test_what_nobody_sees_is_gone_and_what_is_seen_stays(given: str, right: str) -> None:
    assert cleaned(given) == right


def test_a_name_is_one_line() -> None:
    assert one_line(" Nordlys\n\u2028 Eiendom \u00a0AS ") == "Nordlys Eiendom AS"


@pytest.mark.parametrize(
    ("header", "right"),
    [
        (
            'attachment; filename="=?UTF-8?Q?tilbakemelding_=C3=86rlig.xml?="; '
            "filename*=UTF-8''tilbakemelding%20%C3%86rlig.xml",
            "tilbakemelding Ærlig.xml",
        ),
        ("attachment; filename=\"fallback.xml\"; filename*=UTF-8''bl%C3%A5b%C3%A6r.xml", "blåbær.xml"),
        ('attachment; filename="=?utf-8?B?dGlsYmFrZW1lbGRpbmcgw4ZybGlnLnhtbA==?="', "tilbakemelding Ærlig.xml"),
        ("attachment; filename*=iso-8859-1'nb'bl%E5.xml; filename=x.xml", "blå.xml"),
        ('attachment; FileName="a;b\\"c.xml"; size=3', 'a;b"c.xml'),
        ("attachment; filename=\"good.xml\"; filename*=UTF-8''%ff%fe", "good.xml"),
        ("attachment; filename*=koi8-r''%d2; filename=plain.xml", "plain.xml"),
        ("attachment; filename*=UTF-8''..%2F..%2Fetc%2Fpasswd", "passwd"),
        ('attachment; filename="C:\\\\folder\\\\form.xml"', "form.xml"),
        ('attachment; filename="bl\u00c3\u00a5b\u00c3\u00a6r.xml"', "blåbær.xml"),
        ('attachment; filename="bl\u00e5.xml"', "blå.xml"),
        ('attachment; filename="=?x?Q?broken?="', "=?x?Q?broken?="),
        ('attachment; filename="a\u202egnp.xml"', "agnp.xml"),
        ('form-data; name="filename=no.xml"', ""),
        ("inline", ""),
        ("", ""),
    ],
)
def test_a_file_name_is_read_as_the_standard_says(header: str, right: str) -> None:
    assert filename(header) == right
