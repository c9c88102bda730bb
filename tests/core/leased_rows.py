"""Due rows of every model that workers claim. A new one gets a maker here; a test asks for it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.apps import apps
from django.conf import settings

from accounts.models import Customer, CustomerImport, NotificationPlan, Portfolio, RegisterRound, Role, User
from portal.core.environments import Environment
from portal.core.lease import Leased
from portal.core.outbox.message import OutboxMessage
from submissions.models import (
    Attachment,
    Dialog,
    DueRound,
    EarlierReport,
    EventSubscription,
    Heap,
    LabelChange,
    MissedDialog,
    Opening,
    Order,
    PackageCheck,
    PollCursor,
    Submission,
    SubscriptionRound,
    Transmission,
)
from submissions.period import Period
from systemusers.models import (
    Access,
    AccessProfile,
    Campaign,
    ChangeRequest,
    ClientRelation,
    ClientRound,
    FoundSystemUser,
    Invitation,
    KeyRotation,
    OfferedRound,
    RightsCheck,
    System,
    SystemRound,
)
from tests.core.outbox.rig import put_one
from tests.fixtures import AT, CUSTOMER_ORGNR, make_user
from tests.submissions.world import World, make_draft
from tests.world import CLIENT_ID, SYSTEM_ID

LEASED: list[type[Leased]] = sorted(
    (model for model in apps.get_models() if issubclass(model, Leased)), key=lambda model: model._meta.label
)


def customer() -> Customer:
    portfolio, _ = Portfolio.objects.get_or_create(name="Vest")
    row, _ = Customer.objects.get_or_create(
        environment=Environment.SANDBOX, orgnr=CUSTOMER_ORGNR, defaults={"name": "Nordlys", "portfolio": portfolio}
    )
    return row


def client_id(number: int) -> str:
    return f"{CLIENT_ID[:-6]}{number:06}"


def access(of: Customer | None = None) -> Access:
    """Through a system of its own. `of`: the customer, by default a new one."""
    number = System.objects.count()
    made = World(of or customer(), settings.SANDBOX_URL, client_id=client_id(number), system_id=f"{SYSTEM_ID}_{number}")
    return made.access


def dialog() -> Dialog:
    own = access()
    return Dialog.objects.create(
        environment=own.environment, customer=own.customer, access=own, dialog_id=uuid.uuid4(), created_at=AT,
        updated_at=AT, content_updated_at=AT, next_attempt_at=AT,
    )  # fmt: skip


def cursor() -> PollCursor:
    return PollCursor.objects.create(access=access(), since=AT, next_attempt_at=AT)


def subscription() -> EventSubscription:
    return EventSubscription.objects.create(
        access=access(),
        resource="urn:altinn:resource:x",
        secret_hash=uuid.uuid4().hex,
        created_at=AT,
        next_attempt_at=AT,
    )


def missed_dialog() -> MissedDialog:
    return MissedDialog.objects.create(access=access(), dialog_id=uuid.uuid4(), told_at=AT, next_attempt_at=AT)


def label_change() -> LabelChange:
    return LabelChange.objects.create(
        dialog=dialog(), is_archived=True, revision="1", asked_by="test", asked_at=AT, next_attempt_at=AT
    )


def attachment() -> Attachment:
    sent = Transmission.objects.create(
        dialog=dialog(), transmission_id=uuid.uuid4(), type="Information", title="Brev", created_at=AT
    )
    return Attachment.objects.create(transmission=sent, attachment_id="1", status_at=AT, next_attempt_at=AT)


def opening() -> Opening:
    sent = attachment().transmission
    return Opening.objects.create(
        transmission=sent, opened_by="user:a@b.no", opened_at=AT, status_at=AT, next_attempt_at=AT
    )


def submission() -> Submission:
    return make_draft(Access.objects.first() or access(), period=Period.year(2000 + Submission.objects.count()))


def order() -> Order:
    own = access()
    return Order.objects.create(
        environment=own.environment, customer=own.customer, access=own, service="s", status_at=AT, created_at=AT,
        created_by="test", **Period.year(2025).columns(),
    )  # fmt: skip


def package_check() -> PackageCheck:
    return PackageCheck.objects.create(submission=submission(), requested_by="test")


def earlier_report() -> EarlierReport:
    return EarlierReport.objects.create(submission=submission(), requested_by="test", requested_at=AT)


def system_round() -> SystemRound:
    kinds = SystemRound.Kind.values
    made = SystemRound.objects.count()
    index = made // len(kinds)
    systems = System.objects.order_by("pk")
    system = systems[index] if index < systems.count() else access().profile.system
    return SystemRound.objects.create(system=system, kind=kinds[made % len(kinds)])


def client_relation() -> ClientRelation:
    number = 310_000_000 + ClientRelation.objects.count()
    return ClientRelation.objects.create(
        access=Access.objects.first() or access(), orgnr=str(number), first_seen_at=AT, chosen_at=AT, next_attempt_at=AT
    )


def rotation() -> KeyRotation:
    client = access().profile.system.client
    key = client.keys.get()
    return KeyRotation.objects.create(client=client, new_key=key, is_manual=True, status_at=AT, created_at=AT)


def change_request() -> ChangeRequest:
    return ChangeRequest.objects.create(access=access(), status_at=AT, requested_by="test", next_attempt_at=AT)


def campaign() -> Campaign:
    owner = User.objects.first() or make_user(Role.CASE_WORKER)
    profile = AccessProfile.objects.first() or access().profile
    return Campaign.objects.create(
        environment=Environment.SANDBOX,
        name="x",
        profile=profile,
        owner=owner,
        created_at=AT,
        status_at=AT,
        next_attempt_at=AT,
    )


def invitation() -> Invitation:
    return Invitation.objects.create(access=access(), ordered_by="test", ordered_at=AT)


def found_system_user() -> FoundSystemUser:
    own = System.objects.first() or access().profile.system
    return FoundSystemUser.objects.create(
        system=own, altinn_id=uuid.uuid4(), orgnr=CUSTOMER_ORGNR, external_ref="kunde-42", kind="STANDARD", found_at=AT
    )


def heap() -> Heap:
    owner = User.objects.first() or make_user(Role.CASE_WORKER)
    return Heap.objects.create(environment=Environment.SANDBOX, owner=owner, created_at=AT, touched_at=AT)


def customer_import() -> CustomerImport:
    owner = User.objects.first() or make_user(Role.CASE_WORKER)
    return CustomerImport.objects.create(
        environment=Environment.SANDBOX,
        owner=owner,
        content=b"",
        filename="x",
        created_at=AT,
        touched_at=AT,
        status_at=AT,
    )


def notification_plan() -> NotificationPlan:
    number = User.objects.count()
    user = User.objects.create_user(f"staff{number}@vendor.example", "a long enough password", name="Ansatt")
    return NotificationPlan.objects.create(user=user, at_once=["REJECTED"])


MAKERS: dict[type[Any], Callable[[], Any]] = {
    Access: access,
    Attachment: attachment,
    Campaign: campaign,
    ChangeRequest: change_request,
    ClientRelation: client_relation,
    CustomerImport: customer_import,
    ClientRound: lambda: ClientRound.objects.create(access=access()),
    Dialog: dialog,
    DueRound: lambda: DueRound.objects.create(environment=f"E{DueRound.objects.count()}"),
    EarlierReport: earlier_report,
    EventSubscription: subscription,
    FoundSystemUser: found_system_user,
    Heap: heap,
    Invitation: invitation,
    KeyRotation: rotation,
    LabelChange: label_change,
    MissedDialog: missed_dialog,
    Opening: opening,
    OfferedRound: lambda: OfferedRound.objects.create(environment=f"E{OfferedRound.objects.count()}"),
    OutboxMessage: lambda: put_one(key=uuid.uuid4().hex),
    Order: order,
    PackageCheck: package_check,
    PollCursor: cursor,
    RightsCheck: lambda: RightsCheck.objects.create(access=access()),
    NotificationPlan: notification_plan,
    RegisterRound: lambda: RegisterRound.objects.create(environment=f"E{RegisterRound.objects.count()}"),
    Submission: submission,
    SubscriptionRound: lambda: SubscriptionRound.objects.create(access=access(), next_attempt_at=AT),
    SystemRound: system_round,
}


def make_due_rows(model: type[Leased], number: int = 1, *, at: datetime = AT) -> list[Any]:
    """So many rows that are due at `at` and were never tried, in the order of their ids."""
    made = [MAKERS[model]().pk for _ in range(number)]
    rows = model._base_manager.filter(pk__in=made)
    rows.update(next_attempt_at=at, lease_until=None, attempts=0, failures=0, problem_code="")
    return list(rows.order_by("pk"))
