"""Celery tasks: thin wrappers of services. A message wakes a worker, which claims due rows: the row is the source of truth.

Each may run twice at once.
"""

from __future__ import annotations

import logging
from typing import Any

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from portal.core.enqueue import enqueue_on_commit
from submissions.services import archiving, documents, labels
from submissions.services.casework import unread
from submissions.services.drafting import earlier, package_check, removing
from submissions.services.due import counting
from submissions.services.heaps import work as heap_work
from submissions.services.inbox import attachments, cursors, missed, poll, presence, pull
from submissions.services.inbox.subscriptions import asking, comparing, wanted
from submissions.services.opened import tell
from submissions.services.orders import work as order_work
from submissions.services.sending import reconcile, send

logger = logging.getLogger(__name__)


@shared_task(acks_late=True, ignore_result=True)
def send_submissions(**_: Any) -> None:
    """Send a batch of due submissions. A full batch wakes one more worker, which takes the next."""
    send.send_due(at=timezone.now(), when_full=lambda: enqueue_on_commit(send_submissions))


@shared_task(acks_late=True, ignore_result=True)
def reconcile_submissions(**_: Any) -> None:
    """Find out what became of a batch of uncertain submissions."""
    reconcile.settle_due(at=timezone.now(), when_full=lambda: enqueue_on_commit(reconcile_submissions))


@shared_task(acks_late=True, ignore_result=True)
def check_packages(**_: Any) -> None:
    """Check the files of one draft that waits; a further message follows as long as there was one."""
    if package_check.run(at=timezone.now()):
        enqueue_on_commit(check_packages)


@shared_task(acks_late=True, ignore_result=True)
def work_on_heaps(**_: Any) -> None:
    """Work on one heap that waits; a further message follows as long as there was one."""
    if heap_work.run(at=timezone.now()):
        enqueue_on_commit(work_on_heaps)


@shared_task(ignore_result=True)
def archive_customers(**_: Any) -> None:
    """Archive customers whose relation was ended and who have nothing under way."""
    archiving.archive_ended(at=timezone.now())


@shared_task(acks_late=True, ignore_result=True)
def fetch_earlier(**_: Any) -> None:
    """Fetch a batch of the reports of the period before that people have asked for."""
    earlier.fetch_due(at=timezone.now())


@shared_task(acks_late=True, ignore_result=True)
def work_orders(**_: Any) -> None:
    """Place a batch of due orders, or ask for their answers."""
    order_work.work_due(at=timezone.now())


@shared_task(ignore_result=True)
def sweep_documents(**_: Any) -> None:
    """Remove stored files that no row names, and before that the rows of files that were taken out of drafts."""
    removing.forget_removed(at=timezone.now())
    documents.sweep_orphans(at=timezone.now())


@shared_task(acks_late=True, ignore_result=True)
def sweep_cursors(**_: Any) -> None:
    """Make cursors for new accesses, and poll a batch of those that are due."""
    cursors.make_cursors(at=timezone.now())
    cursors.note_rights(at=timezone.now())
    cursors.read_again(at=timezone.now())
    poll.poll_due(at=timezone.now())


@shared_task(acks_late=True, ignore_result=True)
def poll_cursors(**_: Any) -> None:
    """Ask Dialogporten for a batch of system users whose time has come: after an event, or after a full batch."""
    poll.poll_due(at=timezone.now())


@shared_task(acks_late=True, ignore_result=True)
def look(access: int = 0, **_: Any) -> None:
    """A person looks at a customer of this access. A message without one does nothing."""
    cursors.look(access_id=access, at=timezone.now())


@shared_task(acks_late=True, ignore_result=True)
def find_missed(**_: Any) -> None:
    """Look once more for a batch of the dialogs that an event told of and no search has shown."""
    missed.find_due(at=timezone.now())


@shared_task(acks_late=True, ignore_result=True)
def pull_dialogs(**_: Any) -> None:
    """Pull a batch of the dialogs that moved or are not complete."""
    pull.pull_due(at=timezone.now())


@shared_task(acks_late=True, ignore_result=True)
def fetch_attachments(**_: Any) -> None:
    """Fetch a batch of the attachments that are not here."""
    attachments.fetch_due(at=timezone.now())


@shared_task(acks_late=True, ignore_result=True)
def tell_opened(**_: Any) -> None:
    """Tell Skatteetaten about a batch of what people have opened. Only a person's click makes such rows."""
    tell.tell_due(at=timezone.now())


@shared_task(acks_late=True, ignore_result=True)
def set_labels(**_: Any) -> None:
    """Archive a batch of the dialogs in Altinn that people have asked for."""
    labels.set_due(at=timezone.now())


@shared_task(ignore_result=True)
def sweep_presence(**_: Any) -> None:
    """Mark the dialogs of accesses that have ended, and read the inbox of those that are back."""
    presence.sweep(at=timezone.now())


@shared_task(acks_late=True, ignore_result=True)
def sweep_subscriptions(**_: Any) -> None:
    """Note the subscriptions that accesses in use lack or no longer need, and ask Altinn for a batch of those that are due."""
    wanted.make_subscriptions(at=timezone.now())
    asking.end_unwanted(at=timezone.now())
    asking.remove_due(at=timezone.now())
    asking.subscribe_due(at=timezone.now())


@shared_task(acks_late=True, ignore_result=True)
def subscribe(**_: Any) -> None:
    """Ask Altinn for a batch of subscriptions, or to remove them. Polling does not depend on them."""
    asking.remove_due(at=timezone.now())
    asking.subscribe_due(at=timezone.now())


@shared_task(acks_late=True, ignore_result=True)
def compare_subscriptions(**_: Any) -> None:
    """Compare the subscriptions of a batch of accesses with what Altinn has."""
    comparing.make_rounds(at=timezone.now())
    comparing.compare_due(at=timezone.now())


@shared_task(ignore_result=True)
def sweep_unfollowed(**_: Any) -> None:
    """Daily: what the other sweeps do for accesses that changed lately, for all accesses."""
    cursors.make_cursors(at=timezone.now(), everything=True)
    cursors.note_rights(at=timezone.now(), everything=True)
    cursors.read_again(at=timezone.now(), everything=True)
    wanted.make_subscriptions(at=timezone.now(), everything=True)
    comparing.make_rounds(at=timezone.now(), everything=True)
    asking.end_unwanted(at=timezone.now(), everything=True)
    presence.sweep(at=timezone.now(), everything=True)


@shared_task(acks_late=True, ignore_result=True)
def count_due(**_: Any) -> None:
    """Count the deadline boards of large vendors again."""
    counting.count_due(at=timezone.now(), environments=list(settings.ENVIRONMENTS))


@shared_task(acks_late=True, ignore_result=True)
def sweep_inbox_marks(**_: Any) -> None:
    """Daily: move each person's mark in the inbox over what they have seen."""
    unread.sweep_marks(at=timezone.now())
