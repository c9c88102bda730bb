"""What happened to submissions, and which letters came, as it is counted and listed."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.core.changed import Change
from submissions.models import Submission

S = Submission.Status
ACCEPTED = Change("accepted", _("Godkjent"), Q(status=S.ACCEPTED), "status_at")
REJECTED = Change("rejected", _("Avvist"), Q(status=S.REJECTED), "status_at")
FAILED = Change("failed", _("Ikke tatt imot"), Q(status=S.FAILED), "status_at")
DELIVERED = Change("delivered", _("Levert"), Q(), "delivered_at")
OF_SUBMISSIONS = (ACCEPTED, REJECTED, FAILED, DELIVERED)

_NEW = Q(deleted_at__isnull=True, dialog__gone_at__isnull=True) & ~Q(read_at__isnull=False, read_by="")
"""Neither taken back, nor older than our following of the customer."""
_DUE = Q(dialog__due_at__isnull=False, read_at__isnull=True) & ~Q(dialog__status="Completed")
LETTER = Change("letter", _("Kom"), _NEW, "stored_at")
LETTER_DUE = Change("letter-due", _("Med frist, kom"), _NEW & _DUE, "stored_at")
OF_LETTERS = (LETTER, LETTER_DUE)
