"""Our Maskinporten clients and the scopes we want for them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from portal.core.audit import record
from portal.core.audit_changes import changes, stored_values, values_of
from portal.core.audit_events import AuditType
from systemusers.models import MaskinportenClient

FIELDS = ("environment", "client_id", "name", "orgnr", "scopes")


def save_client(*, client: MaskinportenClient, by: str, at: datetime) -> None:
    """Store a new or changed client; scopes no longer wanted are forgotten at the next check."""
    what = AuditType.ADDED if client.pk is None else AuditType.EDITED
    with transaction.atomic():
        old = stored_values(client, FIELDS)
        client.save()
        edits = changes(old=old, new=values_of(client, FIELDS))
        record(by=by, at=at, target=client, what=what, client_id=client.client_id, changes=edits)
