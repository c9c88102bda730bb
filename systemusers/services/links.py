"""The customer's link: one unguessable URL per access. It shows the current state and leads to Altinn.

It needs no log-in and shows this one access only. A GET, for example by a mail scanner, changes nothing, and no page calls an
outside service: a worker is woken, and the page shows what is stored.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from urllib.parse import quote

from django.conf import settings
from django.core.cache import cache
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.enqueue import enqueue_by_name
from portal.core.heartbeat import is_working
from portal.core.lease import make_due
from portal.core.states import LostRace
from systemusers.models import Access, ChangeRequest, SystemRound, hash_of_link
from systemusers.services import changes
from systemusers.services.access.ask import NotPossible, renew_access
from systemusers.services.access.escalations import FEW
from systemusers.services.access.poll import OFTEN, watch

logger = logging.getLogger(__name__)
BY = "customer:link"
STALE = timedelta(hours=1)
PAUSE = 5
"""Seconds between two looks at Altinn's list of its requests for a system, and between two messages for one draft."""
Status = Access.Status
RENEWABLE = {Status.REJECTED, Status.EXPIRED, Status.REMOVED}
"""States from which the customer may renew; after WITHDRAWN only staff may."""


class UnknownLink(Exception):
    """No access has this token."""


class ClosedLink(Exception):
    """Staff closed the link."""


def find_link(token: str) -> Access:
    """The access behind a link. Raises UnknownLink, ClosedLink."""
    rows = Access.objects.select_related("customer", "profile__system__client", "profile__system__admin_client")
    row = rows.filter(link_hash=hash_of_link(token)).first()
    if row is None:
        raise UnknownLink
    if row.link_revoked_at is not None:
        raise ClosedLink
    return row


def link_url(access: Access) -> str:
    """The whole address, as it is sent to the customer."""
    return settings.PORTAL_URL + reverse("customer-link", kwargs={"token": access.link_token})


def note_opened(*, access: Access, at: datetime) -> None:
    """A person acted on the page: SENT -> OPENED. Idempotent."""
    if access.opened_at is None:
        Access.objects.filter(pk=access.pk, opened_at__isnull=True).update(opened_at=at)
    if access.status == Status.SENT:
        try:
            access.move_to(Status.OPENED, by=BY, at=at)
        except LostRace:
            access.refresh_from_db()


def note_seen_as_customer(*, access: Access, by: str, reason: str, at: datetime) -> None:
    """Somebody of the staff looks at the customer's page, and says why."""
    record(by=by, at=at, target=access, what=AuditType.SEEN_AS_CUSTOMER, grounds=reason)


def go_on(*, access: Access, at: datetime, by: str = BY) -> str:
    """The URL of Altinn's approval page; the access is renewed when the old request has ended.

    `by` is a user when staff play the customer; the link then does not count as opened.

    "" when there is nothing to approve, or when a worker must ask or tell Altinn first, which it is woken for.
    """
    if access.status in RENEWABLE:
        _renew(access, by, at)
    if by == BY and access.status in {Status.DRAFT, *Access.OPEN}:
        note_opened(access=access, at=at)
    if is_preparing(access, at=at):
        look_again(access=access, at=at)
        return ""
    if access.status not in Access.OPEN or not access.confirm_url:
        return ""
    record(by=by, at=at, target=access, what=AuditType.LED_TO_ALTINN)
    return access.confirm_url


def open_change(access: Access) -> ChangeRequest | None:
    """What the customer is asked to change in an access that is in use."""
    return access.changes.open().first() if access.status in Access.USABLE else None


def go_on_to_change(*, access: Access, at: datetime, by: str = BY) -> str:
    """The address of Altinn's page for the open change; "" when there is none."""
    change = open_change(access)
    if change is None or not change.confirm_url:
        return ""
    record(by=by, at=at, target=access, what=AuditType.LED_TO_ALTINN)
    return change.confirm_url


def _renew(access: Access, by: str, at: datetime) -> None:
    try:
        renew_access(access=access, by=by, at=at)
    except LostRace:
        pass
    except NotPossible:
        logger.warning("access %s could not be renewed by its link: the system is gone", access.pk)
    access.refresh_from_db()


def is_preparing(access: Access, *, at: datetime) -> bool:
    """Whether a worker has something to do before the person can be led to Altinn: send the request, or, for one that was not
    asked about for a while, see that it still stands.

    While Altinn does not answer, or no worker runs, the address that we have is the best there is.
    """
    if access.status == Status.DRAFT:
        return True
    is_old = access.status in Access.OPEN and at - (access.polled_at or access.sent_at or at) > STALE
    return is_old and not access.problem_code and is_working(at=at)


def look_again(*, access: Access, at: datetime) -> None:
    """Somebody waits for the answer: wake a worker that asks Altinn, unless one asked just before. Nothing outside is called."""
    if access.status == Status.DRAFT and access.next_attempt_at is not None:
        if cache.add(f"link-sending:{access.pk}", True, PAUSE):
            enqueue_by_name("systemusers.tasks.send_accesses")
        return
    if access.status in Access.USABLE and changes.watch(access=access, at=at, by_customer=True):
        enqueue_by_name("systemusers.tasks.poll_changes")
    if watch(access=access, at=at, often=OFTEN):
        enqueue_by_name("systemusers.tasks.poll_accesses")
    if access.status in {Status.SENT, Status.OPENED} and _may_list(access):
        rounds = SystemRound.objects.filter(system=access.profile.system, kind=SystemRound.Kind.ESCALATIONS)
        if make_due(rounds.filter(problem_code=""), at=at):
            enqueue_by_name("systemusers.tasks.watch_systems")


def _may_list(access: Access) -> bool:
    """Only Altinn's list tells that a request was forwarded. One look serves all customers for a while."""
    system = access.profile.system
    waiting = Access.objects.filter(profile__system=system, status__in={Status.SENT, Status.OPENED})
    return not waiting[FEW : FEW + 1].exists() and cache.add(f"altinn-listed:{system.pk}", True, PAUSE)


def forward_text(access: Access, *, vendor_name: str) -> tuple[str, str]:
    """Subject and body of a mail to an approver, in the active language."""
    names = {"vendor": vendor_name, "customer": access.customer.name, "url": link_url(access)}
    subject = _("Gi %(vendor)s systemtilgang for %(customer)s") % names
    body = _(
        "Hei!\n\n%(vendor)s ber om tilgang til å rapportere til Skatteetaten for %(customer)s. "
        "Det må godkjennes i Altinn av daglig leder, styreleder eller en tilgangsstyrer. Det tar omtrent ett minutt.\n\n"
        "Les mer og godkjenn her:\n%(url)s\n"
    )
    return subject, body % names


def mailto(subject: str, body: str, *, to: str = "") -> str:
    """A mailto URL with subject and body."""
    return f"mailto:{quote(to, safe='@')}?subject={quote(subject)}&body={quote(body)}"
