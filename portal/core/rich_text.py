"""Text of other services as HTML: a few harmless elements, no script, style, image or form, and links that tell nothing of us.

Most texts are plain. Markdown and HTML come from services with more freedom, and are read here and nowhere else.
"""

from __future__ import annotations

from functools import lru_cache

import nh3
from django.utils.html import conditional_escape, linebreaks
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

MARKDOWN, HTML = "text/markdown", "text/html"
ELEMENTS = {
    "a", "b", "blockquote", "br", "code", "em", "i", "li", "ol", "p", "pre", "strong",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
"""No headings: the page has its own order of them."""
SCHEMES = {"https", "mailto", "tel"}
LONGEST = 20_000
"""Characters. What is longer is shown as plain text."""


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    """HTML inside is text."""
    return MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table")


def safe_html(text: str, media_type: str = "") -> SafeString:
    """Block elements, ready for a page. Any other media type than markdown and HTML is plain text."""
    kind = media_type.split(";", maxsplit=1)[0].strip().lower()
    if kind not in (MARKDOWN, HTML) or len(text) > LONGEST:
        return mark_safe(linebreaks(conditional_escape(text)))  # noqa: S308 - escaped
    made = _markdown().render(text) if kind == MARKDOWN else text
    for level in range(1, 7):
        made = made.replace(f"<h{level}>", "<p><strong>").replace(f"</h{level}>", "</strong></p>")
    clean = nh3.clean(
        made,
        tags=ELEMENTS,
        clean_content_tags={"script", "style"},
        attributes={"a": {"href"}},
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer nofollow",
    )
    return mark_safe(clean)  # noqa: S308 - cleaned above
