"""The house rules that a linter does not know: sizes, templates in use, texts translated, nothing of a workplace left."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import django
import polib
import pytest
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
APPS = ("portal", "accounts", "systemusers", "submissions")
SOURCES = [p for app in APPS for p in (ROOT / app).rglob("*.py") if "migrations" not in p.parts]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
MAILS = sorted((ROOT / "templates").rglob("*.txt"))
PAGES = [*TEMPLATES, *sorted((ROOT / "portal" / "sandbox").rglob("*.html"))]
GETTEXT = {"_", "gettext", "gettext_lazy", "lazy", "ngettext", "ngettext_lazy"}
MOST_LINES, MOST_FUNCTION, MOST_TEMPLATE, WIDEST = 400, 50, 80, 120
ONE_TEXT = re.compile(r"""\{% translate "[^"]*"( as \w+)? %\}""")  # a literal alone on its line cannot be broken


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@dataclass(frozen=True)
class Module:
    """What the rules ask of a module. Reading it takes long, so all modules are read once."""

    name: str
    has_docstring: bool
    functions: dict[str, int]  # name and line → length
    texts: list[tuple[int, ast.expr]]  # line and first argument of each call of gettext


@cache
def modules() -> list[Module]:
    return [read(path) for path in SOURCES]


def read(path: Path) -> Module:
    tree = ast.parse(text_of(path))
    functions: dict[str, int] = {}
    texts: list[tuple[int, ast.expr]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            functions[f"{node.name}:{node.lineno}"] = (node.end_lineno or 0) - node.lineno
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in GETTEXT:
            texts.append((node.lineno, node.args[0]))
    return Module(name(path), bool(ast.get_docstring(tree)), functions, texts)


# One test looks at all files and names those that break the rule: a test of each file would cost more than the look.


def test_no_module_is_longer_than_a_reader_can_hold() -> None:
    lines = {name(path): len(text_of(path).splitlines()) for path in SOURCES}

    assert {module: length for module, length in lines.items() if length > MOST_LINES} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    lengths = {(module.name, function): lines for module in modules() for function, lines in module.functions.items()}

    assert lengths
    assert [function for function, lines in lengths.items() if lines >= MOST_FUNCTION] == []


def test_a_module_says_what_it_is_for() -> None:
    def is_exempt(path: Path) -> bool:
        return path.name in ("__init__.py", "apps.py") or "templatetags" in path.parts

    exempt = {name(path) for path in SOURCES if is_exempt(path)}

    assert [module.name for module in modules() if not module.has_docstring and module.name not in exempt] == []


def test_no_template_is_longer_than_a_screen_or_two() -> None:
    lines = {name(path): len(text_of(path).splitlines()) for path in TEMPLATES}

    assert {template: length for template, length in lines.items() if length > MOST_TEMPLATE} == {}


def test_no_template_line_is_wider_than_a_screen() -> None:
    lines = [(name(path), line.strip(), len(line)) for path in PAGES for line in text_of(path).splitlines()]

    assert [(page, line) for page, line, width in lines if width > WIDEST and not ONE_TEXT.fullmatch(line)] == []


def test_no_template_has_script_or_style_of_its_own() -> None:
    own = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=\"")

    assert [(name(path), found[0]) for path in TEMPLATES if (found := own.search(text_of(path)))] == []


BY_CONVENTION = ("account/", "portal/400", "portal/403", "portal/404", "portal/500", "portal/csrf", "admin/", "django/")


def test_no_template_takes_the_form_of_a_page_for_a_text() -> None:
    """`form` is what a page calls its form. A template that takes the id of one under that name prints a whole form."""
    as_text = re.compile(r'="\{\{ form \}\}"|\{% include [^%]*\bform="')

    assert [name(path) for path in TEMPLATES if as_text.search(text_of(path))] == []


def test_every_template_is_in_use() -> None:
    every_text = "\n".join(text_of(path) for path in [*SOURCES, *TEMPLATES])
    templates = [str(path.relative_to(ROOT / "templates")) for path in TEMPLATES]

    assert templates
    assert [one for one in templates if not one.startswith(BY_CONVENTION) and one not in every_text] == []


@pytest.mark.parametrize("language", ["nn", "en"])
def test_every_text_is_translated(language: str) -> None:
    catalogue = polib.pofile(str(ROOT / "locale" / language / "LC_MESSAGES" / "django.po"))

    assert [entry.msgid for entry in catalogue.untranslated_entries()] == []
    assert [entry.msgid for entry in catalogue.fuzzy_entries()] == []


@pytest.mark.parametrize("language", ["nn", "en"])
def test_every_text_is_in_the_catalogue(language: str) -> None:
    catalogue = polib.pofile(str(ROOT / "locale" / language / "LC_MESSAGES" / "django.po"))

    assert texts() - {entry.msgid for entry in catalogue} == set()


@pytest.mark.parametrize("language", ["nn", "en"])
def test_no_text_is_translated_that_nothing_uses(language: str) -> None:
    """But for those of Django's own pages that Django has not translated."""
    catalogue = polib.pofile(str(ROOT / "locale" / language / "LC_MESSAGES" / "django.po"))

    assert {entry.msgid for entry in catalogue} - texts() - texts_of_django() == set()


@cache
def texts_of_django() -> set[str]:
    files = Path(django.__file__).parent.rglob("locale/en/LC_MESSAGES/django.po")
    return {entry.msgid for file in files for entry in polib.pofile(str(file))}


CALL = re.compile(r"""\b(?:_|n?gettext)\((u?'(?:[^'\\]|\\.)*'|u?"(?:[^"\\]|\\.)*")""")


@cache
def texts() -> frozenset[str]:
    return frozenset([*texts_in_templates(), *texts_in_code()])


def texts_in_templates() -> Iterator[str]:
    """By Django's own reading of them, which makes gettext's calls out of both kinds of tags."""
    for path in [*TEMPLATES, *MAILS]:
        calls = templatize(text_of(path), origin=path.name)
        yield from (ast.literal_eval(result) for result in CALL.findall(calls))


def texts_in_code() -> Iterator[str]:
    for module in modules():
        for line, first in module.texts:
            assert isinstance(first, ast.Constant), f"{module.name}:{line}: a text must be written out"
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


def test_every_call_of_a_gateway_is_made_somewhere() -> None:
    """Code that is ahead of its use is removed."""
    everything = "\n".join(text_of(path) for path in SOURCES if "sandbox" not in path.parts)
    gateways = [path for path in SOURCES if path.is_relative_to(ROOT / "portal" / "gateways")]
    methods = {
        f"{name(path)}: {method.name}": method.name
        for path in gateways
        for node in ast.walk(ast.parse(text_of(path)))
        if isinstance(node, ast.ClassDef)
        for method in node.body
        if isinstance(method, ast.FunctionDef) and not method.name.startswith("_")
    }

    assert len(methods) > 50
    assert [where for where, method in methods.items() if not re.search(rf"\.{method}\b", everything)] == []
