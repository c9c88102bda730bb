"""Celery tasks of access: each takes a batch of due rows and calls a service. A message carries no ids,
except where only a page that somebody looks at wants the answer.

Two tasks may run at once, and a message may come twice, late or never: the rows say what is due.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from celery import Task, shared_task
from django.conf import settings
from django.utils import timezone

from accounts.services.business_register import approvers
from portal.core import enqueue
from systemusers.models import Access
from systemusers.services import access as accesses
from systemusers.services import adoption, changes, client_relations, invitations, offered
from systemusers.services import ending as relation_ending
from systemusers.services.access.rounds import BATCH
from systemusers.services.campaigns import work as campaigns
from systemusers.services.keys import ending
from systemusers.services.system_register.nightly import compare_due


def _work(task: Task[..., None], batch: Callable[..., int], *, full: int | None = None) -> None:
    """One batch. After a full one more may be due, so another worker is woken."""
    if batch(at=timezone.now()) >= (full or BATCH):
        enqueue.enqueue_on_commit(task)


@shared_task(acks_late=True, ignore_result=True)
def send_accesses(**_: Any) -> None:
    """Send the drafts that are due to Altinn."""
    _work(send_accesses, accesses.send_due)


@shared_task(acks_late=True, ignore_result=True)
def poll_accesses(**_: Any) -> None:
    """Ask Altinn about the open accesses that are due."""
    _work(poll_accesses, accesses.poll_due)


@shared_task(acks_late=True, ignore_result=True)
def withdraw_ended(**_: Any) -> None:
    """Take back open questions to customers whose relation ends."""
    _work(withdraw_ended, relation_ending.withdraw_due)


@shared_task(acks_late=True, ignore_result=True)
def check_accesses(**_: Any) -> None:
    """Check whether accesses with an old enough sign were removed."""
    _work(check_accesses, accesses.check_due)


@shared_task(acks_late=True, ignore_result=True)
def watch_systems(**_: Any) -> None:
    """Read from Altinn's lists which requests were forwarded in the company."""
    _work(watch_systems, accesses.watch_due)


@shared_task(acks_late=True, ignore_result=True)
def reconcile_systems(**_: Any) -> None:
    """Nightly: compare the accesses of each system with Altinn's list."""
    _work(reconcile_systems, accesses.reconcile_due)


@shared_task(acks_late=True, ignore_result=True)
def compare_systems(**_: Any) -> None:
    """Nightly: compare each system with its entry in Altinn's register."""
    _work(compare_systems, compare_due)


@shared_task(acks_late=True, ignore_result=True)
def take_over_system_users(**_: Any) -> None:
    """Make customers and accesses of the found system users that were chosen."""
    _work(take_over_system_users, adoption.take_over_due, full=adoption.BATCH)


@shared_task(acks_late=True, ignore_result=True)
def read_offered(**_: Any) -> None:
    """Nightly: read Altinn's lists of access packages and resources."""
    offered.read_due(environments=list(settings.ENVIRONMENTS), at=timezone.now())


@shared_task(acks_late=True, ignore_result=True)
def mark_accesses(**_: Any) -> None:
    """Mark the accesses that lack something of their profile, and those that no longer do."""
    _work(mark_accesses, changes.mark_due, full=1)


@shared_task(acks_late=True, ignore_result=True)
def send_changes(**_: Any) -> None:
    """Send the change requests that are due to Altinn."""
    _work(send_changes, changes.send_due)


@shared_task(acks_late=True, ignore_result=True)
def poll_changes(**_: Any) -> None:
    """Ask Altinn about the open change requests that are due."""
    _work(poll_changes, changes.poll_due)


@shared_task(acks_late=True, ignore_result=True)
def check_rights(**_: Any) -> None:
    """Ask Altinn what the system users may do whose rights are not known."""
    _work(check_rights, adoption.check_rights_due)


@shared_task(acks_late=True, ignore_result=True)
def refresh_clients(**_: Any) -> None:
    """Read the clients of the accountants that are due, and tie new customers to the clients that they are."""
    client_relations.tie_customers(at=timezone.now())
    _work(refresh_clients, client_relations.refresh_due)


@shared_task(acks_late=True, ignore_result=True)
def take_in_clients(**_: Any) -> None:
    """Make customers of the clients that were chosen."""
    _work(take_in_clients, client_relations.take_in_due, full=client_relations.BATCH)


@shared_task(acks_late=True, ignore_result=True)
def warn_of_keys(**_: Any) -> None:
    """Mail the administrators about keys that end soon."""
    ending.warn(at=timezone.now())


@shared_task(acks_late=True, ignore_result=True, expires=60)
def look_up_approvers(access: int = 0, **_: Any) -> None:
    """Ask the register for the names on the page of this access. They are cached for a while; nothing is stored."""
    row = Access.objects.select_related("customer").filter(pk=access).first()
    if row is not None:
        approvers(environment=row.environment, orgnr=row.customer.orgnr)


@shared_task(acks_late=True, ignore_result=True)
def send_invitations(**_: Any) -> None:
    """Put the mails to customers that are due into the outbox, and end plans that an answer has ended."""
    _work(send_invitations, invitations.work_due, full=invitations.BATCH)


@shared_task(ignore_result=True)
def settle_invitations(**_: Any) -> None:
    """Daily: find every plan of mails whose question is no longer open."""
    invitations.wake_ended(at=timezone.now(), everything=True)


@shared_task(acks_late=True, ignore_result=True)
def note_mails(**_: Any) -> None:
    """Take over from the outbox what became of the mails to customers."""
    _work(note_mails, invitations.note_results, full=invitations.NOTED)


@shared_task(acks_late=True, ignore_result=True)
def run_campaigns(**_: Any) -> None:
    """Work on the campaign that has waited longest: judge its rows, or ask its customers."""
    if campaigns.run(at=timezone.now()):
        enqueue.enqueue_on_commit(run_campaigns)
