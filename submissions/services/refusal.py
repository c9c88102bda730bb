"""FAILED: refused before it was taken. What the remote said is kept as code, place and text, never as its raw body.

The values it quotes back may hold national identity numbers and are left out.
"""

from __future__ import annotations

from django.db import transaction

from portal.gateways.errors import Refused
from submissions.models import Call, Submission
from submissions.services import calls
from submissions.services.claim import Claim


def fail(claim: Claim, call: Call, error: Refused) -> None:
    """The call REFUSED and the submission FAILED, with reasons a person can act on. Raises LostRace."""
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
    """One complaint as it is kept on the submission and shown on its page."""
    filename = call.document.filename if call.document else ""
    return {"code": code, "text": text, "description": "", "guidance": "", "where": where, "file": filename}
