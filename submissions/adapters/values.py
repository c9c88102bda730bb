"""The values that pass between an adapter and the engine: frozen dataclasses of plain values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from submissions.period import Period

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
    `delivered` and `corrects` are for `check` and `examples`: the other reports, and the reference of the one that is corrected.
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

    @property
    def to_replace(self) -> str:
        """The reference of the report that is corrected, "" when that does not stand: then there is nothing to replace."""
        standing = {other.reference for other in self.delivered if other.stands}
        return self.corrects if self.corrects in standing else ""


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
    then, with new keys. `left`: the remote's id of something that the step made beside it, that nobody needs, and that could not
    be removed.
    """

    remote_id: str = ""
    receipt: Receipt | None = None
    look_again_after: timedelta | None = None
    give_up_after: timedelta | None = None
    starts_over: bool = False
    left: str = ""

    def __post_init__(self) -> None:
        if (self.look_again_after is None) != (self.give_up_after is None):
            raise ValueError("an answer that waits says for how long at most")


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
    apps: str = ""
    """Where Altinn's apps are, with {owner} where the owner of an app goes."""
    platform: str = ""
    """Where Altinn's own services are."""

    @property
    def own_key(self) -> UUID:
        """The key of a step that is planned with one. Raises ValueError for another: a fault of the program."""
        if self.key is None:
            raise ValueError("the step was planned without a key")
        return self.key


@dataclass(frozen=True)
class Progress:
    """What became of a report that a person finishes. `receipt` None: nobody has yet. `is_gone`: it was deleted instead.

    `answers` are the authority's documents: name, media type and bytes. `has_ended`: no more of them come.
    """

    receipt: Receipt | None = None
    answers: tuple[tuple[str, str, bytes], ...] = field(default=(), repr=False)
    is_gone: bool = False
    has_ended: bool = False


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


@dataclass(frozen=True)
class EarlierPage:
    """A part of the report of the period before. `facts` are those of all parts so far, as JSON values; stored encrypted.

    `status` is the authority's own word. `next_page` None: this was the last part.
    """

    status: str
    facts: Mapping[str, Any] = field(repr=False)
    next_page: int | None = None
