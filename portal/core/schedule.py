"""The timetable of beat: what is begun by the clock, and how often. The queues are in `portal.core.queues`."""

from __future__ import annotations

from typing import Any

from portal.core.queues import HEARTBEAT, Purpose, heartbeat_queue

DAY = 24 * 60 * 60
EVERY: dict[str, int] = {
    "submissions.tasks.send_submissions": 15,
    "submissions.tasks.reconcile_submissions": 5,
    "submissions.tasks.work_orders": 10,
    "submissions.tasks.tell_opened": 30,
    "submissions.tasks.sweep_cursors": 5,
    "submissions.tasks.pull_dialogs": 10,
    "submissions.tasks.sweep_presence": 600,
    "submissions.tasks.sweep_subscriptions": 60,
    "submissions.tasks.compare_subscriptions": 60,
    "submissions.tasks.find_missed": 30,
    "submissions.tasks.set_labels": 30,
    "submissions.tasks.sweep_unfollowed": DAY,
    "submissions.tasks.fetch_attachments": 10,
    "submissions.tasks.check_packages": 10,
    "submissions.tasks.work_on_heaps": 10,
    "submissions.tasks.fetch_earlier": 15,
    "submissions.tasks.sweep_documents": DAY,
    "submissions.tasks.archive_customers": 60,
    "submissions.tasks.count_due": 60,
    "submissions.tasks.sweep_inbox_marks": DAY,
    "systemusers.tasks.send_accesses": 15,
    "systemusers.tasks.poll_accesses": 15,
    "systemusers.tasks.withdraw_ended": 60,
    "systemusers.tasks.check_accesses": 60,
    "systemusers.tasks.watch_systems": 15,
    "systemusers.tasks.reconcile_systems": 300,
    "systemusers.tasks.compare_systems": 300,
    "systemusers.tasks.take_over_system_users": 15,
    "systemusers.tasks.read_offered": 300,
    "systemusers.tasks.mark_accesses": 15,
    "systemusers.tasks.send_changes": 15,
    "systemusers.tasks.poll_changes": 15,
    "systemusers.tasks.check_rights": 60,
    "systemusers.tasks.refresh_clients": 60,
    "systemusers.tasks.take_in_clients": 30,
    "systemusers.tasks.run_campaigns": 10,
    "systemusers.tasks.send_invitations": 15,
    "systemusers.tasks.note_mails": 15,
    "systemusers.tasks.settle_invitations": DAY,
    "systemusers.tasks.warn_of_keys": 60 * 60,
    "accounts.tasks.import_customers": 10,
    "accounts.tasks.refresh_customers": 60,
    "portal.tasks.sweep_outbox": 15,
    "portal.tasks.publish_feed": 5,
    "portal.tasks.tell_staff": 20,
    "portal.tasks.forget_removed": 15 * 60,
    "portal.tasks.plan_purges": DAY,
    "portal.tasks.purge": 60,
    "portal.tasks.deliver_trail": 30,
    "portal.tasks.oversee": 60,
    "portal.tasks.close_dormant": DAY,
    "portal.tasks.seal_audit": 60,
    "portal.tasks.verify_audit": 60,
    "portal.tasks.measure_pace": 60,
}
"""Seconds between two messages, by task."""
BEAT_EVERY = 5


def timetable(*, heartbeat_limit: int) -> dict[str, dict[str, Any]]:
    """Beat's schedule. A message expires with the next one: the newest always suffices.

    While no worker runs, messages therefore pile up as expired ones, which a worker drops unread. A heartbeat lives for as long
    as it can prove anything: while all processes of a worker are busy, one may still come within the limit.
    """
    entries = {
        task.rpartition(".")[2].replace("_", "-"): {"task": task, "schedule": seconds, "options": {"expires": seconds}}
        for task, seconds in EVERY.items()
    }
    for purpose in Purpose:
        entries[f"record-heartbeat-{purpose}"] = {
            "task": HEARTBEAT,
            "schedule": BEAT_EVERY,
            "kwargs": {"queue": purpose.value},
            "options": {"expires": heartbeat_limit, "queue": heartbeat_queue(purpose)},
        }
    return entries
