"""What a person should see of a message before it is sent: its ids, the people, and the sums of each virksomhet."""

from __future__ import annotations

from decimal import Decimal
from typing import cast

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.core.formats import amount
from submissions.adapters import source_system
from submissions.adapters.amelding.totals import Facts, Unit
from submissions.adapters.base import FileReport

SPACE = "\u00a0"
SHOWN = 10


def summary(report: FileReport) -> list[tuple[str, str]]:
    """(label, value). Amounts are what the file says; deductions without their sign."""
    if not report.facts:
        return []
    facts = cast("Facts", report.facts)
    total = facts["total"]
    shown = source_system.line_of(report.facts)
    shown += [(_("Meldingens id"), report.reference)] if report.reference else []
    shown += [(_("Erstatter"), report.replaces)] if report.replaces else []
    shown += [
        (_("Virksomheter"), str(facts["count"])),
        (_("Inntektsmottakere"), str(total["people"])),
        (_("Brutto"), _kroner(total["gross"])),
        (_("Forskuddstrekk"), _kroner(total["withheld"])),
        (_("Avgiftsgrunnlag"), _kroner(total["basis"])),
    ]
    units = facts["units"] if facts["count"] > 1 else []
    return shown + [(_unit_label(unit), _unit_value(unit)) for unit in units[:SHOWN]]


def _unit_label(unit: Unit) -> str:
    number = unit["orgnr"]
    spaced = f"{number[:3]}{SPACE}{number[3:6]}{SPACE}{number[6:]}" if number else "–"
    return _("Virksomhet %(orgnr)s") % {"orgnr": spaced}


def _unit_value(unit: Unit) -> str:
    people = ngettext("%(n)s ansatt", "%(n)s ansatte", unit["people"]) % {"n": unit["people"]}
    return f"{people} · {_kroner(unit['gross'])}"


def _kroner(text: str) -> str:
    return amount(Decimal(text))
