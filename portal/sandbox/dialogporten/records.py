"""The stored form of dialogs and their parts: plain structs, part of the sandbox's `State` and so of every snapshot."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from ..clock import Zoned

PARTY = "urn:altinn:organization:identifier-no:"
FROM_PARTY = frozenset({"Submission", "Correction"})
TRANSMISSIONS = FROM_PARTY | {"Information", "Acceptance", "Rejection", "Request", "Alert", "Decision"}
ACTIVITIES = frozenset(
    {"DialogCreated", "DialogClosed", "Information", "TransmissionOpened", "PaymentMade", "SignatureProvided",
     "DialogOpened", "DialogDeleted", "DialogRestored", "SentToSigning", "SentToFormFill", "SentToSendIn",
     "SentToPayment", "FormSubmitted", "FormSaved", "CorrespondenceOpened", "CorrespondenceConfirmed"}
)  # fmt: skip
Texts = dict[str, str]


class AttachmentUrl(msgspec.Struct, kw_only=True):
    url: str
    media_type: str = ""
    consumer_type: str = "Api"  # or Gui


class Attachment(msgspec.Struct, kw_only=True):
    id: str
    urls: list[AttachmentUrl]
    name: str = ""
    expires_at: Zoned | None = None


class Transmission(msgspec.Struct, kw_only=True):
    id: str
    type: str
    created_at: datetime
    title: Texts
    summary: Texts = {}
    sender: str = "ServiceOwner"
    related_id: str = ""
    external_reference: str = ""
    content_reference: str = ""
    authorization_attribute: str = ""
    attachments: list[Attachment] = []
    deleted_at: datetime | None = None


class Activity(msgspec.Struct, kw_only=True):
    id: str
    type: str
    created_at: datetime
    description: Texts = {}
    transmission_id: str = ""
    extended_type: str = ""
    by: str = "ServiceOwner"
    actor_id: str = ""


class Seen(msgspec.Struct, kw_only=True):
    id: str
    at: datetime
    by: str  # the system user's urn
    name: str = ""  # the system user's name
    version: datetime  # updated_at of the version that was seen


class Dialog(msgspec.Struct, kw_only=True):
    id: str
    org: str
    resource: str  # full urn
    orgnr: str
    title: Texts
    created_at: datetime
    updated_at: datetime
    content_updated_at: datetime
    revision: str
    context_revision: str
    status: str = "NotApplicable"
    summary: Texts = {}
    plain_title: Texts = {}  # the non-sensitive one
    sender_name: Texts = {}  # shown in place of the service owner's name
    additional_info: Texts = {}
    main_content_reference: str = ""
    extended_status: str = ""
    external_reference: str = ""
    process: str = ""
    preceding_process: str = ""
    progress: int | None = None
    due_at: datetime | None = None
    visible_from: datetime | None = None
    expires_at: datetime | None = None
    is_api_only: bool = False
    deleted: bool = False
    labels: list[str] = msgspec.field(default_factory=lambda: ["Default"])
    label_log: list[dict[str, Any]] = []
    transmissions: list[Transmission] = []
    activities: list[Activity] = []
    attachments: list[Attachment] = []
    gui_actions: list[dict[str, Any]] = []
    api_actions: list[dict[str, Any]] = []
    seen: list[Seen] = []
    seen_content_at: datetime | None = None

    @property
    def party(self) -> str:
        return PARTY + self.orgnr

    def is_live(self, now: datetime) -> bool:
        """Not deleted, expired or still to become visible: a search shows no other ones."""
        hidden = self.visible_from is not None and self.visible_from > now
        expired = self.expires_at is not None and self.expires_at <= now
        return not (self.deleted or hidden or expired)
