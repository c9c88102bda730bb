"""Every setting that the code reads is in .env.example and in docs/operations.md, with what it does."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from portal.core.retention.periods import PERIODS

ROOT = Path(__file__).resolve().parents[2]
NAME = re.compile(r"[A-Z][A-Z0-9_]+")


def read_by(tree: ast.AST) -> Iterator[str]:
    """The names in `env.integer("PORT", …)` and the like."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="env")), args=[ast.Constant(value=str(name)), *_]) if (
                NAME.fullmatch(name)
            ):
                yield name


def settings() -> set[str]:
    found = {period.variable for period in PERIODS.values()}
    for path in (ROOT / "portal").rglob("*.py"):
        if "env." in (text := path.read_text(encoding="utf-8")):
            found |= set(read_by(ast.parse(text)))
    return found


def test_every_setting_is_in_the_example_and_explained() -> None:
    named = settings()
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    operations = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")

    assert len(named) > 60
    assert sorted(name for name in named if not re.search(rf"^(?:# )?{name}=", example, re.MULTILINE)) == []
    assert sorted(name for name in named if f"`{name}`" not in operations) == []
