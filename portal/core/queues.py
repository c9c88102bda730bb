"""The queues of the workers: one for each purpose, so that a flood in one keeps nobody else waiting.

Every task has its queue here. Celery routes each message by its task's name, whoever sends it; a worker may serve one queue,
several or all (`celery worker --queues sending,mail`). Each queue has a heartbeat queue beside it, which every worker that serves
the queue serves too, whatever `--queues` says: see `portal.core.heartbeat`.
"""

from __future__ import annotations

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from kombu import Queue


class Purpose(StrEnum):
    """The name of a queue."""

    SENDING = "sending"
    """Reports, orders and what is told to the authorities: what has a deadline."""
    FOLLOWING = "following"
    """Reading Dialogporten, and the subscriptions to events."""
    DOCUMENTS = "documents"
    """Work with files: fetching, checking, sorting, removing."""
    MAIL = "mail"
    """The outbox, and what puts mails into it."""
    DEFAULT = "celery"
    """Accesses, systems, imports, campaigns and housekeeping. Celery's own name of it: messages of older releases are there."""


TITLES: dict[Purpose, str | Promise] = {
    Purpose.SENDING: _("Sending"),
    Purpose.FOLLOWING: _("Følging"),
    Purpose.DOCUMENTS: _("Dokumenter"),
    Purpose.MAIL: _("E-post"),
    Purpose.DEFAULT: _("Tilganger og annet"),
}
TASKS: dict[Purpose, tuple[str, ...]] = {
    Purpose.SENDING: (
        "submissions.tasks.send_submissions",
        "submissions.tasks.reconcile_submissions",
        "submissions.tasks.work_orders",
        "submissions.tasks.tell_opened",
    ),
    Purpose.FOLLOWING: (
        "submissions.tasks.sweep_cursors",
        "submissions.tasks.poll_cursors",
        "submissions.tasks.pull_dialogs",
        "submissions.tasks.sweep_presence",
        "submissions.tasks.sweep_unfollowed",
        "submissions.tasks.sweep_subscriptions",
        "submissions.tasks.compare_subscriptions",
        "submissions.tasks.find_missed",
        "submissions.tasks.look",
        "submissions.tasks.set_labels",
        "submissions.tasks.subscribe",
    ),
    Purpose.DOCUMENTS: (
        "submissions.tasks.fetch_attachments",
        "submissions.tasks.check_packages",
        "submissions.tasks.work_on_heaps",
        "submissions.tasks.fetch_earlier",
        "submissions.tasks.sweep_documents",
    ),
    Purpose.MAIL: (
        "portal.tasks.send_outbox",
        "portal.tasks.sweep_outbox",
        "portal.tasks.tell_staff",
        "systemusers.tasks.send_invitations",
        "systemusers.tasks.note_mails",
        "systemusers.tasks.settle_invitations",
        "systemusers.tasks.warn_of_keys",
    ),
    Purpose.DEFAULT: (
        "accounts.tasks.import_customers",
        "accounts.tasks.refresh_customers",
        "portal.tasks.close_dormant",
        "portal.tasks.deliver_trail",
        "portal.tasks.forget_removed",
        "portal.tasks.measure_pace",
        "portal.tasks.oversee",
        "portal.tasks.plan_purges",
        "portal.tasks.publish_feed",
        "portal.tasks.purge",
        "portal.tasks.seal_audit",
        "portal.tasks.send_webhooks",
        "portal.tasks.verify_audit",
        "submissions.tasks.archive_customers",
        "submissions.tasks.count_due",
        "submissions.tasks.sweep_inbox_marks",
        "systemusers.tasks.check_accesses",
        "systemusers.tasks.check_rights",
        "systemusers.tasks.compare_systems",
        "systemusers.tasks.look_up_approvers",
        "systemusers.tasks.mark_accesses",
        "systemusers.tasks.poll_accesses",
        "systemusers.tasks.poll_changes",
        "systemusers.tasks.read_offered",
        "systemusers.tasks.reconcile_systems",
        "systemusers.tasks.refresh_clients",
        "systemusers.tasks.run_campaigns",
        "systemusers.tasks.send_accesses",
        "systemusers.tasks.send_changes",
        "systemusers.tasks.take_in_clients",
        "systemusers.tasks.take_over_system_users",
        "systemusers.tasks.watch_systems",
        "systemusers.tasks.withdraw_ended",
    ),
}
HEARTBEAT = "portal.tasks.record_heartbeat"
"""The one task without a queue of its own: its messages name theirs."""
BESIDE = "heartbeat."


def heartbeat_queue(purpose: str) -> str:
    """The queue beside the one of `purpose`: a heartbeat does not wait behind a backlog of work."""
    return f"{BESIDE}{purpose}"


def queue_of(task: str) -> Purpose:
    """Where messages of this task go."""
    return next((purpose for purpose, names in TASKS.items() if task in names), Purpose.DEFAULT)


def all_queues() -> list[Queue]:
    """For Celery: a worker without `--queues` serves them in turn."""
    return [Queue(name) for purpose in Purpose for name in (purpose.value, heartbeat_queue(purpose))]


def routes() -> dict[str, dict[str, str]]:
    """For Celery."""
    return {task: {"queue": purpose.value} for purpose, names in TASKS.items() for task in names}
