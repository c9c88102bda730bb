"""Small pictures of numbers, as points of inline SVG. The templates give each a text alternative."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, EDGE = 112.0, 24.0, 2.0


@dataclass(frozen=True)
class Line:
    """`points` and `area` as SVG writes them; "" when there is nothing to draw. `last` and `most` are for the text."""

    points: str
    area: str
    last: float
    most: float


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    height: float
    number: int
    label: str


def line(values: Sequence[float]) -> Line:
    most = max(values, default=0.0)
    if len(values) < 2 or not most:
        return Line("", "", values[-1] if values else 0.0, most)
    step = (WIDTH - 2) / (len(values) - 1)
    room = HEIGHT - 2 * EDGE
    points = " ".join(f"{1 + i * step:.1f},{HEIGHT - EDGE - room * value / most:.1f}" for i, value in enumerate(values))
    return Line(points, f"1,{HEIGHT - 1:.0f} {points} {WIDTH - 1:.0f},{HEIGHT - 1:.0f}", values[-1], most)


def bars(numbers: Sequence[int], labels: Sequence[str], *, width: float, height: float) -> list[Bar]:
    """From left to right in a picture of this size, the highest one as high as the picture."""
    most, step = max([*numbers, 1]), width / max(len(numbers), 1)
    return [
        Bar(round(i * step, 1), round(height - height * n / most, 1), round(height * n / most, 1), n, label)
        for i, (n, label) in enumerate(zip(numbers, labels, strict=True))
    ]
