"""The rules of what submissions keep: one module for each kind of row."""

from submissions.services.retention.answers import ANSWERS
from submissions.services.retention.dialogs import DIALOGS
from submissions.services.retention.drafts import DRAFTS
from submissions.services.retention.evidence import EVIDENCE
from submissions.services.retention.passing import EVENTS, HEAPS

RULES = [EVIDENCE, DIALOGS, ANSWERS, DRAFTS, EVENTS, HEAPS]

__all__ = ["RULES"]
