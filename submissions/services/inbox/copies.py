"""Updates local copies: dialogs in bulk, transmissions and activities per dialog. Called inside a transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import cast
from uuid import UUID

from django.db.models import OuterRef, Subquery

from accounts.models import Customer
from portal.core import lease
from portal.core.audit import event, record_all
from portal.core.audit_events import AuditType
from portal.core.feed.event import Type as D
from portal.core.feed.tell import tell, told
from portal.core.masking import scrubbed, without_identity_numbers
from portal.gateways import urns
from portal.gateways.dialogporten import ActivityItem, DialogItem, TransmissionItem
from submissions.models import Activity, Dialog, DialogSource, Document, PollCursor, Submission, Transmission
from submissions.models.inbox import FROM_PARTY
from submissions.models.texts import Texts, best
from systemusers.models import Access, Kind
from systemusers.services import client_relations

CHANGING = [
    "status", "extended_status", "external_reference", "title", "summary", "progress", "due_at", "updated_at",
    "content_updated_at", "is_content_seen", "system_labels", "context_revision", "access", "texts",
]  # fmt: skip
BACK = ["listed_at", "missing_since", "gone_at", "gone_reason"]
"""Written with them: a dialog that is listed is not gone."""
WORK = ["news_at", "news_before", "handled_at", "handled_by"]
"""Written with them: new content is unread, and not done."""


def best_text(texts: Mapping[str, str]) -> str:
    """The one that lists are searched and sorted by. The whole item is kept apart, encrypted."""
    return without_identity_numbers(best(texts).text)


def _texts(*, types: Mapping[str, str], **texts: Mapping[str, str]) -> Texts:
    """All that were given, without empty ones and without identity numbers."""
    kept = {name: scrubbed(dict(given)) for name, given in texts.items() if given}
    rich = {name: kind for name, kind in types.items() if kind and name in kept}
    return cast("Texts", {**kept, "types": rich} if rich else kept)


@dataclass(frozen=True)
class Listing:
    """What a reading gave of one access. `again`: a second reading. Its items are compared field by field, as a change may leave
    `updated_at` as it was, and dialogs that are not complete become due.
    """

    access: Access
    items: list[DialogItem]
    again: bool = False

    @cached_property
    def newest(self) -> dict[UUID, DialogItem]:
        return {UUID(item.id): item for item in sorted(self.items, key=lambda item: item.updated_at)}


def store_dialogs(listings: Iterable[Listing], *, at: datetime) -> dict[int, list[int]]:
    """Insert or update by dialog id; a newer copy is kept. Returns ids of those to fetch transmissions for, by access."""
    moved: dict[int, list[int]] = {}
    for part in _apart(listings):
        for row in _store(part, at):
            moved.setdefault(row.access_id, []).append(row.pk)
    return moved


def _apart(listings: Iterable[Listing]) -> Iterator[list[Listing]]:
    """In parts that can be stored at once: no dialog is in two listings of a part, as one statement changes a row only once."""
    part: list[Listing] = []
    ids: set[UUID] = set()
    for one in listings:
        is_alike = bool(part) and (one.again, one.access.environment) == (part[0].again, part[0].access.environment)
        if part and not (is_alike and ids.isdisjoint(one.newest)):
            yield part
            part, ids = [], set()
        part.append(one)
        ids.update(one.newest)
    if ids:
        yield part


def _store(part: list[Listing], at: datetime) -> list[Dialog]:
    environment, again = part[0].access.environment, part[0].again
    newest = {dialog_id: item for one in part for dialog_id, item in one.newest.items()}
    rows = Dialog.objects.filter(environment=environment, dialog_id__in=newest).select_related("access")
    known = {row.dialog_id: row for row in rows.order_by("dialog_id").select_for_update(of=("self",), no_key=True)}
    listed = [row for one in part for row in _rows(one, at)]
    changed = [row for row in listed if _has_moved(known.get(UUID(str(row.dialog_id))), row, again)]
    changed.sort(
        key=lambda row: str(row.dialog_id)
    )  # two workers that store the same dialogs lock them in the same order
    _note_news(known, changed, at)
    fields = [*CHANGING, *BACK, *WORK]
    stored = Dialog.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["environment", "dialog_id"],
        update_fields=fields,
        batch_size=1000,
    )
    _keep_sources(stored, newest, at)
    if again:
        _note_listed(environment, {row.dialog_id for row in listed} - {row.dialog_id for row in changed}, at)
    old = {row.pk for row in stored if UUID(str(row.dialog_id)) in known}
    tell(
        told(D.DIALOG_UPDATED if row.pk in old else D.DIALOG_RECEIVED, row, at=at, status=row.status) for row in stored
    )
    lease.make_due(Dialog.objects.filter(pk__in=old), at=at)
    return stored


def _rows(listing: Listing, at: datetime) -> list[Dialog]:
    """Of the customers that the dialogs belong to. What belongs to nobody we know is noted."""
    access, items = listing.access, list(listing.newest.values())
    owners = _owners(access, items)
    _note_clients(access, {item.party for item in items} - owners.keys(), at)
    return [_row(access, item, owners[item.party], at) for item in items if item.party in owners]


def _keep_sources(rows: list[Dialog], items: Mapping[UUID, DialogItem], at: datetime) -> None:
    """Each as it was given; a later one takes the place of the one before."""
    made = [DialogSource(dialog=row, content=items[UUID(str(row.dialog_id))].raw, kept_at=at) for row in rows]
    DialogSource.objects.bulk_create(
        made, update_conflicts=True, unique_fields=["dialog"], update_fields=["content", "kept_at"], batch_size=1000
    )


def _has_moved(old: Dialog | None, new: Dialog, again: bool) -> bool:
    is_left = old is not None and (old.gone_at or old.missing_since or old.access.status in Access.ENDED)
    if old is None or old.updated_at < new.updated_at or is_left:
        return old is None or old.updated_at <= new.updated_at
    return again and old.updated_at == new.updated_at and (old.problem_code != "" or _differs(old, new))


def _differs(old: Dialog, new: Dialog) -> bool:
    return any(getattr(old, name) != getattr(new, name) for name in CHANGING if name != "access")


NEVER = datetime(2000, 1, 1, tzinfo=UTC)
"""`news_at` of a dialog that has no news for anybody."""
NEWS = ["content_updated_at", "status", "due_at"]
"""What is new to people when it changes. A new deadline leaves `content_updated_at` as it was."""


def _note_news(known: Mapping[UUID, Dialog], changed: list[Dialog], at: datetime) -> None:
    """Sets WORK on rows that are about to be stored. `known` are locked, so that no person marks them meanwhile."""
    olds = [(known.get(UUID(str(row.dialog_id))), row) for row in changed]
    new = {row.access_id for old, row in olds if old is None}
    since = dict(PollCursor.objects.filter(access__in=new).values_list("access", "since")) if new else {}
    reopened = []
    for old, row in olds:
        if old is None:
            followed = since.get(row.access_id)
            row.news_at = row.content_updated_at if followed and row.content_updated_at < followed else at
            row.news_before = None if _asks(row) or row.due_at else NEVER
        elif any(getattr(old, name) != getattr(row, name) for name in NEWS):
            row.news_at = at
            row.news_before = None if _asks(row) or old.due_at != row.due_at else old.news_before or old.news_at
            reopened += [old] if old.handled_at else []
        else:
            row.news_at, row.news_before = old.news_at, old.news_before
            row.handled_at, row.handled_by = old.handled_at, old.handled_by
    record_all(event(by="remote:dialogporten", at=at, target=row, what=AuditType.DIALOG_UNDONE) for row in reopened)


def _asks(row: Dialog) -> bool:
    """Whoever wrote last, somebody must answer: that is news."""
    return row.status == "RequiresAttention"


def forget_own_news(dialog: Dialog, transmissions: Iterable[Transmission]) -> None:
    """Its transmissions are here: when all that is new since they were fetched last was sent by us, nobody has news of it.

    `dialog` is as before they were fetched; a change in the meantime is left alone.
    """
    if dialog.news_before is None:
        return
    since = dialog.transmissions_at or NEVER
    new = [each for each in transmissions if each.created_at > since]
    is_own = bool(new) and all(each.type in FROM_PARTY and each.submission_id for each in new)
    changed = {"news_at": dialog.news_before} if is_own else {}
    same = Dialog.objects.filter(pk=dialog.pk, news_at=dialog.news_at, news_before=dialog.news_before)
    same.update(news_before=None, **changed)


def _note_listed(environment: str, dialog_ids: set[UUID], at: datetime) -> None:
    rows = Dialog.objects.filter(environment=environment, dialog_id__in=dialog_ids)
    ordered = rows.order_by("dialog_id").select_for_update(of=("self",))
    Dialog.objects.filter(pk__in=list(ordered.values_list("pk", flat=True))).update(listed_at=at)


def _owners(access: Access, items: list[DialogItem]) -> dict[str, Customer]:
    """The customer each party is: for an agent's clients, only those who are customers of ours."""
    orgnrs = {urns.orgnr_of(item.party) for item in items}
    if orgnrs <= {access.customer.orgnr}:
        return {urns.organisation(access.customer.orgnr): access.customer}
    rows = Customer.objects.filter(environment=access.environment, orgnr__in=orgnrs)
    return {urns.organisation(row.orgnr): row for row in rows}


def _note_clients(access: Access, parties: set[str], at: datetime) -> None:
    """Clients of an accountant that are no customers of ours. Their dialogs are read again once they are."""
    if access.profile.kind == Kind.AGENT and parties:
        orgnrs = [urns.orgnr_of(party) for party in parties if urns.is_organisation(party)]
        client_relations.note_parties(access=access, orgnrs=orgnrs, at=at)


def _row(access: Access, item: DialogItem, customer: Customer, at: datetime) -> Dialog:
    return Dialog(
        environment=access.environment,
        customer=customer,
        access=access,
        dialog_id=UUID(item.id),
        org=item.org,
        service_resource=item.service_resource,
        status=item.status,
        extended_status=item.extended_status or "",
        external_reference=item.external_reference or "",
        title=best_text(item.title),
        summary=best_text(item.summary),
        texts=_texts(
            title=item.title, summary=item.summary, sender=item.sender_name, types={"summary": item.summary_type}
        ),
        progress=item.progress,
        due_at=item.due_at,
        created_at=item.created_at,
        updated_at=item.updated_at,
        content_updated_at=item.content_updated_at,
        is_content_seen=item.is_content_seen,
        system_labels=list(item.system_labels),
        context_revision=item.context_revision[:40],
        listed_at=at,
        next_attempt_at=at,
    )


def store_transmissions(*, dialog: Dialog, items: list[TransmissionItem]) -> list[Transmission]:
    """Insert or update all transmissions of one dialog, tied to the submissions they are or answer."""
    ours, old = _submissions(dialog, items), _followed_since(dialog)
    rows = [
        Transmission(
            dialog=dialog,
            transmission_id=UUID(item.id),
            related_id=item.related_transmission_id or None,
            type=item.type,
            title=best_text(item.title),
            summary=best_text(item.summary),
            texts=_texts(title=item.title, summary=item.summary, types={"summary": item.summary_type}),
            external_reference=item.external_reference or "",
            is_authorized=item.is_authorized,
            created_at=item.created_at,
            deleted_at=item.deleted_at,
            content_reference=item.content_reference,
            read_at=item.created_at if old and item.created_at < old else None,
            submission_id=ours.get(item.related_transmission_id or "", ours.get(item.id)),
        )
        for item in items
    ]
    stored = Transmission.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["dialog", "transmission_id"],
        update_fields=["title", "summary", "texts", "is_authorized", "deleted_at", "content_reference", "submission"],
    )
    _tie_documents(dialog)
    return stored


def _followed_since(dialog: Dialog) -> datetime | None:
    """What is older was there when we began to follow the customer: it is not news to anybody."""
    return PollCursor.objects.filter(access=dialog.access_id).values_list("since", flat=True).first()


def _tie_documents(dialog: Dialog) -> None:
    """What was fetched before we knew which report the transmission is about belongs to that report too."""
    tied = dialog.transmissions.filter(submission__isnull=False)
    own = tied.filter(pk=OuterRef("transmission")).values("submission")
    loose = Document.objects.filter(transmission__in=tied, submission__isnull=True)
    loose.update(submission=Subquery(own))


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
            texts=_texts(description=item.description, types={}),
            created_at=item.created_at,
        )
        for item in items
    ]
    Activity.objects.bulk_create(rows, ignore_conflicts=True)
