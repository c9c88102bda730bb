"""FAILED: refused before it was accepted. Code, path and text of the refusal are stored, never the raw body.

Quoted values are left out: they may hold national identity numbers.
"""

from __future__ import annotations

from django.db import transaction

from portal.gateways.errors import Refused
from submissions.models import Call, Submission
from submissions.services import calls
from submissions.services.claim import Claim


def fail(claim: Claim, call: Call, error: Refused) -> None:
    """Set the call REFUSED and the submission FAILED, with reasons. Raises LostRace."""
    with transaction.atomic():
        claim.lock()
        calls.refuse(call, error, at=claim.now())
        claim.move_to(
            Submission.Status.FAILED,
            problem_code=calls.code_of(error) or str(error.status),
            problem_detail=error.text,
            correlation_id=error.correlation_id[:100],
            reasons=[reason(call, code=d.code, text=d.text, where=d.path) for d in error.details],
        )


def reason(call: Call, *, code: str, text: str, where: str) -> dict[str, str]:
    """One reason, as stored in `Submission.reasons`."""
    filename = call.document.filename if call.document else ""
    return {"code": code, "text": text, "description": "", "guidance": "", "where": where, "file": filename}
