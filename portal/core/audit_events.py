"""The types of event in the audit trail, and the details that each of them may have.

A change of state is no type of its own: it is written `before->after`, with two states of the target's model.
`portal.explain.audit` has the texts of every type.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from django.db import models

from portal.core import origin


class AuditType(StrEnum):
    # rows that staff keep
    ADDED = "added"
    EDITED = "edited"
    DELETED = "deleted"
    LOOKED_UP = "looked-up"
    LIST_EXPORTED = "list-exported"
    PERSON_SOUGHT = "person-sought"
    # the life of a customer
    NOTE_ADDED = "note-added"
    NOTE_DELETED = "note-deleted"
    CONTACT_ADDED = "contact-added"
    CONTACT_EDITED = "contact-edited"
    CONTACT_REMOVED = "contact-removed"
    ADDRESS_MUTED = "address-muted"
    RELATION_ENDED = "relation-ended"
    ARCHIVED = "archived"
    REACTIVATED = "reactivated"
    # log-in of staff
    LOGGED_IN = "logged-in"
    LOGGED_OUT = "logged-out"
    LOG_IN_FAILED = "log-in-failed"
    LOG_IN_BLOCKED = "log-in-blocked"
    RESET_ASKED = "reset-asked"
    PASSWORD_RESET = "password-reset"  # noqa: S105 - the name of an event
    PASSWORD_SET = "password-set"  # noqa: S105 - the name of an event
    LOG_IN_REFUSED = "log-in-refused"
    IDENTITY_CONNECTED = "identity-connected"
    IDENTITY_REMOVED = "identity-removed"
    VOUCHED = "vouched"
    FACTOR_ADDED = "factor-added"
    FACTOR_REMOVED = "factor-removed"
    FACTORS_RESET = "factors-reset"
    FACTOR_FAILED = "factor-failed"
    RECOVERY_CODES_MADE = "recovery-codes-made"
    RECOVERY_CODE_USED = "recovery-code-used"
    # the vendor's own systems that use the API
    PROOF_MADE = "proof-made"
    PROOF_ENDED = "proof-ended"
    TOKEN_REFUSED = "token-refused"  # noqa: S105 - the name of an event
    INTEGRATION_STOPPED = "integration-stopped"
    INTEGRATION_STARTED = "integration-started"
    WEBHOOK_MADE = "webhook-made"
    WEBHOOK_CHANGED = "webhook-changed"
    WEBHOOK_SECRET_MADE = "webhook-secret-made"  # noqa: S105 - the name of an event
    WEBHOOK_STOPPED = "webhook-stopped"
    WEBHOOK_STARTED = "webhook-started"
    WEBHOOK_PAUSED = "webhook-paused"
    WEBHOOK_REMOVED = "webhook-removed"
    WEBHOOK_TESTED = "webhook-tested"
    WEBHOOK_SENT_AGAIN = "webhook-sent-again"
    # Maskinporten clients and keys
    KEY_MADE = "key-made"
    KEY_IMPORTED = "key-imported"
    KEY_TRIED = "key-tried"
    KEYS_READ = "keys-read"
    KEY_POSTED = "key-posted"
    KEY_POSTED_BY_HAND = "key-posted-by-hand"
    KEY_REMOVED = "key-removed"
    KEY_REMOVED_BY_HAND = "key-removed-by-hand"
    ROTATION_STARTED = "rotation-started"
    CLIENTS_LISTED = "clients-listed"
    CLIENT_ORDERED = "client-ordered"
    SCOPES_CHECKED = "scopes-checked"
    CONNECTION_TRIED = "connection-tried"
    CLAIMS_SHOWN = "claims-shown"
    # systems in Altinn's system register
    REGISTER = "register"
    REGISTER_REFUSED = "register:refused"
    REGISTER_UNANSWERED = "register:unanswered"
    REGISTER_DONE = "register:done"
    UPDATE = "update"
    UPDATE_REFUSED = "update:refused"
    UPDATE_UNANSWERED = "update:unanswered"
    UPDATE_DONE = "update:done"
    DELETE = "delete"
    DELETE_REFUSED = "delete:refused"
    DELETE_UNANSWERED = "delete:unanswered"
    DELETE_DONE = "delete:done"
    COMPARE = "compare"
    READ_REGISTER = "read-register"
    TAKE_OVER = "take-over"
    RECONCILE = "reconcile"
    # system users that stand in Altinn and not here
    ADOPT = "adopt"
    LIST_ASKED = "list-asked"
    IGNORED = "ignored"
    RECONSIDERED = "reconsidered"
    TAKEN_OVER = "taken-over"
    RIGHTS_ASKED = "rights-asked"
    RIGHTS_KNOWN = "rights-known"
    # services
    SERVICE_ON = "service-on"
    SERVICE_OFF = "service-off"
    # what can be given, as Altinn lists it
    OFFERED_ASKED = "offered-asked"
    APPROVAL_ON = "approval-on"
    APPROVAL_OFF = "approval-off"
    # deadlines, and from whom reports are expected
    DATE_SET = "date-set"
    DATE_REMOVED = "date-removed"
    EXPECTED = "expected"
    NOT_EXPECTED = "not-expected"
    UNDECIDED = "undecided"
    # accesses
    REQUESTED = "requested"
    CHANGE_ASKED = "change-asked"
    SEND = "send"
    SEND_AGAIN = "send-again"
    WITHDRAW = "withdraw"
    LINK_REVOKED = "link-revoked"
    LINK_RENEWED = "link-renewed"
    LED_TO_ALTINN = "led-to-altinn"
    # mails and letters to customers
    MAIL_ORDERED = "mail-ordered"
    MAIL_PUT = "mail-put"
    MAIL_REFUSED = "mail-refused"
    MAIL_RETURNED = "mail-returned"
    MAILS_STOPPED = "mails-stopped"
    TOLD_OTHER_WAY = "told-other-way"
    TEST_MAIL = "test-mail"
    LETTER_MADE = "letter-made"
    LINKS_EXPORTED = "links-exported"
    MAIL_DOMAIN_CHECKED = "mail-domain-checked"
    MISSING_TOKEN = "missing:token"  # noqa: S105 - the name of an event
    MISSING_LIST = "missing:list"
    SIGNS_DISAGREE = "signs-disagree"
    # the clients of an accountant
    CLIENTS_ASKED = "clients-asked"
    CLIENTS_CHANGED = "clients-changed"
    CLIENTS_CHOSEN = "clients-chosen"
    CLIENTS_EXPORTED = "clients-exported"
    # submissions and their documents
    CREATED = "created"
    FILES_ADDED = "files-added"
    FILE_REMOVED = "file-removed"
    FILE_PUT_BACK = "file-put-back"
    EARLIER_ASKED = "earlier-asked"
    APPROVAL_ASKED = "approval-asked"
    APPROVAL_WITHDRAWN = "approval-withdrawn"
    APPROVAL_REFUSED = "approval-refused"
    APPROVAL_DROPPED = "approval-dropped"
    APPROVED = "approved"
    # heaps of files
    SERVICE_CHOSEN = "service-chosen"
    DRAFTS_ORDERED = "drafts-ordered"
    SENDING_ORDERED = "sending-ordered"
    REST_FETCHED = "rest-fetched"
    CONFIRMATION_REPEATED = "confirmation-repeated"
    LEFTOVERS_REMOVED = "leftovers-removed"
    SETTLED = "settled"
    CORRECTION_TOLD = "correction-told"
    CONTRADICTED = "contradicted"
    ANSWER_CHOSEN = "answer-chosen"
    RESTORED = "restored"
    HOLD_ENDED = "hold-ended"
    BACKUP = "backup"
    # what may be misuse
    ALARM_RAISED = "alarm-raised"
    ALARM_SEEN = "alarm-seen"
    ACCESS_REVIEWED = "access-reviewed"
    # what takes two persons
    PROPOSED = "proposed"
    # the trail itself
    TRAIL_VERIFIED = "trail-verified"
    TRAIL_BROKEN = "trail-broken"
    # what is kept and deleted
    PURGE_PLANNED = "purge-planned"
    PURGE_POSTPONED = "purge-postponed"
    PURGED = "purged"
    EVIDENCE_DELETED = "evidence-deleted"
    CONTACTS_DELETED = "contacts-deleted"
    ERASURE_ORDERED = "erasure-ordered"
    HELD_EXPORTED = "held-exported"
    PRODUCTION_TICKED = "production-ticked"
    PRODUCTION_UNTICKED = "production-unticked"
    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    TRIED_AGAIN = "tried-again"
    MADE_DUE = "made-due"
    LEASE_RELEASED = "lease-released"
    READ = "read"
    FETCHED = "fetched"
    EVIDENCE_FETCHED = "evidence-fetched"
    LINK_READ = "link-read"
    ORDER_EXPORTED = "order-exported"
    ANSWER_DELETED = "answer-deleted"
    LOOK_ASKED = "look-asked"
    FILES_DELETED = "files-deleted"
    LETTER_READ = "letter-read"
    SEEN_AS_CUSTOMER = "seen-as-customer"
    OPENED_BY_PERSON = "opened-by-person"
    # dialogs as an inbox
    DIALOG_ASSIGNED = "dialog-assigned"
    DIALOG_DONE = "dialog-done"
    DIALOG_UNDONE = "dialog-undone"
    OPENED_IN_ALTINN = "opened-in-altinn"
    DIALOG_ARCHIVED = "dialog-archived"
    DIALOG_UNARCHIVED = "dialog-unarchived"


T = AuditType
_VISIT = {"ip", "browser"}
_REFUSED = {"codes"}
_ROW = {"changes", "orgnr", "client_id", "system_id", "scopes", "rights", "packages"}
_FILES = {"files", "documents", "sha256"}
DETAIL_KEYS: dict[AuditType, set[str]] = {
    T.ADDED: _ROW,
    T.EDITED: _ROW | {"ordered_by"},
    T.DELETED: _ROW,
    T.LOOKED_UP: {"outcome"},
    T.LIST_EXPORTED: {"list", "format", "number"},
    T.NOTE_ADDED: {"length"},
    T.NOTE_DELETED: {"length"},
    T.CONTACT_ADDED: {"receiver"},
    T.CONTACT_EDITED: {"receiver"},
    T.CONTACT_REMOVED: {"receiver"},
    T.ADDRESS_MUTED: {"receiver"},
    T.LOGGED_IN: _VISIT | {"factor"},
    T.LOGGED_OUT: _VISIT,
    T.LOG_IN_FAILED: _VISIT | {"address_hash"},
    T.LOG_IN_BLOCKED: _VISIT | {"address_hash"},
    T.RESET_ASKED: _VISIT | {"address_hash"},
    T.PASSWORD_RESET: _VISIT,
    T.PASSWORD_SET: {"usable"},
    T.LOG_IN_REFUSED: _VISIT | {"why"},
    T.FACTOR_ADDED: {"factor"},
    T.FACTOR_REMOVED: {"factor"},
    T.FACTORS_RESET: {"number"},
    T.FACTOR_FAILED: _VISIT,
    T.PROOF_MADE: {"kid"},
    T.PROOF_ENDED: {"kid"},
    T.TOKEN_REFUSED: {"ip"},
    T.WEBHOOK_MADE: {"host", "types"},
    T.WEBHOOK_CHANGED: {"host", "types"},
    T.WEBHOOK_PAUSED: {"host", "code"},
    T.WEBHOOK_REMOVED: {"host"},
    T.WEBHOOK_SENT_AGAIN: {"event"},
    T.KEY_MADE: {"kid"},
    T.KEY_IMPORTED: {"kid"},
    T.KEY_TRIED: {"kid"},
    T.KEY_POSTED: {"kid"},
    T.KEY_POSTED_BY_HAND: {"kid"},
    T.KEY_REMOVED: {"kid"},
    T.KEY_REMOVED_BY_HAND: {"kid"},
    T.ROTATION_STARTED: {"kid"},
    T.CLIENT_ORDERED: {"scopes"},
    T.SCOPES_CHECKED: {"scopes"},
    T.CONNECTION_TRIED: {"scopes"},
    T.CLAIMS_SHOWN: {"scopes"},
    T.REGISTER: {"system_id"},
    T.REGISTER_REFUSED: _REFUSED,
    T.UPDATE: {"system_id", "fields", "removed"},
    T.UPDATE_REFUSED: _REFUSED,
    T.DELETE: {"system_id"},
    T.DELETE_REFUSED: _REFUSED,
    T.COMPARE: {"system_id"},
    T.READ_REGISTER: {"system_id"},
    T.TAKE_OVER: {"system_id", "client_id", "fields"},
    T.RECONCILE: {"system_id"},
    T.ADOPT: {"number", "profile", "system_id"},
    T.LIST_ASKED: {"system_id"},
    T.IGNORED: {"number", "system_id"},
    T.RECONSIDERED: {"number", "system_id"},
    T.TAKEN_OVER: {"profile", "ordered_by"},
    T.RIGHTS_KNOWN: {"rights", "packages"},
    T.CHANGE_ASKED: {"rights", "packages"},
    T.REQUESTED: {"profile", "rights", "packages"},
    T.SEND: {"attempt"},
    T.WITHDRAW: {"attempt"},
    T.MAIL_PUT: {"mail"},
    T.MAIL_REFUSED: {"mail", "code"},
    T.MAILS_STOPPED: {"why"},
    T.TEST_MAIL: {"mail"},
    T.LETTER_MADE: {"format"},
    T.LINKS_EXPORTED: {"number"},
    T.LETTER_READ: {"transmission"},
    T.SEEN_AS_CUSTOMER: {"grounds"},
    T.OPENED_BY_PERSON: {"transmission"},
    T.DIALOG_ASSIGNED: {"changes"},
    T.CLIENTS_CHANGED: {"number", "new", "missing", "gone"},
    T.CLIENTS_CHOSEN: {"number"},
    T.CLIENTS_EXPORTED: {"number"},
    T.CREATED: {"service", "period", "kid"},
    T.SERVICE_ON: {"service"},
    T.SERVICE_OFF: {"service"},
    T.DATE_SET: {"service", "period", "changes"},
    T.DATE_REMOVED: {"service", "period", "changes"},
    T.EXPECTED: {"service", "period"},
    T.NOT_EXPECTED: {"service"},
    T.UNDECIDED: {"service"},
    T.APPROVAL_ON: {"service"},
    T.APPROVAL_OFF: {"service"},
    T.APPROVAL_ASKED: {"confirmed"},
    T.APPROVAL_REFUSED: {"grounds"},
    T.APPROVED: {"ordered_by"},
    T.PRODUCTION_TICKED: {"service", "points"},
    T.PRODUCTION_UNTICKED: {"service", "points"},
    T.FILES_ADDED: _FILES,
    T.FILE_REMOVED: _FILES,
    T.FILE_PUT_BACK: _FILES,
    T.SERVICE_CHOSEN: {"service", "number"},
    T.DRAFTS_ORDERED: {"number"},
    T.SENDING_ORDERED: {"number"},
    T.REST_FETCHED: {"number"},
    T.BACKUP: {"folder"},
    T.ALARM_RAISED: {"kind", "concerns", "number"},
    T.ACCESS_REVIEWED: {"number"},
    T.PROPOSED: {"act", "concerns"},
    T.TRAIL_VERIFIED: {"seal", "seals", "rows", "hash", "whole", "began_at", "mac"},
    T.TRAIL_BROKEN: {"code", "seal", "row", "began_at", "mac"},
    T.PURGE_PLANNED: {"kind", "number"},
    T.PURGE_POSTPONED: {"kind"},
    T.PURGED: {"kind", "number"},
    T.ERASURE_ORDERED: {"number"},
    T.HELD_EXPORTED: {"number"},
    T.TRIED_AGAIN: {"attachments"},
    T.LEASE_RELEASED: {"attempt"},
    T.ORDER_EXPORTED: {"format"},
    T.SETTLED: {"outcome", "grounds"},
    T.CORRECTION_TOLD: {"correction"},
    T.CONTRADICTED: {"outcome", "transmission"},
    T.ANSWER_CHOSEN: {"outcome", "grounds"},
}
"""Types that are not here have no details."""
FROM_WHERE = frozenset({
    T.READ, T.FETCHED, T.EVIDENCE_FETCHED, T.LETTER_READ, T.LINK_READ, T.LIST_EXPORTED, T.LINKS_EXPORTED, T.CLIENTS_EXPORTED,
    T.ORDER_EXPORTED, T.HELD_EXPORTED, T.REST_FETCHED, T.CLAIMS_SHOWN, T.SEEN_AS_CUSTOMER,
})  # fmt: skip
"""Reading and taking out: the trail has from which address and in which session (see `portal.core.origin`).

Every type may have `origin.WAY`.
"""
TRANSITION_KEYS = {"attempt", "code", "codes", "confirmed", "first_sign", "ordered_by", "transmission"}


class UnknownEvent(ValueError):
    """The type, or the step between two states, is not declared. A programming error."""


class UnknownDetail(ValueError):
    """The type of event does not have this detail. A programming error."""


def check_event(*, target: models.Model, what: str, keys: Iterable[str]) -> None:
    """Raises UnknownEvent and UnknownDetail."""
    if unknown := set(keys) - _allowed(target, what) - {origin.WAY}:
        raise UnknownDetail(f"{what} has no detail {', '.join(sorted(unknown))}: see DETAIL_KEYS")


def _allowed(target: models.Model, what: str) -> set[str]:
    if "->" in what:
        _check_step(target, what)
        return TRANSITION_KEYS
    try:
        keys = DETAIL_KEYS.get(AuditType(what), set())
    except ValueError as error:
        raise UnknownEvent(f"{what} is no type of event: see AuditType") from error
    return keys | origin.KEYS if what in FROM_WHERE else keys


def _check_step(target: models.Model, what: str) -> None:
    """Both sides must be states of the model. Which steps are allowed is for the model to say."""
    statuses = getattr(type(target), "Status", None)
    states: list[str] = list(statuses.values) if statuses else []
    before, _, after = what.partition("->")
    if before not in states or after not in states:
        raise UnknownEvent(f"{what} is no step between two states of {target._meta.label}")
