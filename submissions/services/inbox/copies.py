"""Updates local copies: dialogs in bulk, transmissions and activities per dialog. Called inside a transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from accounts.models import Customer
from portal.core import lease
from portal.gateways import urns
from portal.gateways.dialogporten import ActivityItem, DialogItem, TransmissionItem
from submissions.models import Activity, Dialog, Submission, Transmission
from systemusers.models import Access

CHANGING = [
    "status", "extended_status", "external_reference", "title", "summary", "progress", "due_at", "updated_at",
    "content_updated_at", "is_content_seen", "system_labels", "access",
]  # fmt: skip


def best_text(texts: Mapping[str, str]) -> str:
    """The text in the first available language: bokmål, nynorsk, English, then any other."""
    return next((texts[code] for code in ("nb", "nn", "en") if texts.get(code)), next(iter(texts.values()), ""))


def store_dialogs(*, access: Access, items: list[DialogItem], at: datetime) -> list[int]:
    """Insert or update by dialog id; a newer copy is kept. Returns ids of those to fetch transmissions for."""
    newest = {item.id: item for item in sorted(items, key=lambda item: item.updated_at)}
    if not newest:
        return []
    known = dict(
        Dialog.objects.filter(environment=access.environment, dialog_id__in=newest).values_list(
            "dialog_id", "updated_at"
        )
    )
    changed = [
        item for item in newest.values() if not known.get(UUID(item.id)) or known[UUID(item.id)] < item.updated_at
    ]
    changed.sort(key=lambda item: item.id)  # two workers that store the same dialogs lock them in the same order
    owners = _owners(access, changed)
    rows = [_row(access, item, owners[item.party], at) for item in changed if item.party in owners]
    stored = Dialog.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["environment", "dialog_id"], update_fields=CHANGING, batch_size=1000
    )
    lease.make_due(Dialog.objects.filter(pk__in=[row.pk for row in stored if UUID(str(row.dialog_id)) in known]), at=at)
    return [row.pk for row in stored]


def _owners(access: Access, items: list[DialogItem]) -> dict[str, Customer]:
    """The customer each party is: for an agent's clients, only those who are customers of ours."""
    orgnrs = {urns.orgnr_of(item.party) for item in items}
    if orgnrs <= {access.customer.orgnr}:
        return {urns.organisation(access.customer.orgnr): access.customer}
    rows = Customer.objects.filter(environment=access.environment, orgnr__in=orgnrs)
    return {urns.organisation(row.orgnr): row for row in rows}


def _row(access: Access, item: DialogItem, customer: Customer, at: datetime) -> Dialog:
    return Dialog(
        environment=access.environment,
        customer=customer,
        access=access,
        dialog_id=item.id,
        org=item.org,
        service_resource=item.service_resource,
        status=item.status,
        extended_status=item.extended_status or "",
        external_reference=item.external_reference or "",
        title=best_text(item.title),
        summary=best_text(item.summary),
        progress=item.progress,
        due_at=item.due_at,
        created_at=item.created_at,
        updated_at=item.updated_at,
        content_updated_at=item.content_updated_at,
        is_content_seen=item.is_content_seen,
        system_labels=list(item.system_labels),
        next_attempt_at=at,
    )


def store_transmissions(*, dialog: Dialog, items: list[TransmissionItem]) -> list[Transmission]:
    """Insert or update all transmissions of one dialog, tied to the submissions they are or answer."""
    ours = _submissions(dialog, items)
    rows = [
        Transmission(
            dialog=dialog,
            transmission_id=item.id,
            related_id=item.related_transmission_id or None,
            type=item.type,
            title=best_text(item.title),
            summary=best_text(item.summary),
            external_reference=item.external_reference or "",
            is_authorized=item.is_authorized,
            attachments=[attachment.as_json() for attachment in item.attachments],
            created_at=item.created_at,
            submission_id=ours.get(item.related_transmission_id or "", ours.get(item.id)),
        )
        for item in items
    ]
    return Transmission.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["dialog", "transmission_id"],
        update_fields=["title", "summary", "is_authorized", "attachments", "submission"],
    )


def _submissions(dialog: Dialog, items: list[TransmissionItem]) -> dict[str, int]:
    """Our submissions by transmission id: the receipt gave us the id of the transmission that is the submission."""
    wanted = {item.id for item in items} | {
        item.related_transmission_id for item in items if item.related_transmission_id
    }
    rows = Submission.objects.filter(
        environment=dialog.environment, customer=dialog.customer_id, transmission_id__in=wanted
    )
    return {str(transmission_id): pk for transmission_id, pk in rows.values_list("transmission_id", "pk")}


def store_activities(*, dialog: Dialog, items: list[ActivityItem]) -> None:
    rows = [
        Activity(
            dialog=dialog,
            activity_id=item.id,
            type=item.type,
            description=best_text(item.description),
            created_at=item.created_at,
        )
        for item in items
    ]
    Activity.objects.bulk_create(rows, ignore_conflicts=True)
