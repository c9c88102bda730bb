"""The list of an accountant's clients as a file that a spreadsheet opens: what is missing, for the accountant to mend."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.core.audit import record
from portal.core.audit_events import AuditType
from systemusers.models import Access, ClientRelation
from systemusers.services.client_relations.listing import client_row

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the beginning of a formula."""
BOM = "\ufeff"
"""Without it Excel takes the file for another encoding."""


def export(*, access: Access, rows: Iterable[ClientRelation], by: str, at: datetime) -> bytes:
    """Semicolons, as a Norwegian Excel wants; UTF-8."""
    shown = [client_row(row, access) for row in rows]
    with transaction.atomic():
        record(by=by, at=at, target=access, what=AuditType.CLIENTS_EXPORTED, number=len(shown))
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(
        [
            _("Organisasjonsnummer"),
            _("Navn"),
            _("Tilstand"),
            _("Mangler"),
            _("Sist sett i Altinn"),
            _("Neste steg"),
            _("Hvem"),
        ]
    )
    for row in shown:
        seen = row.relation.seen_at
        cells = [
            row.relation.orgnr, row.name, row.label, ", ".join(row.lacking),
            f"{timezone.localtime(seen):%d.%m.%Y %H:%M}" if seen else "", row.step.text, row.step.who,
        ]  # fmt: skip
        writer.writerow([plain(cell) for cell in cells])
    return (BOM + text.getvalue()).encode()


def plain(cell: str) -> str:
    """The text with an apostrophe before what a spreadsheet would calculate."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
