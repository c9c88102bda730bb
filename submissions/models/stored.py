"""The shapes of the JSON columns of submissions and documents. All of these columns are encrypted."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict


class Finding(TypedDict):
    """One finding of a local check. `level` is ERROR or WARNING; the text is rendered from `code` and `params`."""

    level: str
    code: str
    params: dict[str, str]
    file: str
    line: int | None
    path: str


class Report(TypedDict):
    """What one file is. `period` is its first day, "" when the file names none; `facts` has the adapter's own shape.

    `reference` and `replaces` are those of `FileReport`; reports of older releases have neither.
    """

    role: str
    findings: list[Finding]
    orgnr: str
    period_kind: str
    period: str
    facts: dict[str, Any]
    reference: NotRequired[str]
    replaces: NotRequired[str]


class Refused(TypedDict):
    """A file that was not taken in, and why."""

    file: str
    findings: list[Finding]


class Reason(TypedDict, total=False):
    """One reason of an authority, in its own words. `file` is ours: the file that was refused."""

    code: str
    text: str
    description: str
    guidance: str
    severity: str
    where: str
    file: str


class Claim(TypedDict):
    """One amount to pay. `what` is the authority's word, `amount` a decimal text or ""."""

    what: str
    amount: str
    kid: str


class Payment(TypedDict):
    """What the feedback of an accepted report says is to be paid. `due` is an ISO date; "" when it does not say."""

    claims: list[Claim]
    account: str
    due: str


class Match(TypedDict):
    """What a file of a heap can be. `period` is its first day; "" for what the file does not say."""

    service: str
    orgnr: str
    period_kind: str
    period: str
    role: str


class Detail(TypedDict, total=False):
    """Why a file of a heap is in no package: a finding of the adapter with that name, or the parameters of a text of ours."""

    adapter: str
    finding: Finding
    params: dict[str, str]
