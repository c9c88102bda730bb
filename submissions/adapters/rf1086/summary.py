"""What a person should recognise before sending: the company, its shares and the number of shareholders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from django.utils.translation import gettext as _

from submissions.adapters.base import FileReport
from submissions.adapters.numbers import masked
from submissions.adapters.rf1086.facts import MainFacts


def summary(reports: Sequence[FileReport], counts: Mapping[str, int]) -> list[tuple[str, str]]:
    """Label and value in the current language. `reports` has the main form if there is one, `counts` the files by role."""
    main = next((cast("MainFacts", report.facts) for report in reports if report.role == "MAIN"), None)
    shown = [(_("Selskap"), main["company"]), (_("Aksjer"), main["shares"])] if main else []
    return [(label, masked(value)) for label, value in shown if value] + [(_("Aksjonærer"), str(counts.get("PART", 0)))]
