"""docs/security.md has every requirement of ASVS 4.0.3, levels 1 and 2, each with a verdict and evidence that exists."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
FILE = re.compile(r"`([\w.-]+(?:/[\w.-]*)*)`")
REQUIREMENTS: dict[str, list[int]] = {
    "1.1": [*range(1, 8)], "1.2": [1, 2, 3, 4], "1.4": [1, 4, 5], "1.5": [1, 2, 3, 4], "1.6": [1, 2, 3, 4], "1.7": [1, 2],
    "1.8": [1, 2], "1.9": [1, 2], "1.10": [1], "1.11": [1, 2], "1.12": [2], "1.14": [*range(1, 7)],
    "2.1": [*range(1, 13)], "2.2": [1, 2, 3], "2.3": [1, 2, 3], "2.4": [*range(1, 6)], "2.5": [*range(1, 8)], "2.6": [1, 2, 3],
    "2.7": [*range(1, 7)], "2.8": [*range(1, 8)], "2.9": [1, 2, 3], "2.10": [1, 2, 3, 4],
    "3.1": [1], "3.2": [1, 2, 3, 4], "3.3": [1, 2, 3, 4], "3.4": [*range(1, 6)], "3.5": [1, 2, 3], "3.7": [1],
    "4.1": [1, 2, 3, 5], "4.2": [1, 2], "4.3": [1, 2, 3],
    "5.1": [*range(1, 6)], "5.2": [*range(1, 9)], "5.3": [*range(1, 11)], "5.4": [1, 2, 3], "5.5": [1, 2, 3, 4],
    "6.1": [1, 2, 3], "6.2": [*range(1, 7)], "6.3": [1, 2], "6.4": [1, 2],
    "7.1": [1, 2, 3, 4], "7.2": [1, 2], "7.3": [1, 3, 4], "7.4": [1, 2, 3],
    "8.1": [1, 2, 3, 4], "8.2": [1, 2, 3], "8.3": [*range(1, 9)],
    "9.1": [1, 2, 3], "9.2": [1, 2, 3, 4], "10.2": [1, 2], "10.3": [1, 2, 3], "11.1": [*range(1, 9)],
    "12.1": [1, 2, 3], "12.2": [1], "12.3": [*range(1, 7)], "12.4": [1, 2], "12.5": [1, 2], "12.6": [1],
    "13.1": [1, 3, 4, 5], "13.2": [1, 2, 3, 5, 6], "13.3": [1, 2], "13.4": [1, 2],
    "14.1": [1, 2, 3, 4], "14.2": [*range(1, 7)], "14.3": [2, 3], "14.4": [*range(1, 8)], "14.5": [1, 2, 3, 4],
}  # fmt: skip
"""Those of levels 1 and 2, without the numbers that the standard has deleted and those of level 3 alone."""
LEAST_REASON = 40
"""Characters."""


def test_every_requirement_stands_there_once_and_in_its_order() -> None:
    wanted = [f"{section}.{number}" for section, numbers in REQUIREMENTS.items() for number in numbers]

    assert [number for number, *_rest in ROW.findall(TEXT)] == wanted


def test_each_has_a_verdict_and_what_shows_it() -> None:
    rows = ROW.findall(TEXT)

    assert {verdict for _number, _asked, verdict, _why in rows} == {"yes", "partly", "n/a"}
    assert [number for number, _asked, verdict, why in rows if verdict == "partly" and len(why) < LEAST_REASON] == []
    assert [number for number, asked, _verdict, why in rows if len(asked) < 5 or len(why) < 5] == []


def test_every_file_that_is_named_as_evidence_exists() -> None:
    named = {(number, file) for number, _asked, _verdict, why in ROW.findall(TEXT) for file in FILE.findall(why)}
    files = {
        (number, file) for number, file in named if "/" in file or re.search(r"\.(py|md|yml|toml|json|lock)$", file)
    }

    assert len(files) > 100
    assert [(number, file) for number, file in sorted(files) if not (ROOT / file).exists()] == []
