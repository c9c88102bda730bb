"""Texts of others in several languages: kept whole, and shown in the reader's language where there is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

from django.db import models
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from portal.core.rich_text import safe_html

ORDER = ("nb", "nn", "en")
"""After the reader's own: the same for everybody, so that a list is searched and sorted by what most see."""


class Texts(TypedDict, total=False):
    """By language code. `types`: the media types of those that are not plain text."""

    title: dict[str, str]
    summary: dict[str, str]
    sender: dict[str, str]
    description: dict[str, str]
    types: dict[str, str]


@dataclass(frozen=True)
class Shown:
    """One text in one language; `lang` is "" when that is not known. In a template it is an element with its language."""

    text: str
    lang: str = ""
    media_type: str = ""

    def __str__(self) -> SafeString:
        """As a template writes it. What is no element takes `text`."""
        return (
            format_html('<span lang="{}">{}</span>', self.lang, self.text)
            if self.lang
            else format_html("{}", self.text)
        )

    def __bool__(self) -> bool:
        return bool(self.text)

    @property
    def block(self) -> SafeString:
        """As paragraphs; markdown and HTML are cleaned."""
        body = safe_html(self.text, self.media_type)
        return format_html('<div class="prose" lang="{}">{}</div>', self.lang, body) if self.lang else body


def best(texts: Mapping[str, str], *first: str) -> Shown:
    """The text in the first available language: those given, bokmål, nynorsk, English, then any other."""
    for code in (*first, *ORDER, *texts):
        if texts.get(code):
            return Shown(texts[code], code)
    return Shown("")


class WithTexts(models.Model):
    """A row with texts of others. Its columns `title` and so on hold one language each, for searching and sorting."""

    texts: models.JSONField[Texts, Texts] = models.JSONField(_("tekster på alle språk"), default=dict, blank=True)

    class Meta:
        abstract = True

    def shown(self, name: str) -> Shown:
        """In the reader's language, else in the best there is. A row without texts has what its column holds."""
        texts: Mapping[str, str] = self.texts.get(name) or {}  # type: ignore[assignment]
        if not texts:
            return Shown(str(getattr(self, name, "") or ""))
        found = best(texts, (get_language() or "").partition("-")[0])
        return Shown(found.text, found.lang, (self.texts.get("types") or {}).get(name, ""))

    @property
    def shown_title(self) -> Shown:
        return self.shown("title")

    @property
    def shown_summary(self) -> Shown:
        return self.shown("summary")
