"""The stored data of the imitated Skatteetaten: plain structs, part of the sandbox's `State` and so of every snapshot."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec


class Finding(msgspec.Struct, kw_only=True):
    """An avvik in a feedback; `severity` is "avvist" or "advarsel"."""

    code: str
    text: str
    description: str = ""
    guidance: str = ""
    severity: str = "avvist"


class Verdict(msgspec.Struct, kw_only=True):
    """A verdict ordered in advance for the next matching submission. Empty `service` or `orgnr` matches all."""

    verdict: str  # accepted, rejected, warning
    service: str = ""
    orgnr: str = ""
    reasons: list[str] = []
    delay_seconds: float | None = None


class StoredAnswer(msgspec.Struct, kw_only=True):
    """The answer to a call with an idempotency key, and the fingerprint of that call."""

    fingerprint: str
    status: int
    body: dict[str, Any] | None = None


class MainForm(msgspec.Struct, kw_only=True):
    """A received RF-1086 with its sub-forms, before and after it is confirmed."""

    id: str
    year: str
    orgnr: str
    vendor: str
    xml: str
    parts: list[str] = []
    submission_id: str = ""


class Feedback(msgspec.Struct, kw_only=True):
    """The answer to a submission; `id` is its transmission and its PDF, `xml_id` its XML (or JSON) document."""

    id: str
    xml_id: str
    verdict: str  # accepted, rejected, warning
    at: datetime
    findings: list[Finding] = []
    opened_at: datetime | None = None


class Submission(msgspec.Struct, kw_only=True):
    """A received delivery; `id` is the forsendelse, that is the transmission of type Submission."""

    id: str
    service: str
    title: str
    resource: str
    period: str  # income year, or month for a-melding
    orgnr: str
    vendor: str
    system_user_id: str
    system_user_orgnr: str
    dialog_id: str
    reference: str
    created: datetime
    document_id: str
    media_type: str
    content: list[str]
    counts: dict[str, int] = {}
    findings: list[Finding] = []
    ordered: Verdict | None = None
    feedback: Feedback | None = None


class Upload(msgspec.Struct, kw_only=True):
    """A file uploaded for validation before it is submitted."""

    id: str
    service: str
    orgnr: str
    vendor: str
    status: str
    content: str
    errors: list[dict[str, str]] = []
    updated: datetime
    namespace: str = ""
    year: str = ""


class CardOrder(msgspec.Struct, kw_only=True):
    """An order of tax deduction cards."""

    reference: str
    vendor: str
    orgnr: str
    year: str
    only_changes: bool
    employers: list[dict[str, Any]]
    ready_at: datetime


class Letter(msgspec.Struct, kw_only=True):
    """A document in a dialog that Skatteetaten opened."""

    id: str
    transmission_id: str
    dialog_id: str
    orgnr: str
    resource: str
    title: str
    text: str
    api_access: bool
    created: datetime
    opened_at: datetime | None = None


class CaseUpload(msgspec.Struct, kw_only=True):
    """A file that was uploaded to a control case. `submission_id` is set once it is submitted."""

    id: str
    dialog_id: str
    vendor: str
    name: str
    content: str
    status: str
    updated: datetime
    errors: list[dict[str, str]] = []
    submission_id: str = ""


class ControlCase(msgspec.Struct, kw_only=True):
    """A dialog in which Skatteetaten asks for material. `request_id` is the transmission that asks."""

    dialog_id: str
    request_id: str
    orgnr: str
    title: str
    created: datetime


class Skatteetaten(msgspec.Struct, kw_only=True):
    """All stored data of the imitated Skatteetaten."""

    main_forms: dict[str, MainForm] = {}
    submissions: dict[str, Submission] = {}
    feedback_of: dict[str, str] = {}  # feedback transmission -> submission
    answers: dict[str, StoredAnswer] = {}
    verdicts: list[Verdict] = []
    uploads: dict[str, Upload] = {}
    orders: dict[str, CardOrder] = {}
    letters: dict[str, Letter] = {}
    cases: dict[str, ControlCase] = {}  # by dialog
    case_uploads: dict[str, CaseUpload] = {}
    opened_with: dict[str, str] = {}  # id of a dialog token -> the transmission it was used for
