"""The interface of a way of asking for data (retrieval), and the values that pass between a retrieval and the engine of orders.

As that of adapters (`base`): a retrieval knows one kind of service and imports the gateways; it uses no model, view or task.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, ClassVar, Protocol
from uuid import UUID

from portal.gateways.errors import GatewayError
from submissions.adapters.base import About, Finding, Meaning, NamedFile, PeriodKind


@dataclass(frozen=True)
class Ask:
    """What a person asks for. `kind` is one of the retrieval's kinds, `listed` the bytes of a list of people (empty when none)."""

    kind: str = ""
    listed: bytes = field(default=b"", repr=False)
    email: str = ""
    mobile: str = ""


@dataclass(frozen=True)
class Inquiry:
    """All that a call of an order needs. `remote_id` is the authority's id of the order, "" before it is placed.

    `question` is what `Retrieval.read` made of the person's wish; `reference` our own id of the order.
    """

    base_url: str
    token: str = field(repr=False)
    about: About
    reference: UUID
    today: date
    question: Mapping[str, Any] = field(repr=False)
    remote_id: str = ""


@dataclass(frozen=True)
class Retrieved:
    """The answer: files as they came, and the JSON values that lists show of it."""

    files: tuple[NamedFile, ...]
    facts: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Table:
    """A part of the answer for people. Cells hold no national identity number in clear."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]] = field(repr=False)
    note: str = ""


class Retrieval(Protocol):
    """A way of asking for data instead of delivering it: an Order. Gateway errors pass through `order` and `fetch` unchanged.

    `has_order_step`: the authority works on an order before there is an answer; without it `fetch` is the only call.
    `may_repeat`: the same order (by `Inquiry.reference`) is handled once, however often it arrives. `patience`: after so long
    without an answer a person is asked. `needs_delivery`: only for customers that have reported through this portal.
    `takes_list`: a list of people belongs to the question. `export_formats` are file endings; the answer may name people
    (`names_people`): then only those who may work for the customer open it.
    """

    name: ClassVar[str]
    period_kind: ClassVar[PeriodKind]
    has_order_step: ClassVar[bool]
    may_repeat: ClassVar[bool]
    patience: ClassVar[timedelta]
    needs_delivery: ClassVar[bool]
    takes_list: ClassVar[bool]
    names_people: ClassVar[bool]
    export_formats: ClassVar[tuple[str, ...]]

    def options_fault(self, options: Mapping[str, Any]) -> str:
        """As that of an adapter."""
        ...

    def kinds(self, *, today: date) -> list[tuple[str, str]]:
        """(code, label) of what can be asked for, the usual one first. [] when there is one thing only."""
        ...

    def read(self, ask: Ask, about: About) -> tuple[Mapping[str, Any], list[Finding]]:
        """The question as it is stored, encrypted, and what is wrong with the wish."""
        ...

    def render(self, finding: Finding) -> str:
        """The text of a finding in the current language."""
        ...

    def describe(self, question: Mapping[str, Any]) -> list[tuple[str, str]]:
        """(label, value) pairs of what was asked for, without a national identity number."""
        ...

    def order(self, inquiry: Inquiry) -> str:
        """Place the order. The authority's id of it. One call."""
        ...

    def fetch(self, inquiry: Inquiry) -> Retrieved | None:
        """The answer; None while the authority works on it. Calls that may be repeated."""
        ...

    def meaning(self, error: GatewayError, *, is_ordering: bool) -> Meaning: ...

    def summary(self, facts: Mapping[str, Any]) -> list[tuple[str, str]]:
        """(label, value) pairs in the current language."""
        ...

    def tables(self, files: Sequence[NamedFile]) -> list[Table]:
        """The answer as tables in the current language."""
        ...

    def export(self, files: Sequence[NamedFile], *, format: str) -> NamedFile:
        """The answer for another program, national identity numbers in clear."""
        ...
