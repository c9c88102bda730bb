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
from submissions.models import Approval, Submission


def selections(user: User, environment: Environment) -> dict[str, QuerySet[Submission]]:
    """Those that `user` neither asked about nor changed the files of."""
    rows = Submission.objects.visible_to(user).current().filter(Approval.UNANSWERED, environment=environment)
    others = rows.exclude(approval__asked_by=user.actor).exclude(package_check__requested_by=user.actor)
    return {"approvals": others if user.may_work else others.none()}


def about_approvals(environment: Environment, counts: Mapping[str, Counted]) -> list[Todo]:
    count = counts["approvals"].n
    title = ngettext("Innsending venter på at du godkjenner", "Innsendinger venter på at du godkjenner", count)
    text = _("En kollega har bedt om det. Den sendes når en annen har godkjent.")
    return [
        Todo(count, title, text, _("Se over"), list_of(environment, "submissions", "state=approval"), key="approvals")
    ]
