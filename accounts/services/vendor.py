"""The company that runs this portal, as customers see it. One row."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Vendor
from portal.core.audit import record
from portal.core.audit_changes import changes, stored_values, values_of
from portal.core.audit_events import AuditType
from portal.core.masking import masked
from portal.core.stale import check_unchanged

FIELDS = ("name", "orgnr", "logo", "support_email", "support_phone", "tells_opened", "labels_dialogs")
MASKS = {"support_email": masked, "support_phone": masked, "logo": lambda name: "(1)" if name else ""}
"""The name of the logo's file comes from outside."""


def save_vendor(*, fields: dict[str, Any], by: str, at: datetime, seen: str | None = None) -> Vendor:
    """Make or change the vendor row. `fields` are those of the model. Raises EditedMeanwhile when `seen`, the version of a form, is
    out of date.
    """
    with transaction.atomic():
        old = stored_values(Vendor(pk=1), FIELDS)
        if old:
            check_unchanged(Vendor(pk=1, **old), Vendor(pk=1, **fields), list(fields), seen=seen)
        vendor, created = Vendor.objects.update_or_create(pk=1, defaults=fields)
        edits = changes(old=old, new=values_of(vendor, FIELDS), masks=MASKS)
        if edits:
            record(by=by, at=at, target=vendor, what=AuditType.ADDED if created else AuditType.EDITED, changes=edits)
    return vendor


def save_outside(*, tells_opened: bool, labels_dialogs: bool, seen: str | None, by: str, at: datetime) -> Vendor:
    """What people here may do that the customer's own people see in Altinn.

    Raises EditedMeanwhile, and Vendor.DoesNotExist before there is a vendor.
    """
    fields = {"tells_opened": tells_opened, "labels_dialogs": labels_dialogs}
    with transaction.atomic():
        Vendor.objects.select_for_update().get(pk=1)
        return save_vendor(fields=fields, by=by, at=at, seen=seen)
