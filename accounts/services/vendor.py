"""The company that runs this portal, as customers see it. One row."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Vendor
from portal.core.audit import record


def save_vendor(*, fields: dict[str, Any], by: str, at: datetime) -> Vendor:
    """Make or change the vendor row. `fields` are those of the model."""
    with transaction.atomic():
        vendor, _created = Vendor.objects.update_or_create(pk=1, defaults=fields)
        record(by=by, at=at, target=vendor, what="edited", fields=sorted(fields))
    return vendor
