"""The list of an accountant's clients as a file that a spreadsheet opens: what is missing, for the accountant to mend."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.spreadsheet import as_csv
from systemusers.models import Access, ClientRelation
from systemusers.services.client_relations.listing import ClientRow, client_row


def export(*, access: Access, rows: Iterable[ClientRelation], by: str, at: datetime) -> bytes:
    """A CSV file."""
    shown = [client_row(row, access) for row in rows]
    with transaction.atomic():
        record(by=by, at=at, target=access, what=AuditType.CLIENTS_EXPORTED, number=len(shown))
    header = [
        _("Organisasjonsnummer"),
        _("Navn"),
        _("Tilstand"),
        _("Mangler"),
        _("Sist sett i Altinn"),
        _("Neste steg"),
        _("Hvem"),
    ]
    return as_csv(header, map(_cells, shown))


def _cells(row: ClientRow) -> list[str]:
    seen = row.relation.seen_at
    return [
        row.relation.orgnr, row.name, row.label, ", ".join(row.lacking),
        f"{timezone.localtime(seen):%d.%m.%Y %H:%M}" if seen else "", row.step.text, row.step.who,
    ]  # fmt: skip
