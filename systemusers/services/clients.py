"""Our Maskinporten clients and the scopes we want for them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from portal.core.audit import record
from portal.core.audit_changes import changes, values_of
from portal.core.audit_events import AuditType
from portal.core.stale import check_unchanged
from systemusers.models import MaskinportenClient

COLUMNS = ("name", "client_id", "orgnr", "scopes")
"""Those that the form writes."""
RECORDED = ("environment", *COLUMNS)


def save_client(*, client: MaskinportenClient, by: str, at: datetime, seen: str | None = None) -> None:
    """Store a new or changed client; scopes no longer wanted are forgotten at the next check.

    `seen`: the version that the form showed. Raises EditedMeanwhile when somebody changed the client since.
    """
    with transaction.atomic():
        stored = MaskinportenClient.objects.select_for_update().filter(pk=client.pk).first()
        if stored:
            check_unchanged(stored, client, COLUMNS, seen=seen)
        client.save(update_fields=COLUMNS if stored else None)
        edits = changes(old=values_of(stored, RECORDED) if stored else {}, new=values_of(client, RECORDED))
        what = AuditType.EDITED if stored else AuditType.ADDED
        record(by=by, at=at, target=client, what=what, client_id=client.client_id, changes=edits)
