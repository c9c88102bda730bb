"""The overview's line of reports that wait for the approval of a second person, for those who may approve."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from portal.core.environments import Environment
from portal.core.next_step import list_of
from portal.desk.counting import Counted
from portal.desk.todo import Todo
from submissions.models import Submission
from submissions.services.pages.approving import waiting


def selections(user: User, environment: Environment) -> dict[str, QuerySet[Submission]]:
    return {"approvals": waiting(user=user, environment=environment)}


def about_approvals(environment: Environment, counts: Mapping[str, Counted]) -> list[Todo]:
    count = counts["approvals"].n
    title = ngettext("Innsending venter på at du godkjenner", "Innsendinger venter på at du godkjenner", count)
    text = _("En kollega har bedt om det. Den sendes når en annen har godkjent.")
    return [
        Todo(count, title, text, _("Se over"), list_of(environment, "submissions", "state=to-approve"), key="approvals")
    ]
