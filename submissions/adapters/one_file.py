"""What adapters share whose submission is one file, and those that deliver it with one POST that has a key."""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from portal.gateways.errors import GatewayError, Refused
from submissions.adapters.base import (
    About,
    Answer,
    Candidate,
    Context,
    FileReport,
    Finding,
    Level,
    Meaning,
    NamedFile,
    Step,
    StoredDocument,
)
from submissions.adapters.meanings import meaning_of

MESSAGE = "MESSAGE"
"""The role of a file that is one message."""
SEND = "SEND"


class OneFile:
    """`role` is the role of the one file. Findings may have the code MANY_FILES."""

    role: ClassVar[str]

    def check(self, reports: Sequence[FileReport], about: About) -> list[Finding]:
        findings = [finding for report in reports for finding in report.findings]
        extra = [report.file for report in reports if report.role == self.role][1:]
        return [*findings, *(Finding(Level.ERROR, "MANY_FILES", file=name) for name in extra)]

    def replaces(self, new_role: str, old_role: str) -> bool:
        """A new file takes the place of the old one."""
        return new_role == old_role == self.role

    def takes_back(self, options: Mapping[str, Any]) -> bool:
        """False: a report is corrected by a whole new one."""
        return False

    def deletion(self, files: Sequence[NamedFile], about: About) -> NamedFile | None:
        """None, as nothing is taken back."""
        return None

    def is_about(self, context: Context, candidate: Candidate) -> bool:
        """The services have no list of what they received, so any delivery may be."""
        return True

    def _file_id(self, documents: Sequence[StoredDocument]) -> int:
        return next(document.id for document in documents if document.role == self.role)


class OnePost(OneFile, ABC):
    """One message, one POST with a key that makes every repetition safe, and the receipt in the answer."""

    role: ClassVar[str] = MESSAGE
    roles: ClassVar[tuple[str, ...]] = (MESSAGE,)

    @abstractmethod
    def perform(self, step: Step, context: Context) -> Answer: ...

    def step_label(self, step: str) -> str:
        return {SEND: _("Lever")}.get(step, step)

    def plan(self, documents: Sequence[StoredDocument]) -> list[Step]:
        return [Step(SEND, self._file_id(documents), uuid.uuid4(), may_repeat=True)]

    def meaning(self, step: Step, error: GatewayError) -> Meaning:
        """Only a refusal can be more than a reason to try again."""
        return meaning_of(error) if isinstance(error, Refused) else Meaning.TRY_LATER

    def locate(self, context: Context, candidates: Sequence[Candidate], *, is_there: bool) -> Candidate | None:
        """The service has no list of what it received, so a single candidate is enough, and only when it is there."""
        return candidates[0] if is_there and len(candidates) == 1 else None
