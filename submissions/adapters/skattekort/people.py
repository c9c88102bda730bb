"""The list of employees: one national identity number on each line, or a CSV file with a column of them.

Faults name the line and show the number masked. Nothing of the list is logged.
"""

from __future__ import annotations

import re

from submissions.adapters.base import Finding, Level, beyond
from submissions.adapters.numbers import hidden, is_person_number

MOST_BYTES = 1_000_000
MOST_SHOWN = 100
_CELLS = re.compile(r"[;,\t]")
_GAPS = re.compile("[ .\u00a0-]")
_NUMBER = re.compile(r"[0-9]{11}")
_NEARLY = re.compile(r"[0-9]{9,13}")


def read(content: bytes) -> tuple[list[str], list[Finding]]:
    """The numbers in the order of the file, each once, and what is wrong. With an error in it the list must not be used."""
    if len(content) > MOST_BYTES:
        return [], [Finding(Level.ERROR, "LIST_TOO_LARGE", {"most": str(MOST_BYTES // 10**6)})]
    numbers: dict[str, int] = {}
    findings: list[Finding] = []
    for line, text in enumerate(_decoded(content).splitlines(), start=1):
        if not text.strip(" ;,\t\"'"):
            continue
        number, fault = _of_line(text, is_first=not numbers and not findings)
        if fault:
            findings.append(Finding(Level.ERROR, fault[0], fault[1], line=line))
        elif number in numbers:
            params = {"number": hidden(number), "before": str(numbers[number])}
            findings.append(Finding(Level.WARNING, "REPEATED", params, line=line))
        elif number:
            numbers[number] = line
    if not numbers and not findings:
        findings.append(Finding(Level.ERROR, "LIST_EMPTY"))
    return list(numbers), _few(findings)


def _few(findings: list[Finding]) -> list[Finding]:
    rest = findings[MOST_SHOWN:]
    return [*findings[:MOST_SHOWN], beyond([finding.level for finding in rest])] if rest else findings


def _decoded(content: bytes) -> str:
    """UTF-8, with or without a BOM, else as old Windows programs write."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _of_line(text: str, *, is_first: bool) -> tuple[str, tuple[str, dict[str, str]] | None]:
    """(number, None); ("", None) for a heading; ("", the code of a fault and its parameters)."""
    cells = [_GAPS.sub("", cell.strip(" \"'")) for cell in _CELLS.split(text)]
    numbers = [cell for cell in cells if _NUMBER.fullmatch(cell)]
    right = list(dict.fromkeys(cell for cell in numbers if is_person_number(cell)))
    if len(right) == 1:
        return right[0], None
    if right:
        return "", ("TWO_NUMBERS", {})
    if numbers:
        return "", ("IMPROBABLE", {"number": hidden(numbers[0])})
    nearly = [cell for cell in cells if _NEARLY.fullmatch(cell)]
    if nearly:
        return "", ("DIGITS", {"number": hidden(nearly[0]), "n": str(len(nearly[0]))})
    is_heading = is_first and not any(char.isdigit() for char in text)
    return "", None if is_heading else ("NO_NUMBER", {})
