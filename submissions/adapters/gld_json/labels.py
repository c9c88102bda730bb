"""What a person should see of a message before it is sent: how many items, and the sums that it states."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import cast

from django.utils.translation import gettext as _

from portal.core.formats import amount
from submissions.adapters import source_system
from submissions.adapters.base import FileReport
from submissions.adapters.gld_json.summary import Facts


def summary(report: FileReport) -> list[tuple[str, str]]:
    """(label, value); over all leveranser of the message. Names of sums are Skatteetaten's own."""
    if not report.facts:
        return []
    facts = cast("Facts", report.facts)
    shown = source_system.line_of(report.facts)
    shown += [(_("Leveranser"), str(facts["deliveries"]))] if facts["deliveries"] > 1 else []
    shown += [(_("Oppgaver"), str(facts["items"]))]
    shown += [(_("Slettinger"), str(facts["deletions"]))] if facts["deletions"] else []
    return shown + [(spoken(name), amount(Decimal(value))) for name, value in facts["sums"].items()]


def spoken(name: str) -> str:
    """`sumAndelFormue` as `Sum andel formue`."""
    words = re.sub(r"(?<=[a-zæøå0-9])(?=[A-ZÆØÅ])", " ", name).lower()
    return words[:1].upper() + words[1:]
