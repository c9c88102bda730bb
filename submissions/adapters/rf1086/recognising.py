"""Whether a file is a form of RF-1086, by the attributes of its root, and for which company and year."""

from __future__ import annotations

from collections.abc import Sequence

from submissions.adapters.base import Entry, Match, NamedFile, Recognition
from submissions.adapters.numbers import is_orgnr
from submissions.adapters.rf1086 import names
from submissions.adapters.rf1086.checking import ROLES, period_of
from submissions.adapters.rf1086.parsing import OTHER_FORMS, Unreadable, read_form


def recognise(file: NamedFile, entries: Sequence[Entry]) -> Recognition:
    try:
        form = read_form(file.content, file.name)
    except Unreadable as error:
        return Recognition(finding=None if error.finding.code in OTHER_FORMS else error.finding)
    number = form.text(names.ORGNR)
    about = number if is_orgnr(number) else "", period_of(form.text(names.YEAR)), ROLES[form.kind]
    return Recognition(tuple(Match(entry.service, *about) for entry in entries))
