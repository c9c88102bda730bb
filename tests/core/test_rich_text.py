"""What others write is shown, and nothing of it can do anything."""

from __future__ import annotations

import pytest

from portal.core.rich_text import HTML, LONGEST, MARKDOWN, safe_html


def test_plain_text_is_escaped_and_keeps_its_lines() -> None:
    assert safe_html("<b>Krav</b>\nom svar\n\nHilsen") == "<p>&lt;b&gt;Krav&lt;/b&gt;<br>om svar</p>\n\n<p>Hilsen</p>"


def test_markdown_becomes_elements_without_headings() -> None:
    shown = safe_html("# Vedtak\n\nDu må **svare**:\n\n* nå\n* her", f"{MARKDOWN};charset=utf-8")

    assert "<p><strong>Vedtak</strong></p>" in shown
    assert "<strong>svare</strong>" in shown
    assert "<li>nå</li>" in shown
    assert "<h1>" not in shown


def test_a_link_goes_out_without_telling_where_from() -> None:
    shown = safe_html("[les mer](https://skatteetaten.no/a?b=1&c=2)", MARKDOWN)

    assert shown == (
        '<p><a href="https://skatteetaten.no/a?b=1&amp;c=2" rel="noopener noreferrer nofollow">les mer</a></p>\n'
    )


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href="data:text/html,x" onclick="alert(1)">x</a>',
    '<p style="position:fixed" class="card" id="content">x</p>',
    "<form action=https://evil.example><input name=password></form>",
    "<iframe src=https://evil.example></iframe>",
    "<svg><animate onbegin=alert(1)></svg>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "![x](https://evil.example/pixel.png)",
    "<h1 onclick=alert(1)>x</h1>",
    "<base href=https://evil.example><meta http-equiv=refresh content=0>",
]


@pytest.mark.parametrize("media_type", [MARKDOWN, HTML, "", "text/plain", "application/x-anything"])
@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_becomes_an_element(text: str, media_type: str) -> None:
    shown = safe_html(text, media_type).lower()

    for word in ("<script", "<img", "<form", "<input", "<iframe", "<svg", "<style", "<base", "<meta", "<h1", "<math"):
        assert word not in shown
    for attribute in ("onerror", "onclick", "style=", "class=", "id=", "javascript:", "data:"):
        assert not any(
            attribute in tag for tag in shown.split("<")[1:] if ">" in tag and attribute in tag.split(">")[0]
        )


def test_what_is_very_long_is_plain() -> None:
    assert "<strong>" not in safe_html("**a** " * LONGEST, MARKDOWN)
