"""No import circles: the graph of all our modules is read from their source, imports for type checks included."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("portal", "accounts", "systemusers", "submissions")
Graph = dict[str, set[str]]


def sources(root: Path, *packages: str) -> dict[str, Path]:
    """Every module of the packages by its dotted name."""
    return {module_name(root, path): path for package in packages for path in (root / package).rglob("*.py")}


def module_name(root: Path, path: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def import_graph(modules: dict[str, Path]) -> Graph:
    """What each module imports of the others: at the top, inside functions, and under TYPE_CHECKING."""
    return {name: set(imports(name, path, modules)) - {name} for name, path in modules.items()}


def imports(name: str, path: Path, modules: dict[str, Path]) -> Iterator[str]:
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom):
            base = absolute(node, package)
            for alias in node.names:
                imported = f"{base}.{alias.name}"
                target = imported if imported in modules else base
                if target in modules:
                    yield target


def absolute(node: ast.ImportFrom, package: str) -> str:
    """The dotted name that a `from` import names, relative ones included."""
    if not node.level:
        return node.module or ""
    parents = package.split(".")
    base = parents[: len(parents) - node.level + 1]
    return ".".join([*base, node.module] if node.module else base)


def circle(graph: Graph) -> list[str]:
    """One import circle, from a module back to itself; empty when there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


@pytest.mark.parametrize("packages", [("portal/sandbox",), PACKAGES], ids=["the sandbox", "the whole project"])
def test_no_module_takes_part_in_an_import_circle(packages: tuple[str, ...]) -> None:
    graph = import_graph(sources(ROOT, *packages))

    assert len(graph) > 50
    assert circle(graph) == []


FORMS = {
    "at the top": "from . import second",
    "as an absolute name": "import house.second",
    "of a name in the module": "from .second import name",
    "inside a function": "def f():\n    from house import second",
    "for a type check": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from house.second import name",
}


@pytest.mark.parametrize("statement", FORMS.values(), ids=FORMS)
def test_a_circle_is_found_in_every_form_of_import(tmp_path: Path, statement: str) -> None:
    (tmp_path / "house").mkdir()
    for name, text in (("__init__", ""), ("first", statement), ("second", "from house.first import f")):
        (tmp_path / "house" / f"{name}.py").write_text(text)

    graph = import_graph(sources(tmp_path, "house"))

    assert set(circle(graph)) == {"house.first", "house.second"}


def test_the_kernel_of_the_sandbox_imports_only_plain_data() -> None:
    graph = import_graph(sources(ROOT, "portal/sandbox"))
    data = {f"portal.sandbox.{name}" for name in ("clock", "faults", "keys", "state")}
    records = {f"portal.sandbox.{service}.records" for service in ("altinn", "apps", "dialogporten", "skatteetaten")}

    assert graph["portal.sandbox.kernel"] == data
    assert set().union(*(graph[name] for name in data | records)) <= data | records
