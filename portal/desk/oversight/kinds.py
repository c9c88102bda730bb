"""What an act in the audit trail is, for the report: read, sent, and so on. What is in none of these changed something."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.core.audit_events import AuditType as T
from submissions.models import Submission

S = Submission.Status
CHANGED = "changed"
KINDS: dict[str, tuple[str, ...]] = {
    "read": (
        T.READ, T.FETCHED, T.EVIDENCE_FETCHED, T.LETTER_READ, T.LINK_READ, T.OPENED_BY_PERSON, T.OPENED_IN_ALTINN, T.LOOKED_UP,
        T.LOOK_ASKED, T.PERSON_SOUGHT, T.SEEN_AS_CUSTOMER,
    ),
    "sent": (
        f"{S.READY}->{S.QUEUED}", T.SENDING_ORDERED, T.APPROVED, T.SETTLED, T.CORRECTION_TOLD, T.CONFIRMATION_REPEATED,
    ),
    "access": (
        T.REQUESTED, T.CHANGE_ASKED, T.SEND_AGAIN, T.WITHDRAW, T.ADOPT, T.TAKEN_OVER, T.LINK_REVOKED, T.LINK_RENEWED,
        T.LED_TO_ALTINN, T.MAIL_ORDERED, T.LETTER_MADE, T.RIGHTS_ASKED, T.CLIENTS_ASKED, T.CLIENTS_CHOSEN,
    ),
    "keys": (
        T.KEY_MADE, T.KEY_IMPORTED, T.KEY_TRIED, T.KEYS_READ, T.KEY_POSTED, T.KEY_POSTED_BY_HAND, T.KEY_REMOVED,
        T.KEY_REMOVED_BY_HAND, T.ROTATION_STARTED, T.CLIENTS_LISTED, T.CLIENT_ORDERED, T.SCOPES_CHECKED, T.CONNECTION_TRIED,
        T.CLAIMS_SHOWN, T.REGISTER, T.UPDATE, T.DELETE, T.COMPARE, T.READ_REGISTER, T.TAKE_OVER, T.RECONCILE,
        T.PROOF_MADE, T.TOKEN_REFUSED, T.PROOF_ENDED, T.INTEGRATION_STOPPED, T.INTEGRATION_STARTED,
    ),
    "export": (T.LIST_EXPORTED, T.LINKS_EXPORTED, T.CLIENTS_EXPORTED, T.ORDER_EXPORTED, T.HELD_EXPORTED),
}  # fmt: skip
TITLES = {
    "read": _("Lest"), "sent": _("Sendt"), "access": _("Tilgang"), CHANGED: _("Endret"), "keys": _("Nøkkel og system"),
    "export": _("Lastet ned"),
}  # fmt: skip


def condition(kind: str) -> Q:
    if kind != CHANGED:
        return Q(what__in=KINDS[kind])
    return ~Q(what__in=[what for whats in KINDS.values() for what in whats])


def kind_of(what: str) -> str:
    return next((kind for kind, whats in KINDS.items() if what in whats), CHANGED)
