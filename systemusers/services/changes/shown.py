"""What the page of an access shows about its changes."""

from __future__ import annotations

from dataclasses import dataclass

from portal.explain import Explanation, explain
from systemusers.models import Access, ChangeRequest, Kind
from systemusers.services.changes.plan import Difference, difference


@dataclass(frozen=True)
class Change:
    is_agent: bool
    lacks: Difference
    request: ChangeRequest | None
    """The open one, else the newest that was not approved."""
    problem: Explanation | None
    newer: Access | None
    """The access that was asked for beside an agent access."""

    @property
    def is_open(self) -> bool:
        return self.request is not None and self.request.status in ChangeRequest.OPEN


def change_of(row: Access) -> Change | None:
    """None where there is nothing to say about changes. Two queries at most."""
    newest = row.changes.first()
    shown = newest if newest and newest.status not in {"APPROVED", "NOT_NEEDED"} else None
    if row.status != Access.Status.NEEDS_UPDATE and not (shown and shown.status in ChangeRequest.OPEN):
        return None
    problem = explain(shown.problem_code) if shown and shown.problem_code else None
    newer = row.replaced_by.exclude(status__in=Access.ENDED).first()
    return Change(row.profile.kind == Kind.AGENT, difference(row), shown, problem, newer)
