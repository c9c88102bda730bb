"""Our Maskinporten clients and the scopes we want for them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from portal.core.audit import record
from systemusers.models import MaskinportenClient


def save_client(*, client: MaskinportenClient, by: str, at: datetime) -> None:
    """Store a new or changed client; scopes no longer wanted are forgotten at the next check."""
    is_new = client.pk is None
    with transaction.atomic():
        client.save()
        what = "added" if is_new else "edited"
        record(by=by, at=at, target=client, what=what, client_id=client.client_id, scopes=client.scopes)
