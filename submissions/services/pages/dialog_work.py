"""What the page of a dialog shows of our own work with it: who answers it, whether it is done, and where it is opened."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from accounts.models import Capability, Grant, User
from accounts.services.actors import names_of, person
from accounts.services.customer_filter import workers
from portal.explain import explain
from portal.explain.explanation import Explanation
from submissions.models import Dialog, LabelChange
from submissions.services import labels


@dataclass(frozen=True)
class Work:
    """`person` is whoever answers, "" for nobody; `is_own`: given to them for this dialog, not by way of the customer.

    `people` are those who may be given it: they see the customer. `seen` is what the done mark is about.
    """

    person: str
    is_own: bool
    chosen: int | None
    people: list[tuple[int, str]]
    done_by: str
    seen: str


def work_of(dialog: Dialog, *, user: User) -> Work:
    """`dialog` comes from `with_person`."""
    done_by, may = dialog.handled_by, user.may(Capability.WORK, dialog.environment)
    return Work(
        person=str(getattr(dialog, "person", "") or ""),
        is_own=dialog.assignee_id is not None,
        chosen=dialog.assignee_id,
        people=[(each.pk, str(each)) for each in who_may_answer(dialog)] if may else [],
        done_by=person(done_by, names_of([done_by])) if done_by else "",
        seen=dialog.news_at.isoformat(),
    )


@dataclass(frozen=True)
class Labels:
    """The archive of the customer's own inbox. `problem`: why the last change was not made."""

    is_shown: bool
    is_archived: bool = False
    is_moving: bool = False
    problem: Explanation | None = None


def labels_of(dialog: Dialog) -> Labels:
    """`dialog` is loaded with its access."""
    change = LabelChange.objects.filter(dialog=dialog).first()
    is_moving = change is not None and change.next_attempt_at is not None
    return Labels(
        is_shown=is_moving or labels.may_order(dialog),
        is_archived=labels.ARCHIVE in dialog.system_labels,
        is_moving=is_moving,
        problem=explain(change.problem_code) if change and change.problem_code else None,
    )


def who_may_answer(dialog: Dialog) -> list[User]:
    """Workers who see the customer."""
    environment = dialog.environment
    every = Grant.objects.filter(user=OuterRef("pk"), environment=environment, sees_all_customers=True)
    own = User.portfolios.through.objects.filter(user=OuterRef("pk"), portfolio=dialog.customer.portfolio_id)
    return list(workers(environment).filter(Exists(every) | Exists(own)))
