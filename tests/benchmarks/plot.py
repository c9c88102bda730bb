"""Draws docs/img/performance.svg from docs/performance.json: how far each part's figures are from their goals.

Run `python -m tests.benchmarks.plot` after `make bench`. Plain SVG, so that no library is needed.
"""

from __future__ import annotations

import json
import math
from html import escape
from pathlib import Path
from typing import Any

from tests.benchmarks.figures import FILE

PICTURE = FILE.parent / "img" / "performance.svg"
WIDTH, LEFT, RIGHT, LINE, TOP = 900, 300, 60, 22, 56
LOWEST, HIGHEST = 0.02, 20.0
"""Of the goal. The axis is logarithmic."""
KEPT, MISSED = "#2e7d4f", "#b3541e"


def share(figure: dict[str, Any]) -> float:
    """How much of its goal a figure uses: 1 just keeps it, 2 misses it by a factor of two."""
    value, goal = max(figure["value"], 1e-9), max(figure["goal"], 1e-9)
    return value / goal if figure["is_most"] else goal / value


def place(number: float) -> float:
    """Of a share on the axis, in pixels."""
    at = math.log(min(max(number, LOWEST), HIGHEST) / LOWEST) / math.log(HIGHEST / LOWEST)
    return LEFT + at * (WIDTH - LEFT - RIGHT)


def rows(kept: dict[str, Any]) -> list[tuple[str, list[float]]]:
    """Of each part: the shares of its figures with a goal above zero."""
    found = []
    for part, results in sorted(kept.items()):
        if shares := sorted(share(one) for one in results["figures"] if one["goal"]):
            found.append((part, shares))
    return found


def draw(kept: dict[str, Any]) -> str:
    parts = rows(kept)
    height = TOP + LINE * len(parts) + 40
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13"'
        ' role="img" aria-label="Figures of each part, as a share of their goals">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="20" fill="#222222">Each dot is a figure, as a share of its goal: left of the line it is kept</text>',
    ]
    bottom = TOP + LINE * len(parts)
    for tick in (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10):
        x, is_goal = place(tick), tick == 1
        lines.append(
            f'<line x1="{x:.1f}" y1="{TOP - 14}" x2="{x:.1f}" y2="{bottom}" stroke="{"#222222" if is_goal else "#dddddd"}"'
            f' stroke-width="{2 if is_goal else 1}"/>'
        )
        label = "goal" if is_goal else f"{tick:g}"
        lines.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle" fill="#444444">{label}</text>')
    for number, (part, shares) in enumerate(parts):
        y = TOP + number * LINE
        lines.append(f'<text x="{LEFT - 12}" y="{y + 4}" text-anchor="end" fill="#222222">{escape(part)}</text>')
        lines += [
            f'<circle cx="{place(one):.1f}" cy="{y}" r="4" fill="{KEPT if one <= 1 else MISSED}" fill-opacity="0.55"/>'
            for one in shares
        ]
    return "\n".join([*lines, "</svg>"]) + "\n"


def main() -> None:
    PICTURE.write_text(draw(json.loads(FILE.read_text(encoding="utf-8"))), encoding="utf-8")
    print(Path(PICTURE).name)


if __name__ == "__main__":
    main()
