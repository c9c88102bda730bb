"""How the rows of a large vendor are spread, table by table: source and columns in SQL, for `scale.insert`.

`h` is a number that looks random and is the same in each run. For each customer: an access, five reports, each with a dialog,
an answer and a document; twenty other dialogs and a letter; three reports that are expected; mails and the audit trail.
"""

from __future__ import annotations

from django.db import models

from accounts.models import Customer
from portal.core.audit import AuditEvent
from portal.core.crypto import encrypt
from portal.core.outbox.message import OutboxMessage
from submissions.models import (
    Dialog,
    Document,
    EventSubscription,
    Expectation,
    Order,
    PollCursor,
    ReceivedEvent,
    Submission,
    SubscriptionRound,
    Transmission,
)
from systemusers.models import Access, Campaign, CampaignRow, CustomerMail, Invitation, SystemUser

REPORTS, DIALOGS, CAMPAIGNS = 5, 25, 20


def filename() -> bytes:
    """The same for all: it is encrypted, and found by its hash."""
    return encrypt(b"tilbakemelding.xml", place="submissions_document.filename")


def spread(key: str) -> str:
    """A LATERAL source with the number `h`, of some key."""
    return f"LATERAL (SELECT hashint4(({key})::int) & 2147483647 AS h) mixed"


LATELY = "now() - h %% 1500000 * interval '1 minute'"
"""Within the last three years."""
ACCESSES = f"systemusers_access a, {spread('a.id')}"


def of_each(number: int) -> str:
    """So many for each access, in the order of the accesses: the ids of what is made are in it too."""
    ordered = "(SELECT * FROM systemusers_access ORDER BY id) a"
    return f"{ordered}, LATERAL generate_series(1, {number} + 0 * a.id::int) y, {spread('a.id * 100 + y')}"


USABLE = f"{ACCESSES} WHERE a.status IN ('IN_USE', 'APPROVED')"

TABLES: list[tuple[type[models.Model], str, dict[str, str]]] = [
    (
        Customer,
        f"generate_series(1, %(customers)s) n, {spread('n')}",
        {
            "environment": "'SANDBOX'",
            "orgnr": "(210000000 + n)::text",
            "name": "(ARRAY['Rask', 'Ærlig', 'Stille', 'Blid'])[1 + h %% 4] || ' ' ||"
            " (ARRAY['Elg', 'Ørn', 'Rev', 'Laks', 'Gaupe'])[1 + h / 4 %% 5] || ' ' || md5(n::text)",
            "portfolio_id": "%(first_portfolio)s + h / 20 %% %(portfolios)s",
            "contact_email": "CASE WHEN h %% 10 < 8 THEN 'post' || n || '@kunde.example' ELSE '' END",
            "business_register": "CASE WHEN h %% 1000 = 0 THEN '{\"is_bankrupt\": true}'::jsonb ELSE '{}' END",
            "business_register_at": "now()",
            "end_asked_at": "CASE WHEN h / 10 %% 200 = 0 THEN now() - interval '90 days' END",
            "end_asked_by": "CASE WHEN h / 10 %% 200 = 0 THEN 'user:x' ELSE '' END",
            "archived_at": "CASE WHEN h / 10 %% 200 = 0 THEN now() - interval '80 days' END",
        },
    ),
    (
        Access,
        f"accounts_customer c, {spread('c.id + 1')}",
        {
            "environment": "'SANDBOX'",
            "customer_id": "c.id",
            "profile_id": "%(profile)s",
            "external_ref": "c.orgnr",
            "rights": "%(rights)s::jsonb",
            "packages": "%(packages)s::jsonb",
            "rights_known_at": "now() - interval '1000 days'",
            "sealed_link": "%(link)s",
            "link_hash": "encode(sha256(c.orgnr::bytea), 'hex')",
            "status": "CASE WHEN c.archived_at IS NOT NULL THEN 'REMOVED' WHEN h %% 100 < 80 THEN 'IN_USE'"
            " WHEN h %% 100 < 88 THEN 'SENT' WHEN h %% 100 < 92 THEN 'REJECTED' WHEN h %% 100 < 96 THEN 'EXPIRED'"
            " ELSE 'APPROVED' END",
            "status_at": LATELY,
            "altinn_id": "c.orgnr",
            "requested_by": "'user:x'",
            "sent_at": LATELY,
            "opened_at": f"CASE WHEN h %% 100 < 80 THEN {LATELY} END",
            "answered_at": f"CASE WHEN h %% 100 < 80 OR h %% 100 > 88 THEN {LATELY} END",
            "next_attempt_at": "CASE WHEN h %% 100 >= 80 AND h %% 100 < 88 THEN now() + interval '1 day' END",
        },
    ),
    (
        SystemUser,
        USABLE,
        {"access_id": "a.id", "altinn_id": "gen_random_uuid()", "kind": "'STANDARD'", "seen_at": "now()"},
    ),
    (
        PollCursor,
        USABLE,
        {
            "access_id": "a.id",
            "since": "now() - interval '1 hour'",
            "rights_at": "now()",
            "polled_at": "now()",
            "changed_at": "now() - h %% 100 * interval '1 day'",
            "tier": "(ARRAY['HOT', 'NORMAL', 'NORMAL', 'QUIET'])[1 + h %% 4]",
            "next_attempt_at": "now() + interval '1 day'",
            "overlap_at": "now() + interval '2 days'",
            "full_at": "now() + interval '7 days'",
            "full_began_at": "now()",
        },
    ),
    (
        EventSubscription,
        "systemusers_access a, jsonb_array_elements_text(a.rights) WITH ORDINALITY w (code, number)"
        " WHERE a.status = 'IN_USE'",
        {
            "access_id": "a.id",
            "resource": "'urn:altinn:resource:' || w.code",
            "secret_hash": "encode(sha256((a.id || w.code)::bytea), 'hex')",
            "altinn_id": "a.id * 100 + w.number",
            "validated_at": "now()",
            "created_at": "now()",
        },
    ),
    (
        SubscriptionRound,
        "systemusers_access a WHERE a.status = 'IN_USE'",
        {"access_id": "a.id", "compared_at": "now()", "next_attempt_at": "now() + interval '7 days'"},
    ),
    (
        Submission,
        f"{of_each(REPORTS)}, LATERAL (SELECT now() - h %% 500000 * interval '1 minute' AS t) moment",
        {
            "environment": "'SANDBOX'",
            "customer_id": "a.customer_id",
            "access_id": "a.id",
            "service": "CASE WHEN y < 4 THEN %(service)s ELSE %(monthly)s END",
            "period_kind": "CASE WHEN y < 4 THEN 'YEAR' ELSE 'MONTH' END",
            "period_start": "CASE WHEN y < 4 THEN date_trunc('year', now()) - y * interval '1 year'"
            " ELSE date_trunc('month', now()) - (y - 3) * interval '1 month' END",
            "status": "CASE WHEN h %% 1000 < 925 THEN 'ACCEPTED' WHEN h %% 1000 < 926 THEN 'REJECTED'"
            " WHEN h %% 1000 < 970 THEN 'DELIVERED' WHEN h %% 1000 < 990 THEN 'DRAFT' ELSE 'CANCELLED' END",
            "status_at": "t",
            "is_checked": "true",
            "errors": "0",
            "warnings": "0",
            "created_by": "'user:x'",
            "created_at": "t",
            "attempts": "1",
            "delivered_at": "CASE WHEN h %% 1000 < 970 THEN t END",
            "decided_at": "CASE WHEN h %% 1000 < 926 THEN t END",
            "dialog_id": "gen_random_uuid()",
            "receipt_reference": "'AR' || h",
        },
    ),
    (
        Dialog,
        f"{of_each(DIALOGS)}, LATERAL (SELECT now() - h %% 900000 * interval '1 minute' AS t) moment",
        {
            "environment": "'SANDBOX'",
            "customer_id": "a.customer_id",
            "access_id": "a.id",
            "dialog_id": "gen_random_uuid()",
            "org": "'ske'",
            "service_resource": "%(resource)s",
            "status": "CASE WHEN h %% 100 < 60 THEN 'Completed' WHEN h %% 100 < 88 THEN 'NotApplicable'"
            " WHEN h %% 100 < 98 THEN 'Awaiting' ELSE 'RequiresAttention' END",
            "title": "'Oppgave ' || y",
            "created_at": "t",
            "updated_at": "t",
            "content_updated_at": "t",
            "transmissions_at": "t",
            "listed_at": "now()",
            "due_at": "CASE WHEN h / 100 %% 20 = 0 THEN now() + (h / 2000 %% 300 - 5) * interval '1 day' END",
            "news_at": "t",
        },
    ),
    (
        Transmission,
        f"submissions_submission s JOIN submissions_dialog d ON d.id = {DIALOGS // REPORTS}"
        " * (s.id - (SELECT min(id) FROM submissions_submission)) + (SELECT min(id) FROM submissions_dialog)"
        " WHERE s.decided_at IS NOT NULL",
        {
            "dialog_id": "d.id",
            "transmission_id": "gen_random_uuid()",
            "related_id": "gen_random_uuid()",
            "type": "CASE WHEN s.status = 'REJECTED' THEN 'Rejection' ELSE 'Acceptance' END",
            "title": "'Tilbakemelding'",
            "created_at": "d.updated_at",
            "submission_id": "s.id",
        },
    ),
    (
        Transmission,
        f"submissions_dialog d, {spread('d.id')} WHERE d.id %% {DIALOGS} = 3",
        {
            "dialog_id": "d.id",
            "transmission_id": "gen_random_uuid()",
            "type": "'Information'",
            "title": "'Brev'",
            "created_at": "d.updated_at",
            "read_at": "CASE WHEN h %% 1000 > 0 THEN now() END",
        },
    ),
    (
        Document,
        "submissions_transmission t JOIN submissions_dialog d ON d.id = t.dialog_id",
        {
            "customer_id": "d.customer_id",
            "submission_id": "t.submission_id",
            "transmission_id": "t.id",
            "attachment_id": "'vedlegg'",
            "role": "CASE WHEN t.submission_id IS NULL THEN '' ELSE 'FEEDBACK' END",
            "filename": "%(filename)s",
            "filename_hash": "encode(sha256(t.id::text::bytea), 'hex')",
            "media_type": "'application/xml'",
            "size": "4000",
            "sha256": "encode(sha256((t.id || 'x')::bytea), 'hex')",
            "stored_at": "t.created_at",
        },
    ),
    (
        ReceivedEvent,
        f"submissions_eventsubscription s, {spread('s.id')} WHERE s.altinn_id %% 100 = 1",
        {
            "subscription_id": "s.id",
            "source": "'https://events.example/' || s.id",
            "event_id": "s.id::text",
            "type": "'dialogporten.dialog.updated.v1'",
            "received_at": LATELY,
        },
    ),
    (
        Order,
        f"{ACCESSES} WHERE a.id %% 2 = 0",
        {
            "environment": "'SANDBOX'",
            "customer_id": "a.customer_id",
            "access_id": "a.id",
            "service": "'skattekorttilarbeidsgiver'",
            "period_kind": "'YEAR'",
            "period_start": "date_trunc('year', now())",
            "status": "'FETCHED'",
            "status_at": LATELY,
            "created_by": "'user:x'",
            "created_at": LATELY,
            "fetched_at": LATELY,
        },
    ),
    (
        Expectation,
        f"accounts_customer c, unnest(%(services)s::text[]) service, {spread('c.id')}",
        {
            "environment": "'SANDBOX'",
            "customer_id": "c.id",
            "service": "service",
            "first_period": "make_date(2020, 1, 1)",
            "changed_by": "'user:x'",
            "changed_at": "now()",
        },
    ),
    (
        Invitation,
        ACCESSES,
        {
            "access_id": "a.id",
            "told_at": "a.sent_at",
            "told_how": "'MAIL'",
            "began_at": "a.sent_at",
            "ordered_by": "'user:x'",
            "ordered_at": "a.sent_at",
            "stopped_at": "CASE WHEN a.status = 'SENT' THEN NULL ELSE a.status_at END",
            "stopped_why": "CASE WHEN a.status = 'SENT' THEN '' ELSE 'APPROVED' END",
        },
    ),
    (
        CustomerMail,
        ACCESSES,
        {
            "access_id": "a.id",
            "kind": "'INVITATION'",
            "number": "0",
            "key": "'mail:' || a.id",
            "receiver": "'p…@kunde.example'",
            "put_at": "a.sent_at",
            "status": "'SENT'",
            "status_at": "a.sent_at",
        },
    ),
    (
        OutboxMessage,
        ACCESSES,
        {
            "kind": "'MAIL'",
            "key": "'mail:' || a.id",
            "status": "'SENT'",
            "status_at": "a.sent_at",
            "address_hash": "encode(sha256(a.id::text::bytea), 'hex')",
            "receiver": "'p…@kunde.example'",
            "give_up_at": "a.sent_at + interval '2 days'",
            "created_at": "a.sent_at",
            "sent_at": "a.sent_at",
        },
    ),
    (
        Campaign,
        f"generate_series(1, {CAMPAIGNS}) n",
        {
            "environment": "'SANDBOX'",
            "name": "'Kampanje ' || n",
            "profile_id": "%(profile)s",
            "owner_id": "%(owner)s",
            "status": "'DONE'",
            "status_at": "now() - n * interval '30 days'",
            "created_at": "now() - n * interval '31 days'",
            "total": f"%(customers)s / {CAMPAIGNS}",
            "ordered_by_id": "%(owner)s",
            "started_at": "now() - n * interval '31 days'",
        },
    ),
    (
        CampaignRow,
        "systemusers_access a, LATERAL (SELECT id FROM systemusers_campaign"
        f" WHERE id %% {CAMPAIGNS} = a.id %% {CAMPAIGNS}) p",
        {
            "campaign_id": "p.id",
            "number": "a.id - (SELECT min(id) FROM systemusers_access) + 1",
            "customer_id": "a.customer_id",
            "verdict": "'READY'",
            "state": "'ASKED'",
            "access_id": "a.id",
        },
    ),
    (
        AuditEvent,
        f"submissions_submission s, {spread('s.id')}",
        {
            "at": "s.status_at",
            "by": "'task:send'",
            "environment": "'SANDBOX'",
            "target": "'submissions.Submission:' || s.id",
            "customer_id_ref": "s.customer_id",
            "what": "'SENDING->DELIVERED'",
        },
    ),
]
SEALED = """
INSERT INTO portal_auditseal (sealed_at, first_event, last_event, row_hashes, previous_hash, chain_hash, number, events, key)
SELECT now(), min(id), max(id), '', repeat('0', 64), repeat('1', 64), 1, count(*), repeat('0', 16) FROM portal_auditevent
"""
