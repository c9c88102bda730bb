"""Replaces the key of a client step by step: make B, post A and B, wait, use B, take A away.

Each step looks first and may be repeated: a process that stops between two steps leaves a row from which the next one goes on.
https://docs.digdir.no/docs/idporten/oidc/oidc_func_clientreg
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import Proposal
from portal.core import lease
from portal.core.audit import record
from portal.core.audit_changes import changes
from portal.core.audit_events import AuditType
from portal.core.lease import Hold
from portal.core.states import IllegalTransition
from systemusers.models import KeyRotation, MaskinportenClient, SigningKey
from systemusers.services.keys import lifecycle, self_service
from systemusers.services.keys.self_service import PROPAGATION

Status, KeyStatus = KeyRotation.Status, SigningKey.Status


class AlreadyRotating(Exception):
    """A rotation of the client is open. `pk`: which."""

    def __init__(self, pk: int) -> None:
        super().__init__(f"rotation {pk} is open")
        self.pk = pk


class TooEarly(Exception):
    """Maskinporten may not have the new set yet. `wait`: for how long."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"wait {wait}")
        self.wait = wait

    @property
    def seconds(self) -> int:
        return max(1, round(self.wait.total_seconds()))


def start(*, client: MaskinportenClient, by: str, at: datetime) -> KeyRotation:
    """Begin with the newest key made here that waits to be used, or with a new one. Raises AlreadyRotating, TooManyKeys."""
    is_manual = not self_service.can_use(client.environment, scope=self_service.MODIFY)
    with transaction.atomic():
        lifecycle.lock_clients(client)
        for running in client.rotations.filter(status__in=KeyRotation.OPEN):
            raise AlreadyRotating(running.pk)
        waiting = client.keys.filter(status=KeyStatus.NEW, is_imported=False).order_by("-created_at", "-pk").first()
        new = waiting or lifecycle.make_key(client=client, by=by, at=at)
        rotation = KeyRotation.objects.create(
            client=client, old_key=client.keys.filter(status=KeyStatus.ACTIVE).first(), new_key=new,
            is_manual=is_manual, status_at=at, created_at=at,
        )  # fmt: skip
        record(by=by, at=at, target=rotation, what=AuditType.ROTATION_STARTED, kid=new.kid)
    return rotation


def post(*, rotation: KeyRotation, by: str, at: datetime) -> None:
    """Add the new key to those at Digdir, or note that a person has done so.

    Raises as `self_service.post_key`, LostRace, IllegalTransition; what Digdir did not do can be tried again.
    """
    with _held(rotation, {Status.STARTED}, at) as hold:
        new = hold.row.new_key
        if hold.row.is_manual:
            record(
                by=by, at=at, target=new, what=AuditType.KEY_POSTED_BY_HAND, environment=new.environment, kid=new.kid
            )
        else:
            self_service.post_key(key=new, by=by, at=at)
        hold.move_to(Status.POSTED, by=by, posted_at=hold.now())


def use(*, rotation: KeyRotation, by: str, at: datetime, approved: Proposal | None = None) -> None:
    """Try the new key and sign with it from now on; the old one loses its private half.

    Raises NeedsSecondPerson, TooEarly, KeyNotAccepted, Unavailable, BrokenReply, LostRace, IllegalTransition.
    """
    with _held(rotation, {Status.POSTED}, at) as hold:
        if hold.row.new_key.status != KeyStatus.ACTIVE:  # else the process stopped here before
            wait = time_left(hold.row, at=at)
            if wait > timedelta():
                raise TooEarly(wait)
            lifecycle.activate_key(key=hold.row.new_key, by=by, at=at, approved=approved)
        if hold.row.old_key is None:
            _end_without_old(hold, by)
        else:
            hold.move_to(Status.USED, by=by)


def _end_without_old(hold: Hold[KeyRotation], by: str) -> None:
    with transaction.atomic():
        hold.enter(Status.USED, by=by)
        hold.move_to(Status.DONE, by=by)


def use_approved(*, key: SigningKey, by: str, at: datetime, approved: Proposal) -> None:
    """Sign with the key as a second person approved: by its rotation, where one has come so far. Raises as `use`."""
    rotation = KeyRotation.objects.filter(new_key=key, status=Status.POSTED).first()
    if rotation is not None:
        use(rotation=rotation, by=by, at=at, approved=approved)
    else:
        lifecycle.activate_key(key=key, by=by, at=at, approved=approved)


def remove_old(*, rotation: KeyRotation, by: str, at: datetime) -> None:
    """Take the old key away at Digdir, and nothing else; or note that a person has done so. Raises as `self_service.remove_key`."""
    with _held(rotation, {Status.USED}, at) as hold:
        old, new = hold.row.old_key, hold.row.new_key
        if old is not None and hold.row.is_manual:
            what = AuditType.KEY_REMOVED_BY_HAND
            record(by=by, at=at, target=old, what=what, environment=old.environment, kid=old.kid)
        elif old is not None:
            self_service.remove_key(key=old, keeping=new, by=by, at=at)
        hold.move_to(Status.DONE, by=by)


def abandon(*, rotation: KeyRotation, by: str, at: datetime) -> None:
    """Stop before the new key is used. It stays, here and at Digdir. Raises LostRace, IllegalTransition."""
    with _held(rotation, {Status.STARTED, Status.POSTED}, at) as hold:
        if hold.row.new_key.status == KeyStatus.ACTIVE:
            raise IllegalTransition("the new key is in use already")
        hold.move_to(Status.ABANDONED, by=by)


def continue_by_hand(*, rotation: KeyRotation, by: str, at: datetime) -> None:
    """Do the rest at Digdir by hand: the API says no, or we lack its scope. Raises LostRace, IllegalTransition."""
    with _held(rotation, set(KeyRotation.OPEN), at) as hold, transaction.atomic():
        edits = changes(old={"is_manual": hold.row.is_manual}, new={"is_manual": True})
        record(by=by, at=at, target=hold.row, what=AuditType.EDITED, changes=edits)
        hold.write(is_manual=True)


def time_left(rotation: KeyRotation, *, at: datetime) -> timedelta:
    """How long Maskinporten may still need to know the new key; zero or less when it should know it."""
    return (rotation.posted_at or at) + PROPAGATION - at


@contextmanager
def _held(rotation: KeyRotation, states: set[str], at: datetime) -> Iterator[Hold[KeyRotation]]:
    """The rotation for this process alone. Raises LostRace when another one has it, IllegalTransition in another state."""
    rows = KeyRotation.objects.select_related("client", "new_key__client", "old_key__client")
    hold = lease.take(rows.filter(pk=rotation.pk), at=at)
    try:
        if hold.row.status not in states:
            raise IllegalTransition(f"rotation {rotation.pk} is {hold.row.status}")
        yield hold
    finally:
        if not hold.is_finished:
            hold.give_back()
