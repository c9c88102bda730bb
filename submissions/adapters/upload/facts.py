"""What is read of a file before it is sent: enough to know whom and what it is about. The rest is the authority's control."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Self

from submissions.adapters.base import FileReport, Finding, Period

FILE = "FILE"
"""The role of the one file."""
MOST_BYTES = 100 * 10**6
"""Our own limit, as the authority's is not public: the file is in memory while it is checked and while it is sent."""
MOST_LISTED = 20


@dataclass(frozen=True)
class Facts:
    """`kind` names what the file is, in the authority's words. `replaces` is the reference of the message it replaces."""

    kind: str = ""
    deliveries: int = 0
    items: int = 0
    references: list[str] = field(default_factory=list)
    replaces: str = ""
    source: str = ""

    @classmethod
    def of(cls, report: FileReport) -> Self:
        """Tolerant of facts that another release stored."""
        known = {name: report.facts[name] for name in cls.__dataclass_fields__ if name in report.facts}
        return cls(**known)

    def stored(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Read:
    """A file of the right form, with the findings that need nothing else. `stated` is the period as the file writes it."""

    orgnr: str
    period: Period | None
    facts: Facts
    findings: tuple[Finding, ...] = ()
    stated: str = ""
