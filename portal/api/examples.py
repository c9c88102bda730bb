"""An example for each call: what is sent ("body") and what is answered (by status). A test checks them against the description."""

from __future__ import annotations

from typing import Any

ACCESS_ID, SUBMISSION_ID = "0c9a6a1e-6f0e-4a53-9a0e-0d6f3f1b2c11", "3f1d2c80-93a4-4f6b-8a4e-5b0f6f7d8e90"
SERVICE = "innrapportering-aksjonaerregisteroppgave"
CUSTOMER: dict[str, Any] = {
    "orgnr": "310987654", "name": "Nordlys Eiendom AS", "reference": "10042", "language": "nb", "contact_name": "Kari Nordmann",
    "contact_email": "kari@nordlys.example", "contact_phone": "", "portfolio": "Vest", "created_at": "2026-11-23T09:00:00.000Z",
    "ended_at": None, "register_read_at": None, "etag": '"5f0c4e2a9b7d1c3e8a6f4d20"',
}  # fmt: skip
ACCESS: dict[str, Any] = {
    "reference": ACCESS_ID, "orgnr": "310987654", "profile": 1, "profile_name": "Årsoppgjør", "status": "SENT",
    "status_text": "Sendt", "status_at": "2026-11-23T09:01:00.000Z", "is_usable": False, "external_ref": "310987654",
    "created_at": "2026-11-23T09:00:30.000Z", "answered_at": None, "problem": None,
}  # fmt: skip
DETAIL: dict[str, Any] = {
    "reference": SUBMISSION_ID, "orgnr": "310987654", "service": SERVICE, "period": "2025", "status": "READY",
    "status_text": "Klar", "status_at": "2026-11-23T09:05:00.000Z", "is_checked": True, "errors": 0, "warnings": 0,
    "created_at": "2026-11-23T09:05:00.000Z", "queued_at": None, "delivered_at": None, "decided_at": None,
    "receipt_reference": "", "dialog_id": None, "transmission_id": None, "corrects": None, "problem": None, "refused_files": 0,
    "reasons": [],
    "approval": {"state": "none", "reason": ""},
}  # fmt: skip
ROW = {name: value for name, value in DETAIL.items() if name not in ("refused_files", "reasons", "approval")}
QUEUED = {**DETAIL, "status": "QUEUED", "status_text": "I kø", "queued_at": "2026-11-23T09:06:00.000Z"}
FINDING = {
    "level": "ERROR", "code": "WRONG_SUM", "text": "Summen av aksjene stemmer ikke.", "file": "RF-1086.xml", "line": 12, "path": "",
}  # fmt: skip
CARDS, ORDER_ID = "skattekorttilarbeidsgiver", "b6a5b0a4-2f5d-4f0c-9a1d-7f6c0d2e1a55"
ORDER_ROW: dict[str, Any] = {
    "reference": ORDER_ID, "orgnr": "310987654", "service": CARDS, "period": "2026", "status": "FETCHED",
    "status_text": "Hentet", "status_at": "2026-11-23T09:12:00.000Z", "created_at": "2026-11-23T09:10:00.000Z",
    "fetched_at": "2026-11-23T09:12:00.000Z", "problem": None,
}  # fmt: skip
ORDER = {
    **ORDER_ROW, "asked": [{"label": "Bestilt", "value": "Alle på listen"}, {"label": "Antall på listen", "value": "2"}],
    "facts": [{"label": "Skattekort", "value": "2"}], "formats": ["csv", "xml", "json"], "detail": "",
}  # fmt: skip
WAITING = {**ORDER, "status": "QUEUED", "status_text": "I kø", "fetched_at": None, "facts": [], "formats": []}
PLACED = {**WAITING, "findings": []}
DIALOG_ROW: dict[str, Any] = {
    "id": 31, "orgnr": "310987654", "dialog_id": "019c2d4e-5c1a-7b3e-9f00-2a4b6c8d0e1f", "title": "Aksjonærregisteroppgaven 2025",
    "sender": "Skatteetaten", "service": SERVICE, "service_resource": "urn:altinn:resource:ske-innrapportering-aksjonaerregisteroppgave",
    "status": "RequiresAttention", "status_text": "Krever handling", "due_at": "2026-12-07T22:59:59.000Z",
    "created_at": "2026-11-23T09:06:30.000Z", "changed_at": "2026-11-24T07:00:00.000Z", "news_at": "2026-11-24T07:00:12.000Z",
    "submission": SUBMISSION_ID, "person": "Kari Nordmann", "assignee": "", "handled_at": None, "handled_by": "",
    "gone_at": None, "etag": '"7d1c3e8a6f4d205f0c4e2a9b"',
}  # fmt: skip
TRANSMISSION = {
    "id": 58, "transmission_id": "019c2d4e-5c1a-7b3e-9f00-2a4b6c8d0e20", "type": "Information", "type_text": "Informasjon",
    "title": "Tilbakemelding", "summary": "", "created_at": "2026-11-24T07:00:00.000Z", "deleted_at": None,
    "submission": SUBMISSION_ID,
    "documents": [{"name": "tilbakemelding.xml", "media_type": "application/xml", "document": 7, "note": ""}],
}  # fmt: skip
DIALOG = {
    **DIALOG_ROW, "summary": "Se tilbakemeldingen.", "asks": False, "transmissions": [TRANSMISSION],
    "activities": [{"type": "DialogCreated", "text": "", "at": "2026-11-23T09:06:30.000Z"}],
}  # fmt: skip
DONE = {**DIALOG, "handled_at": "2026-11-24T08:00:00.000Z", "handled_by": "integration:erp user:kari@vendor.example"}
LETTER_ROW: dict[str, Any] = {
    "id": 59, "dialog": 32, "orgnr": "310987654", "transmission_id": "019c2d4e-5c1a-7b3e-9f00-2a4b6c8d0e21",
    "type": "Decision", "type_text": "Vedtak", "title": "Vedtak om tvangsmulkt", "created_at": "2026-11-24T07:00:00.000Z",
    "came_at": "2026-11-24T07:00:12.000Z", "due_at": None, "read_at": None, "is_for_people": False,
}  # fmt: skip
LETTER = {**LETTER_ROW, "asks": False, "content": {**TRANSMISSION, "id": 59, "type": "Decision", "type_text": "Vedtak",
                                                  "title": "Vedtak om tvangsmulkt", "submission": None}}  # fmt: skip
ABOUT = {"orgnr": "310987654", "service": SERVICE, "period": "2025"}
FILES = [{"name": "RF-1086.xml", "text": "<melding>…</melding>"}]
Example = dict[str, Any]
EXAMPLES: dict[str, Example] = {
    "get_token": {
        "body": {"grant_type": "client_credentials", "client_id": "erp-5f0c4e2a9b7d1c3e", "client_secret": "sbp_…"},
        "200": {"access_token": "eyJpIjox…", "token_type": "Bearer", "expires_in": 900, "scope": "customers:read customers:write"},
    },
    "list_customers": {"200": {"items": [CUSTOMER], "next": "WzEwMDAwMV0"}},
    "get_customer": {"200": CUSTOMER},
    "put_customer": {"body": {"name": "Nordlys Eiendom AS", "reference": "10042"}, "200": CUSTOMER, "201": CUSTOMER},
    "put_customers": {
        "body": {"rows": [{"orgnr": "310987654", "name": "Nordlys Eiendom AS"}, {"orgnr": "310987655", "name": "Feil AS"}]},
        "200": {
            "created": 1, "changed": 0, "unchanged": 0, "refused": 1,
            "rows": [
                {"orgnr": "310987654", "outcome": "created", "code": "", "text": ""},
                {"orgnr": "310987655", "outcome": "refused", "code": "BAD_ORGNR", "text": "Kontrollsifferet stemmer ikke."},
            ],
        },
    },
    "list_profiles": {
        "200": [{"id": 1, "name": "Årsoppgjør", "system": "310123455_portal", "kind": "STANDARD",
                 "rights": ["ske-innrapportering-aksjonaerregisteroppgave"], "packages": []}]
    },
    "list_accesses": {"200": {"items": [ACCESS], "next": ""}},
    "get_access": {"200": ACCESS},
    "get_access_link": {"200": {"url": "https://portal.example.no/l/…/", "is_closed": False}},
    "ask_access": {"body": {"orgnr": "310987654", "profile": 1, "mail": True}, "201": ACCESS},
    "ask_accesses": {
        "body": {"orgnrs": ["310987654", "310123455"], "profile": 1, "mail": False},
        "200": {
            "asked": 1, "refused": 1,
            "rows": [
                {"orgnr": "310987654", "outcome": "asked", "code": "", "text": "", "reference": ACCESS_ID},
                {"orgnr": "310123455", "outcome": "refused", "code": "NOT_FOUND",
                 "text": "Kunden finnes ikke, eller integrasjonen ser den ikke.", "reference": None},
            ],
        },
    },
    "renew_access": {"200": ACCESS},
    "withdraw_access": {"200": {**ACCESS, "status": "WITHDRAWN", "status_text": "Trukket tilbake"}},
    "list_services": {
        "200": [{"id": SERVICE, "name": "Aksjonærregisteroppgaven", "period": "YEAR", "extensions": [".xml"],
                 "media_type": "application/xml", "max_file_bytes": 50000000, "max_files": 0, "needs_approval": False,
                 "needs_person": False, "checked": "2026-11-28"}]
    },
    "list_deadlines": {
        "200": [{"service": SERVICE, "services": [SERVICE], "period": "2025", "last_day": "2026-01-31", "may_move": True, "note": "",
                 "source": "https://www.skatteetaten.no/"}]
    },
    "list_customer_services": {
        "200": [
            {"service": SERVICE, "name": "Aksjonærregisteroppgaven", "is_allowed": True, "access": ACCESS_ID,
             "through": "", "note": "", "reasons": []},
            {"service": "innrapportering-amelding", "name": "A-melding", "is_allowed": False, "access": None, "through": "", "note": "",
             "reasons": [{"through": "", "text": "Tilgangen mangler rettigheten til A-melding."}]},
        ]
    },
    "get_example": {"200": {**ABOUT, "files": FILES}},
    "validate_submission": {"body": {**ABOUT, "files": FILES}, "200": {"is_valid": False, "findings": [FINDING]}},
    "create_submission": {"body": {**ABOUT, "files": FILES}, "201": DETAIL},
    "create_submission_with_files": {"body": {**ABOUT, "files": ["(the bytes of RF-1086.xml)"]}, "201": DETAIL},
    "add_files": {"body": {"files": ["(the bytes of RF-1086-U.xml)"]}, "200": DETAIL},
    "remove_file": {"200": DETAIL},
    "correct_submission": {"201": {**DETAIL, "corrects": ACCESS_ID}},
    "answer_dialog": {"201": {**DETAIL, "service": "innrapportering-kontrollopplysninger", "period": "", "status": "DRAFT",
                              "status_text": "Kladd"}},
    "list_submissions": {"200": {"items": [ROW], "next": ""}},
    "get_submission": {"200": DETAIL},
    "get_findings": {"200": [FINDING]},
    "get_preflight": {"200": {"problems": [], "questions": [{"code": "warnings", "text": "Kontrollen har 1 advarsel."}],
                              "needs_approval": False, "token": "9f2c…"}},
    "queue_submission": {"body": {"confirm": ["warnings"], "token": "9f2c…"}, "202": QUEUED},
    "cancel_submission": {"200": {**DETAIL, "status": "CANCELLED", "status_text": "Avbrutt"}},
    "list_order_services": {
        "200": [{"service": CARDS, "name": "Skattekort til arbeidsgiver", "is_allowed": True, "access": ACCESS_ID, "through": "",
                 "note": "", "reasons": [], "period": "YEAR",
                 "kinds": [{"code": "HENT_ALLE_OPPGITTE", "text": "Alle på listen"}], "takes_people": True,
                 "formats": ["csv", "xml", "json"]}]
    },
    "place_order": {"body": {"orgnr": "310987654", "service": CARDS, "period": "2026", "people": ["00000000000"]}, "201": PLACED},
    "list_orders": {"200": {"items": [ORDER_ROW], "next": ""}},
    "get_order": {"200": ORDER},
    "order_again": {"200": WAITING},
    "cancel_order": {"200": {**WAITING, "status": "CANCELLED", "status_text": "Avbrutt"}},
    "get_answer": {
        "200": [{"title": "Skattekort", "columns": ["Arbeidsgiver", "Ansatt", "Svar"],
                 "rows": [["310 987 654", "*********12", "Skattekort"]], "note": ""}]
    },
    "list_dialogs": {"200": {"items": [DIALOG_ROW], "next": ""}},
    "get_dialog": {"200": DIALOG},
    "finish_dialog": {"200": DONE},
    "reopen_dialog": {"200": DIALOG},
    "assign_dialog": {"body": {"employee": "kari@vendor.example"}, "200": {**DIALOG, "assignee": "kari@vendor.example"}},
    "list_letters": {"200": {"items": [LETTER_ROW], "next": ""}},
    "get_letter": {"200": LETTER},
    "list_events": {
        "200": {
            "items": [{
                "specversion": "1.0", "id": "5d0c1c5e-6f0d-4f3e-9a52-0f6d1f6f4a10", "type": "submission.accepted",
                "source": "https://portal.example.no/api/v1/production", "subject": f"submissions/{ACCESS_ID}",
                "time": "2026-11-23T09:07:00.000Z", "datacontenttype": "application/json", "data": {"status": "ACCEPTED"},
                "sequence": "1042",
            }],
            "next": "1042", "has_more": False,
        }
    },
    "list_documents": {
        "200": [{"id": 7, "role": "RECEIPT", "filename": "kvittering.json", "media_type": "application/json", "size": 412,
                 "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "stored_at": "2026-11-23T09:07:00.000Z"}]
    },
}  # fmt: skip
