"""The interface of a way of working (adapter), and the values that pass between an adapter and the engine.

An adapter knows one kind of service: its files, steps, calls, the meaning of answers, and its feedback. The engine in
`submissions.services` knows states, leases, calls and documents, and nothing of any one service. Adapters import the base and
the gateways; they use no model, no view and no task. Everything here is a frozen dataclass of plain values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

from portal.gateways.errors import GatewayError
from submissions.adapters.values import (
    About,
    Answer,
    Candidate,
    Context,
    Delivered,
    EarlierPage,
    Entry,
    FileReport,
    Finding,
    Level,
    Match,
    Meaning,
    NamedFile,
    Progress,
    Receipt,
    Recognition,
    Step,
    StoredDocument,
    beyond,
    count,
)
from submissions.adapters.verdicts import Claim, Payment, Reason, Verdict
from submissions.period import Period, PeriodKind

__all__ = [
    "About", "Adapter", "Answer", "Candidate", "Claim", "Context", "Delivered", "Earlier", "EarlierPage",
    "Entry", "FileReport", "Finding", "HandOver", "Leftovers", "Level", "Match", "Meaning", "NamedFile", "Payment",
    "Period", "PeriodKind", "Progress", "Reason", "Receipt", "Recognition", "Step", "StoredDocument",
    "Verdict", "beyond", "count",
]  # fmt: skip


class Adapter(Protocol):
    """One way of working. Gateway errors pass through `perform` and `locate` unchanged.

    `roles` are the roles of the files that are sent, in the order in which pages show them.
    """

    name: ClassVar[str]
    period_kind: ClassVar[PeriodKind]
    roles: ClassVar[tuple[str, ...]]

    def options_fault(self, options: Mapping[str, Any]) -> str:
        """What is wrong with the options of a catalogue entry, for a developer; "" when nothing is."""
        ...

    def schema(self, options: Mapping[str, Any]) -> dict[str, Any] | None:
        """The JSON Schema of the files of a catalogue entry; None when they are no JSON."""
        ...

    def role_label(self, role: str) -> str: ...

    def step_label(self, step: str) -> str: ...

    def recognise(self, file: NamedFile, entries: Sequence[Entry]) -> Recognition:
        """Which of the services a file is for, whose it is and for which period, by what the file says; the name says nothing.

        `entries` are services of this adapter. It never guesses between two: each that fits is a match. One reading of the file.
        """
        ...

    def inspect(self, file: NamedFile, about: About) -> FileReport:
        """What one file is, and the findings that need only this file."""
        ...

    def check(self, reports: Sequence[FileReport], about: About) -> list[Finding]:
        """The findings of the whole: those of each file, and those between files. The time grows with the number of files."""
        ...

    def summary(self, reports: Sequence[FileReport], counts: Mapping[str, int]) -> list[tuple[str, str]]:
        """(label, value) pairs that a person should see before sending, in the current language.

        `reports` has one report for each role, `counts` the number of files by role: a package may have thousands.
        """
        ...

    def render(self, finding: Finding) -> str:
        """The text of a finding in the current language."""
        ...

    def replaces(self, new_role: str, old_role: str) -> bool:
        """Whether a new file of one role takes the place of one with the other."""
        ...

    def takes_back(self, options: Mapping[str, Any]) -> bool:
        """Whether a report can be deleted by another one."""
        ...

    def deletion(self, files: Sequence[NamedFile], about: About) -> NamedFile | None:
        """A file that deletes what these reported; None when they have nothing that can be named. Only where `takes_back`."""
        ...

    def plan(self, documents: Sequence[StoredDocument]) -> list[Step]:
        """The calls in the order in which they are made. The last one brings the receipt."""
        ...

    def perform(self, step: Step, context: Context) -> Answer:
        """Make the call of one step, and nothing else."""
        ...

    def meaning(self, step: Step, error: GatewayError) -> Meaning: ...

    def locate(self, context: Context, candidates: Sequence[Candidate], *, is_there: bool) -> Candidate | None:
        """After MAYBE_DELIVERED and before any repetition: the candidate that is our report, or None.

        `context.body` is the document of the first step. `is_there`: the remote has said ALREADY_DELIVERED.
        """
        ...

    def is_about(self, context: Context, candidate: Candidate) -> bool:
        """Whether a delivery at the authority is about the period of `context`. True when that cannot be seen."""
        ...

    def verdict(self, transmission_type: str, documents: Sequence[tuple[str, bytes]]) -> Verdict | None:
        """From the transmission's type, else the feedback documents as (media type, bytes). None: nothing decided yet."""
        ...

    def examples(self, about: About, *, name: str, wrong: bool) -> list[NamedFile]:
        """Files that pass the checks, or with `wrong` pass them and are rejected by the authority. For the sandbox only."""
        ...


class Earlier(Protocol):
    """For services that give the report of the period before as a start for the next one."""

    name: ClassVar[str]

    def fetch(self, context: Context, *, page: int, before: Mapping[str, Any]) -> EarlierPage | None:
        """Part `page` of what was before the period of `context`; None when the authority has none. One call.

        `before` are the facts of the parts before it.
        """
        ...

    def summary(self, facts: Mapping[str, Any]) -> list[tuple[str, str]]:
        """(label, value) pairs in the current language."""
        ...

    def differences(self, facts: Mapping[str, Any], reports: Sequence[FileReport]) -> list[Finding]:
        """Where a draft begins otherwise than the period before ended. Rendered by the adapter of the same name."""
        ...


class Leftovers(Protocol):
    """For services where a report that is given up before it is delivered leaves something at the authority."""

    step: ClassVar[str]
    """The step whose `remote_id` names it."""

    def remove(self, context: Context) -> None:
        """Remove it, with the token of `step`. It may be repeated. What is gone already is no error."""
        ...

    def what_is_left(self) -> tuple[str, str]:
        """What stays there when it can not be removed and where, and what a person does about it; in the current language."""
        ...


class HandOver(Protocol):
    """For services where the calls only make the report ready, and a person delivers it at the authority."""

    in_altinn: ClassVar[frozenset[str]]
    """The steps that are made with an exchanged Altinn token."""

    step: ClassVar[str]
    """The step whose `remote_id` names what the person finishes."""

    def look(self, context: Context) -> Progress:
        """How far the person and the authority have come. It only reads; the token is an exchanged one."""
        ...
