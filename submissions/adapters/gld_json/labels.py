"""What a person should see of a message before it is sent: how many items, and the sums that it states."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import cast

from django.utils.translation import gettext as _

from submissions.adapters.base import FileReport
from submissions.adapters.gld_json.summary import Facts

SPACE = "\u00a0"


def summary(report: FileReport) -> list[tuple[str, str]]:
    """(label, value); sums over all leveranser of the message. Names of sums are Skatteetaten's own."""
    deliveries = cast("Facts", report.facts).get("deliveries", [])
    if not deliveries:
        return []
    deletions = sum(delivery["deletions"] for delivery in deliveries)
    shown = [(_("Leveranser"), str(len(deliveries)))] if len(deliveries) > 1 else []
    shown += [(_("Oppgaver"), str(sum(delivery["items"] for delivery in deliveries)))]
    shown += [(_("Slettinger"), str(deletions))] if deletions else []
    names = dict.fromkeys(name for delivery in deliveries for name in delivery["sums"])
    return shown + [(spoken(name), _total([d["sums"].get(name, "0") for d in deliveries])) for name in names]


def spoken(name: str) -> str:
    """`sumAndelFormue` as `Sum andel formue`."""
    words = re.sub(r"(?<=[a-zæøå0-9])(?=[A-ZÆØÅ])", " ", name).lower()
    return words[:1].upper() + words[1:]


def _total(values: list[str]) -> str:
    return f"{sum(map(Decimal, values)):,f}".replace(",", SPACE)
