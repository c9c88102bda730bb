"""Checks one message: for the right organisation and month, with an id of its own, and with sums that agree.

What the service refuses by a published code is an error. What is known from the printed example only is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from submissions.adapters.amelding import totals
from submissions.adapters.amelding.fields import CERTAIN, FROM_EXAMPLE, MESSAGE_ID, MONTH, PARTY, REPLACED_ID
from submissions.adapters.base import (
    About,
    Delivered,
    Entry,
    FileReport,
    Finding,
    Level,
    Match,
    NamedFile,
    Period,
    Recognition,
)  # fmt: skip
from submissions.adapters.json_files import kinds
from submissions.adapters.json_files.parsing import Unreadable, parse, read_text
from submissions.adapters.json_files.rules import Fault, Names, find_list
from submissions.adapters.json_files.walking import MOST_FINDINGS, check_fields, findings_of
from submissions.adapters.numbers import is_orgnr, masked
from submissions.adapters.one_file import MESSAGE

ROOT = "leveranse"
"""The role of the one file."""


@dataclass(frozen=True)
class Message:
    """The leveranse of a file that is a message. Texts are "" where it has none."""

    delivery: Mapping[str, Any]

    def text(self, names: Names) -> str:
        value = find_list(self.delivery, names)
        return value.strip() if isinstance(value, str) else ""

    @property
    def month(self) -> Period | None:
        try:
            period = Period.read(self.text(MONTH))
        except ValueError:
            return None
        return period if str(period) == self.text(MONTH) and len(self.text(MONTH)) == 7 else None


def recognise(file: NamedFile, entries: Sequence[Entry]) -> Recognition:
    """A message names its month and whom it is about; one without both is of another kind."""
    try:
        message = read_message(parse(read_text(file.content, file.name), file.name))
    except Unreadable as error:
        return Recognition(finding=error.finding)
    if message is None or not (message.text(PARTY) or message.text(MONTH)):
        return Recognition()
    number = message.text(PARTY)
    about = number if is_orgnr(number) else "", message.month, MESSAGE
    return Recognition(tuple(Match(entry.service, *about) for entry in entries))


def inspect(file: NamedFile, about: About) -> FileReport:
    """What the file is, and its findings."""
    try:
        text = read_text(file.content, file.name)
        value = parse(text, file.name)
    except Unreadable as error:
        return FileReport("", (error.finding,), file=file.name)
    message = read_message(value)
    if message is None:
        return FileReport("", tuple(findings_of([Fault("NOT_A_MESSAGE", ())], text, file.name)), file=file.name)
    faults = list(islice(_faults(message, about), MOST_FINDINGS * 10))
    return FileReport(
        MESSAGE,
        tuple(findings_of(faults, text, file.name)),
        message.text(PARTY),
        message.month,
        file.name,
        totals.facts(message.delivery),
        reference=message.text(MESSAGE_ID).lower(),
        replaces=message.text(REPLACED_ID).lower(),
    )


def read_message(value: Any) -> Message | None:
    content = value.get(ROOT) if isinstance(value, dict) else None
    return Message(content) if isinstance(content, dict) else None


def _faults(message: Message, about: About) -> Iterator[Fault]:
    delivery, path = message.delivery, (ROOT,)
    yield from _belongs(message, about)
    yield from check_fields(delivery, CERTAIN, path, is_certain=True)
    if message.text(MESSAGE_ID) and message.text(MESSAGE_ID).lower() == message.text(REPLACED_ID).lower():
        yield Fault("REPLACES_ITSELF", (*path, *REPLACED_ID))
    yield from check_fields(delivery, FROM_EXAMPLE, path, is_certain=False)
    yield from totals.compare(path, delivery)


def _belongs(message: Message, about: About) -> Iterator[Fault]:
    given, where = message.text(PARTY), (ROOT, *PARTY)
    if given and given != about.orgnr:
        params = {"given": masked(given)[: kinds.MOST_SHOWN], "orgnr": about.orgnr}
        yield Fault("OTHER_CUSTOMER", where, params)
    elif about.main_unit:
        yield Fault("SUB_UNIT", where, {"main": about.main_unit})
    if message.month and message.month != about.period:
        yield Fault("OTHER_MONTH", (ROOT, *MONTH), {"given": str(message.month), "month": str(about.period)})


def between(report: FileReport, about: About) -> Iterator[Finding]:
    """What the message means beside the others of the month: its own id must be new, and it should replace what it corrects."""
    standing = [other.reference for other in about.delivered if other.stands]
    if report.reference in {other.reference for other in about.delivered}:
        yield Finding(Level.ERROR, "USED_ID", {"id": report.reference}, report.file)
    if about.to_replace and report.replaces != about.to_replace:
        yield Finding(Level.ERROR, "MUST_REPLACE", {"id": about.corrects}, report.file)
    elif report.replaces and report.replaces not in standing:
        yield Finding(Level.WARNING, _why_not(report.replaces, about.delivered), {"id": report.replaces}, report.file)
    elif standing and not report.replaces:
        yield Finding(Level.WARNING, "COMES_BESIDE", {"id": ", ".join(standing)}, report.file)


def _why_not(reference: str, others: tuple[Delivered, ...]) -> str:
    """Why the message that is to be replaced does not stand, as far as we know."""
    return "REPLACES_UNKNOWN" if reference not in {other.reference for other in others} else "REPLACES_FALLEN"
