"""FAILED: refused before it was accepted. Code, path and text of the refusal are stored, never the raw body.

Quoted values are left out: they may hold national identity numbers.
"""

from __future__ import annotations

from django.db import transaction

from portal.core.lease import Hold
from portal.core.masking import without_identity_numbers
from portal.core.problems import code_of
from submissions.models import Call, Submission
from submissions.services.sending import calls, leftovers


def fail(hold: Hold[Submission], call: Call, error: Exception, *, by: str) -> None:
    """Set the call REFUSED and the submission FAILED, with reasons. Raises LostRace."""
    with transaction.atomic():
        hold.lock()
        calls.refuse(call, error, at=hold.now())
        hold.move_to(
            Submission.Status.FAILED,
            by=by,
            next_attempt_at=leftovers.due_at(hold.row, at=hold.now()),
            failures=0,
            problem_code=code_of(error),
            problem_detail=without_identity_numbers(getattr(error, "text", "")),
            correlation_id=getattr(error, "correlation_id", "")[:100],
            reasons=[reason(call, code=d.code, text=d.text, where=d.path) for d in getattr(error, "details", ())],
        )


def reason(call: Call, *, code: str, text: str, where: str) -> dict[str, str]:
    """One reason, as stored in `Submission.reasons`."""
    filename = call.document.filename if call.document else ""
    return {"code": code, "text": text, "description": "", "guidance": "", "where": where, "file": filename}
