"""The interface of a way of working (adapter), and the values that pass between an adapter and the engine.

An adapter knows one kind of service: its files, steps, calls, the meaning of answers, and its feedback. The engine in
`submissions.services` knows states, leases, calls and documents, and nothing of any one service. Adapters import the base and
the gateways; they use no model, no view and no task. Everything here is a frozen dataclass of plain values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Protocol
from uuid import UUID

from portal.gateways.errors import GatewayError
from submissions.adapters.verdicts import Claim, Payment, Reason, Verdict
from submissions.period import Period, PeriodKind

__all__ = [
    "About", "Adapter", "Answer", "Candidate", "Claim", "Context", "Delivered", "Earlier", "EarlierPage",
    "Entry", "FileReport", "Finding", "Leftovers", "Level", "Match", "Meaning", "NamedFile", "Payment",
    "Period", "PeriodKind", "Reason", "Receipt", "Recognition", "Step", "StoredDocument",
    "Verdict", "beyond", "count",
]  # fmt: skip
MORE = "MORE"
"""The code of the finding that stands for those that are not listed."""


class Level(StrEnum):
    ERROR = "ERROR"  # Skatteetaten would not accept the file
    WARNING = "WARNING"  # it would be accepted, and probably rejected or questioned


@dataclass(frozen=True)
class Finding:
    """The result of one local check, as facts. The text is rendered from `code` and `params` in the reader's language.

    `path` is the element's names (XML) or keys (JSON) from the root down; `params` holds no national identity number in clear.
    """

    level: Level
    code: str
    params: Mapping[str, str] = field(default_factory=dict)
    file: str = ""
    line: int | None = None
    path: str = ""


def beyond(levels: Sequence[Level], *, file: str = "") -> Finding:
    """One finding that stands for findings that are not listed. Every adapter has a text for MORE."""
    errors = levels.count(Level.ERROR)
    level = Level.ERROR if errors else Level.WARNING
    return Finding(level, MORE, {"n": str(len(levels)), "errors": str(errors)}, file)


def count(findings: Iterable[Finding]) -> Counter[Level]:
    """How many errors and warnings there are, with those that are not listed."""
    total: Counter[Level] = Counter()
    for finding in findings:
        if finding.code == MORE:
            errors = int(finding.params["errors"])
            total.update({Level.ERROR: errors, Level.WARNING: int(finding.params["n"]) - errors})
        else:
            total[finding.level] += 1
    return total


@dataclass(frozen=True)
class NamedFile:
    """A file as a person handed it over."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Delivered:
    """Another report about the same, which the authority has or soon may have. `reference` and `replaces` as in FileReport.

    `stands`: it was accepted, and no later accepted one has replaced it.
    """

    reference: str
    replaces: str = ""
    stands: bool = False


@dataclass(frozen=True)
class About:
    """What a report must be about. `service` is the id in the catalogue, `options` the entry's own data for the adapter.

    `main_unit`: the organisation is a sub-unit of this one, by the business register; "" when the register says no such thing.
    `delivered` and `corrects` are for `check` alone: the other reports, and the reference of the one that this draft corrects.
    `dialog_id` is the dialog in which the authority asked for it; "" for what is sent of one's own accord.
    """

    orgnr: str
    period: Period
    service: str
    options: Mapping[str, Any] = field(default_factory=dict)
    main_unit: str = ""
    delivered: tuple[Delivered, ...] = ()
    corrects: str = ""
    dialog_id: str = ""


@dataclass(frozen=True)
class Entry:
    """A service that a file may be for: its id in the catalogue, and the entry's own data for the adapter."""

    service: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Match:
    """A service that a file fits. `orgnr` "" and `period` None: the file does not say, or says several."""

    service: str
    orgnr: str = ""
    period: Period | None = None
    role: str = ""


@dataclass(frozen=True)
class Recognition:
    """What a file can be: several matches when it fits several services. `finding` is why it cannot be read at all.

    Without matches and without a finding it is a readable file of another kind.
    """

    matches: tuple[Match, ...] = ()
    finding: Finding | None = None


@dataclass(frozen=True)
class FileReport:
    """What one file is: `role` "" when unknown, `orgnr` and `period` as far as the file names them.

    `facts` are the JSON values that the adapter's `check` and `summary` need of this file. They are stored encrypted with the
    file, so that neither reads it again.

    `reference`: the id that the report itself carries, and by which a later one may say that it replaces it. `replaces`: the id
    of the report that this one replaces. "" for services without such ids: there the newest accepted report is the one that stands.
    """

    role: str
    findings: tuple[Finding, ...] = ()
    orgnr: str = ""
    period: Period | None = None
    file: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict, repr=False)
    reference: str = ""
    replaces: str = ""

    @property
    def has_errors(self) -> bool:
        return any(finding.level == Level.ERROR for finding in self.findings)


@dataclass(frozen=True)
class StoredDocument:
    """A document of the submission as a plan needs it; the bytes are read when a step is performed."""

    id: int
    role: str
    filename: str


@dataclass(frozen=True)
class Step:
    """One planned call, stored as a Call. `code` is the adapter's own; `key` is made by `plan`, once.

    `may_repeat`: the same key and body are handled once by the remote, however often they arrive; or the step sends no
    document and only reads. The engine repeats such a step by itself; another one only after `locate` found nothing.
    """

    code: str
    document_id: int | None = None
    key: UUID | None = None
    may_repeat: bool = False


@dataclass(frozen=True)
class Receipt:
    """The remote has the report; the verdict is not known. Ids "" where the service gives none.

    `raw` is the remote's answer, byte for byte. It is kept as the receipt document.
    """

    dialog_id: str = ""
    transmission_id: str = ""
    reference: str = ""
    raw: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Answer:
    """What a step returned.

    `look_again_after`: the remote works on it; the same step is performed again after that time, and more rarely the longer
    it takes. `give_up_after` the first such answer the report ends FAILED, and a person decides. Only for steps that deliver
    nothing. `starts_over`: what this and the earlier steps left at the remote is of no use; all of them are performed again
    then, with new keys.
    """

    remote_id: str = ""
    receipt: Receipt | None = None
    look_again_after: timedelta | None = None
    give_up_after: timedelta | None = None
    starts_over: bool = False


@dataclass(frozen=True)
class Context:
    """All that a step needs: the service's address and a token for it, the body, and the answers of earlier steps by code."""

    base_url: str
    token: str = field(repr=False)
    about: About
    body: bytes = field(repr=False)
    key: UUID | None
    remote_ids: Mapping[str, str]
    counts: Mapping[str, int]
    """The number of planned steps by step code."""
    filename: str = ""
    """The name of the document of the step; "" without one."""


@dataclass(frozen=True)
class Candidate:
    """A delivery in Dialogporten that may be ours: sent on this service for this customer since ours was queued."""

    dialog_id: str
    transmission_id: str
    created_at: datetime
    reference: str


class Meaning(StrEnum):
    """What a gateway's error says about a step. The step had been started: the request may have left."""

    FINAL = "FINAL"
    """The report is refused as it is. It ends FAILED with the reasons."""
    NOT_DELIVERED = "NOT_DELIVERED"
    """As FINAL, and no earlier call of this step was accepted either."""
    TRY_LATER = "TRY_LATER"
    """Nothing was delivered, or repeating is safe. The same step is made again after a wait."""
    MAYBE_DELIVERED = "MAYBE"
    """The report becomes UNCERTAIN, and nothing is repeated before `locate` was asked."""
    MAYBE_TWICE = "MAYBE_TWICE"
    """As MAYBE_DELIVERED, and it is not known that the remote takes a repetition for the same report. The step is only
    repeated when Dialogporten's lists must show what arrived; a person is asked about what they show and nobody claims."""
    ALREADY_DELIVERED = "ALREADY"
    """As MAYBE_DELIVERED, and the remote has the report for certain: the step is never repeated."""
    OURS_TO_MEND = "OURS"
    """The vendor's own client or rights. The report waits in the queue."""
    WAIT_FOR_RIGHTS = "RIGHTS"
    """The customer's rights. The report waits in the queue."""


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


@dataclass(frozen=True)
class EarlierPage:
    """A part of the report of the period before. `facts` are those of all parts so far, as JSON values; stored encrypted.

    `status` is the authority's own word. `next_page` None: this was the last part.
    """

    status: str
    facts: Mapping[str, Any] = field(repr=False)
    next_page: int | None = None


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
        """Remove it. One call, which may be repeated. What is gone already is no error."""
        ...
