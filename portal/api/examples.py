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
    "receipt_reference": "", "dialog_id": None, "transmission_id": None, "corrects": None, "problem": None, "reasons": [],
    "approval": {"state": "none", "reason": ""},
}  # fmt: skip
ROW = {name: value for name, value in DETAIL.items() if name not in ("reasons", "approval")}
QUEUED = {**DETAIL, "status": "QUEUED", "status_text": "I kø", "queued_at": "2026-11-23T09:06:00.000Z"}
FINDING = {
    "level": "ERROR", "code": "WRONG_SUM", "text": "Summen av aksjene stemmer ikke.", "file": "RF-1086.xml", "line": 12, "path": "",
}  # fmt: skip
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
    "validate_submission": {"body": {**ABOUT, "files": FILES}, "200": {"is_valid": False, "findings": [FINDING]}},
    "create_submission": {"body": {**ABOUT, "files": FILES}, "201": DETAIL},
    "create_submission_with_files": {"body": {**ABOUT, "files": ["(the bytes of RF-1086.xml)"]}, "201": DETAIL},
    "add_files": {"body": {"files": ["(the bytes of RF-1086-U.xml)"]}, "200": DETAIL},
    "remove_file": {"200": DETAIL},
    "correct_submission": {"201": {**DETAIL, "corrects": ACCESS_ID}},
    "list_submissions": {"200": {"items": [ROW], "next": ""}},
    "get_submission": {"200": DETAIL},
    "get_findings": {"200": [FINDING]},
    "get_preflight": {"200": {"problems": [], "questions": [{"code": "warnings", "text": "Kontrollen har 1 advarsel."}],
                              "needs_approval": False, "token": "9f2c…"}},
    "queue_submission": {"body": {"confirm": ["warnings"], "token": "9f2c…"}, "202": QUEUED},
    "cancel_submission": {"200": {**DETAIL, "status": "CANCELLED", "status_text": "Avbrutt"}},
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
