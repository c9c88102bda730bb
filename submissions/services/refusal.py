"""FAILED: refused before it was taken. What the remote said is kept as code, place and text, never as its raw body.

The values it quotes back may hold national identity numbers and are left out.
"""

from __future__ import annotations

import json
from typing import Any

from django.db import transaction

from portal.gateways.errors import Refused
from submissions.models import Call, Submission
from submissions.services import calls
from submissions.services.claim import Claim


def fail(claim: Claim, call: Call, error: Refused) -> None:
    """The call REFUSED and the submission FAILED, with reasons a person can act on. Raises LostRace."""
    said = read(error.body)
    with transaction.atomic():
        claim.lock()
        calls.refuse(call, error, at=claim.now())
        claim.move_to(
            Submission.Status.FAILED,
            problem_code=calls.code_of(error) or (str(error.status) if error.status else ""),
            problem_detail=said["text"],
            correlation_id=said["correlation"],
            reasons=[{**reason, "file": _filename(call)} for reason in said["details"]],
        )


def read(body: bytes | None) -> dict[str, Any]:
    """`text`, `correlation` and `details` (each `code`, `text`, `where`) of an error in Skatteetaten's form; empty when it is not."""
    try:
        said = json.loads(body or b"")
    except ValueError:
        said = {}
    said = said if isinstance(said, dict) else {}
    details = said.get("spesifisering")
    return {
        "text": str(said.get("melding") or "")[:1000],
        "correlation": str(said.get("korrelasjonsid") or "")[:100],
        "details": [_detail(d) for d in details if isinstance(d, dict)] if isinstance(details, list) else [],
    }


def _detail(given: dict[str, Any]) -> dict[str, str]:
    found = {"code": given.get("kode"), "text": given.get("melding"), "where": given.get("sti")}
    return {name: str(value or "")[:500] for name, value in found.items()}


def _filename(call: Call) -> str:
    return call.document.filename if call.document else ""
