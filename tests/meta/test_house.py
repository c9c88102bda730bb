"""The house rules that a linter does not know: sizes, templates in use, texts translated, nothing of a workplace left."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
APPS = ("portal", "accounts", "systemusers", "submissions")
SOURCES = [p for app in APPS for p in (ROOT / app).rglob("*.py") if "migrations" not in p.parts]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
PAGES = [*TEMPLATES, *sorted((ROOT / "portal" / "sandbox").rglob("*.html"))]
MOST_LINES, MOST_FUNCTION, MOST_TEMPLATE, WIDEST = 400, 50, 80, 120
ONE_TEXT = re.compile(r"""\{% translate "[^"]*"( as \w+)? %\}""")  # a literal alone on its line cannot be broken


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_no_module_is_longer_than_a_reader_can_hold(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_no_function_is_longer_than_a_screen(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]

    assert [f.name for f in functions if (f.end_lineno or 0) - f.lineno >= MOST_FUNCTION] == []


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_a_module_says_what_it_is_for(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    exempt = path.name in ("__init__.py", "apps.py") or "templatetags" in path.parts

    assert exempt or ast.get_docstring(tree)


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_no_template_is_longer_than_a_screen_or_two(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_TEMPLATE


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_no_template_line_is_wider_than_a_screen(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()

    assert [line.strip() for line in lines if len(line) > WIDEST and not ONE_TEXT.fullmatch(line.strip())] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_no_template_has_script_or_style_of_its_own(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=\"", text)


ALL_TEXT = "\n".join(p.read_text(encoding="utf-8") for p in [*SOURCES, *TEMPLATES])
BY_CONVENTION = ("account/", "portal/400", "portal/403", "portal/404", "portal/500", "portal/csrf", "admin/", "django/")


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_every_template_is_in_use(path: Path) -> None:
    short = str(path.relative_to(ROOT / "templates"))

    assert short.startswith(BY_CONVENTION) or short in ALL_TEXT


@pytest.mark.parametrize("language", ["nn", "en"])
def test_every_text_is_translated(language: str) -> None:
    catalogue = polib.pofile(str(ROOT / "locale" / language / "LC_MESSAGES" / "django.po"))

    assert [entry.msgid for entry in catalogue.untranslated_entries()] == []
    assert [entry.msgid for entry in catalogue.fuzzy_entries()] == []


@pytest.mark.parametrize("language", ["nn", "en"])
def test_every_text_is_in_the_catalogue(language: str) -> None:
    catalogue = polib.pofile(str(ROOT / "locale" / language / "LC_MESSAGES" / "django.po"))

    assert (set(texts_in_templates()) | set(texts_in_code())) - {entry.msgid for entry in catalogue} == set()


CALL = re.compile(r"""\b(?:_|n?gettext)\((u?'(?:[^'\\]|\\.)*'|u?"(?:[^"\\]|\\.)*")""")
GETTEXT = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy"}


def texts_in_templates() -> Iterator[str]:
    """By Django's own reading of them, which makes gettext's calls out of both kinds of tags."""
    for path in TEMPLATES:
        calls = templatize(path.read_text(encoding="utf-8"), origin=path.name)
        yield from (ast.literal_eval(result) for result in CALL.findall(calls))


def texts_in_code() -> Iterator[str]:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in GETTEXT:
                first = node.args[0]
                assert isinstance(first, ast.Constant), f"{name(path)}:{node.lineno}: a text must be written out"
                yield str(first.value)


@pytest.mark.parametrize("language", ["nn", "en"])
def test_a_translation_keeps_every_placeholder(language: str) -> None:
    catalogue = polib.pofile(str(ROOT / "locale" / language / "LC_MESSAGES" / "django.po"))

    assert [entry.msgid for entry in catalogue if not keeps_placeholders(entry)] == []


def keeps_placeholders(entry: polib.POEntry) -> bool:
    """The singular may say "one" where the plural has a number."""

    def names(text: str) -> set[str]:
        return set(re.findall(r"%\(\w+\)s", text))

    if not entry.msgid_plural:
        return names(entry.msgstr) == names(entry.msgid)
    singular, plural = entry.msgstr_plural[0], entry.msgstr_plural[1]
    return names(plural) == names(entry.msgid_plural) and names(singular) <= names(plural)
