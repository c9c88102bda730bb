"""Everything that is held about one customer as one zip file: for a person who asks what we have, or a customer that leaves.

Rows are written as JSON, one file for each kind; stored files as they are. Nothing is chosen by hand: HELD names every model that leads
to a customer, and a test fails for a model that is neither there nor in NOT_HELD.
"""

from __future__ import annotations

import base64
import json
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from tempfile import TemporaryFile
from typing import IO, Any
from uuid import UUID

from django.apps import apps
from django.db import models
from django.db.models import Q, QuerySet, Sum

from accounts.models import Customer
from portal.core.audit import AuditEvent, record
from portal.core.audit_events import AuditType
from portal.core.crypto import CannotDecrypt, SealedTextField
from submissions.models import Document
from submissions.services.documents import DocumentDamaged, clean_filename, into_zip

HELD = {
    "accounts.Customer": "pk",
    "accounts.Contact": "customer",
    "accounts.MailAddress": "customer",
    "accounts.CustomerNote": "customer",
    "accounts.Tag": "customers",
    "accounts.CustomerImportRow": "customer",
    "systemusers.Access": "customer",
    "systemusers.SystemUser": "access__customer",
    "systemusers.ChangeRequest": "access__customer",
    "systemusers.CampaignRow": "customer",
    "systemusers.ClientRelation": "access__customer",
    "systemusers.FoundSystemUser": "access__customer",
    "systemusers.Invitation": "access__customer",
    "systemusers.CustomerMail": "access__customer",
    "submissions.Submission": "customer",
    "submissions.Call": "submission__customer",
    "submissions.Approval": "submission__customer",
    "submissions.EarlierDelivery": "submission__customer",
    "submissions.EarlierReport": "submission__customer",
    "submissions.PackageCheck": "submission__customer",
    "submissions.HeapPackage": "draft__customer",
    "submissions.HeapFile": "package__draft__customer",
    "submissions.Document": "customer",
    "submissions.Order": "customer",
    "submissions.Expectation": "customer",
    "submissions.Dialog": "customer",
    "submissions.Transmission": "dialog__customer",
    "submissions.Attachment": "transmission__dialog__customer",
    "submissions.Activity": "dialog__customer",
    "submissions.DialogSource": "dialog__customer",
    "submissions.LabelChange": "dialog__customer",
    "submissions.Opening": "transmission__dialog__customer",
}
"""Models and the way from their rows to the customer."""
NOT_HELD = {
    "accounts.Customer_tags",  # as Tag
    "systemusers.ClientRound", "systemusers.ClientCheck",
    "systemusers.RightsCheck", "submissions.PollCursor", "submissions.EventSubscription",
    "submissions.MissedDialog", "submissions.SubscriptionRound", "submissions.ReceivedEvent",
    "submissions.DialogSeen", "submissions.ReleasedAccess",
    "submissions.RemovedFile",  # a quarter of an hour
}  # fmt: skip
"""Models that say what the portal does next, or what a person of the vendor has seen: nothing about the customer."""
SECRET = ("link_hash", "secret_hash", "filename_hash", "search_name", "sort_name")
"""Columns that are left out: secrets, and what is computed from others. Secret links are of a type of their own."""
LARGEST = 200 * 2**20
"""Bytes of files that a page makes a package of; `manage.py export_customer` has no limit."""
CHUNK = 500


def size_of(customer: Customer) -> int:
    """Bytes of the stored files."""
    return int(Document.objects.filter(customer=customer).aggregate(bytes=Sum("size"))["bytes"] or 0)


def export(*, customer: Customer, by: str, at: datetime) -> IO[bytes]:
    """An open temporary file, at its beginning; closing it removes it. The trail says who asked, before it is made."""
    number = Document.objects.filter(customer=customer).count()
    record(by=by, at=at, target=customer, what=AuditType.HELD_EXPORTED, customer_id=customer.pk, number=number)
    package = TemporaryFile()  # noqa: SIM115 - returned open; the response closes it
    try:
        with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
            lost = _write_files(archive, customer)
            counts = {label: _write_rows(archive, label, _rows(label, way, customer)) for label, way in HELD.items()}
            counts["portal.AuditEvent"] = _write_rows(archive, "portal.AuditEvent", _events(customer))
            about = {
                "customer": {"orgnr": customer.orgnr, "name": customer.name, "environment": customer.environment},
                "made_at": at.isoformat(), "rows": counts, "files_that_cannot_be_read": lost,
            }  # fmt: skip
            archive.writestr("about.json", _json(about))
    except BaseException:
        package.close()
        raise
    package.seek(0)
    return package


def _rows(label: str, way: str, customer: Customer) -> QuerySet[Any]:
    model: Any = apps.get_model(label)
    rows: QuerySet[Any] = model._base_manager.filter(**{way: customer.pk}).order_by("pk")
    return rows


def _events(customer: Customer) -> QuerySet[Any]:
    about = Q(customer_id_ref=customer.pk) | Q(target=f"{customer._meta.label}:{customer.pk}")
    return AuditEvent.objects.filter(about).order_by("pk")


def _write_files(archive: zipfile.ZipFile, customer: Customer) -> list[int]:
    """The ids of documents that are damaged."""
    lost = []
    for document in Document.objects.filter(customer=customer).order_by("pk").iterator(CHUNK):
        try:
            into_zip(document.sha256, archive, name=f"files/{document.pk}-{clean_filename(document.filename)}")
        except (DocumentDamaged, CannotDecrypt):
            lost.append(document.pk)
    return lost


def _write_rows(archive: zipfile.ZipFile, label: str, rows: QuerySet[Any]) -> int:
    """As a JSON list, row by row."""
    number = 0
    with archive.open(f"rows/{label}.json", "w") as file:
        file.write(b"[")
        for row in rows.iterator(CHUNK):
            file.write((b",\n" if number else b"\n") + _json(dict(_columns(row))))
            number += 1
        file.write(b"\n]\n")
    return number


def _columns(row: models.Model) -> Iterator[tuple[str, Any]]:
    for field in row._meta.concrete_fields:
        if field.name in SECRET or isinstance(field, SealedTextField):
            continue
        try:
            yield field.attname, _plain(getattr(row, field.attname))
        except CannotDecrypt:
            yield field.attname, "?"


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        content = bytes(value)
        try:
            return content.decode()
        except UnicodeDecodeError:
            return base64.b64encode(content).decode()
    return (
        value.isoformat()
        if isinstance(value, datetime | date | time)
        else str(value)
        if isinstance(value, UUID)
        else value
    )


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False, default=str).encode()
