"""Documents name files, modules, functions and commands that exist, so that a reader finds what a recipe names."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.core.management import get_commands

ROOT = Path(__file__).resolve().parents[2]
APPS = ("portal", "accounts", "systemusers", "submissions")
FOLDERS = (*APPS, "tests", "templates", "static", "docs", "locale")
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
GUIDES = [ROOT / "CONTRIBUTING.md", ROOT / "docs" / "architecture.md"]
DOCUMENTS = sorted({*GUIDES, *(ROOT / "docs").glob("*.md"), *DECISIONS, ROOT / "README.md", ROOT / "SECURITY.md"})
PATH = re.compile(rf"(?<![\w./-])(?:{'|'.join(FOLDERS)})/[\w./-]*<?")
MODULE = re.compile(rf"(?<![\w./-])(?:{'|'.join(APPS)})(?:\.\w+)+")
LINK = re.compile(r"\]\(([^)#\s]+)")
NAME = re.compile(r"`([A-Za-z_]\w*)`")
MOST_LINES = 40
GENERATED = {"static/vendor"}
"""Made by the set-up, so they may be missing here."""


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def paths(text: str) -> Iterator[str]:
    """Paths from the top of the repository. Of `templates/<app>/` the part before the placeholder."""
    for path in PATH.findall(text):
        yield path.rpartition("/")[0] if path.endswith("<") else path.rstrip("./")


def links(text: str) -> Iterator[str]:
    yield from (target for target in LINK.findall(text) if "://" not in target)


@cache
def source(folder: Path) -> str:
    """All Python below `folder`, and the settings of the tools."""
    return "\n".join(p.read_text(encoding="utf-8") for p in [*folder.rglob("*.py"), ROOT / "pyproject.toml"])


def is_known(dotted: str) -> bool:
    """Whether `portal.core.htmx.page_or_fragment` is a module followed by names that stand in it."""
    path, rest = ROOT, dotted.split(".")
    while rest and (path / rest[0]).is_dir():
        path /= rest.pop(0)
    module = path / f"{rest[0]}.py" if rest else path
    if module.is_file():
        rest.pop(0)
    text = module.read_text(encoding="utf-8") if module.is_file() else source(path)
    return all(re.search(rf"\b{word}\b", text) for word in rest)


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_path_in_a_document_exists(document: Path) -> None:
    text = document.read_text(encoding="utf-8")

    missing = [path for path in paths(text) if path not in GENERATED and not (ROOT / path).exists()]
    broken = [target for target in links(text) if not (document.parent / target).exists()]

    assert (missing, broken) == ([], [])


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_module_in_a_document_exists(document: Path) -> None:
    assert [dotted for dotted in MODULE.findall(document.read_text(encoding="utf-8")) if not is_known(dotted)] == []


@pytest.mark.parametrize("document", GUIDES, ids=name)
def test_every_name_in_a_guide_stands_in_the_code(document: Path) -> None:
    code = "\n".join([*(source(ROOT / app) for app in APPS), (ROOT / "Makefile").read_text(encoding="utf-8")])

    names = set(NAME.findall(document.read_text(encoding="utf-8")))

    assert [word for word in sorted(names) if not re.search(rf"\b{word}\b", code)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_command_in_a_document_exists(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    targets = [target for target in re.findall(r"`make ([a-z-]+)", text) if f"\n{target}:" not in makefile]
    commands = [command for command in re.findall(r"manage\.py ([a-z_]+)", text) if command not in get_commands()]

    assert (targets, commands) == ([], [])


def test_decisions_are_numbered_without_gaps() -> None:
    assert [path.name[:5] for path in DECISIONS] == [f"{number:04}-" for number in range(1, len(DECISIONS) + 1)]


@pytest.mark.parametrize("decision", DECISIONS, ids=name)
def test_a_decision_is_short_and_has_context_decision_and_consequences(decision: Path) -> None:
    text = decision.read_text(encoding="utf-8")

    assert len(text.splitlines()) <= MOST_LINES
    assert all(part in text for part in ("Context", "Decision", "Consequences"))


def test_every_app_and_folder_of_portal_is_in_the_table_of_contributing() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rooms = [f"portal/{p.name}/" for p in (ROOT / "portal").iterdir() if (p / "__init__.py").is_file()]
    wiring = {"portal/migrations/", "portal/management/", "portal/templatetags/"}

    assert [room for room in {*rooms, *(f"{app}/" for app in APPS[1:])} - wiring if f"| `{room}` |" not in text] == []


def test_the_version_has_a_section_in_the_changelog() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

    assert re.search(rf"^## (Unreleased \()?{re.escape(version)}\b", changelog, re.MULTILINE)
